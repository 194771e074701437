"""The checklists of CONTRIBUTING.md, followed: what they say is enough is enough."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import pytest

from chalicelib.core import commands, report_kinds, reports
from chalicelib.core.house import House
from chalicelib.core.report_kinds.kind import Kind, Row
from chalicelib.model.device import Device, Platform
from chalicelib.platforms.apple.actions import registry, wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.parameters import Parameters
from chalicelib.platforms.apple.actions.systems import IOS, Since
from chalicelib.platforms.registry import PLATFORMS
from chalicelib.storage.memory.house import memory_house
from chalicelib.web.openapi import document
from tests.unit.core.conftest import ADMIN, AUDITOR, PlainPlatform, enroll


class Greeting(Parameters):
    text: str


def greet(house: House, device: Device, params: Greeting, command_id: str) -> Any:
    return wire.prepared(wire.payload(command_id, "Settings", Text=params.text), {"text": params.text})


def test_add_an_action(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("greet")
    module.ACTION = Action("greet", "Settings", "Says hello.", {IOS: Since("4.0")}, greet, params=Greeting)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, f"{registry.__package__}.greet", module)
    monkeypatch.setattr(registry, "ACTIONS", {**registry.ACTIONS, "greet": "greet"})
    house = memory_house(platforms=PLATFORMS)
    device = enroll(house)
    asked = commands.request(house, ADMIN, device.id, "greet", {"text": "hello"})
    assert (asked.state, dict(asked.params)) == ("queued", {"text": "hello"})
    assert registry.support()["greet"]["ios"] == "yes"
    assert '"greet"' in json.dumps(document(house))


class Toaster(PlainPlatform):
    """A platform is whatever fulfils the port."""


def test_add_a_platform() -> None:
    house = memory_house(platforms={**PLATFORMS, "toaster": Toaster("toaster", frozenset({"windows"}))})
    device = enroll(house)
    house.store.commit()
    windows = commands.platform_of(house, _as(device, Platform.WINDOWS))
    assert windows.name == "toaster"
    assert commands.platform_of(house, device).name == "apple"
    assert '"ping"' in json.dumps(document(house))


def _as(device: Device, platform: Platform) -> Device:
    from dataclasses import replace

    return replace(device, platform=platform)


def rows(house: House) -> Iterator[Row]:
    yield {"word": "=hello"}


def test_add_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: Mapping[str, Kind] = {**report_kinds.REPORTS, "words": Kind("Words", ("word",), rows)}
    monkeypatch.setattr(reports, "REPORTS", kinds)
    house = memory_house(platforms={})
    built = reports.build(house, reports.request(house, AUDITOR, "words").id)
    files: Sequence[str] = sorted(built.files)
    assert files == ["csv", "jsonl"]
    assert house.blobs.files[built.files["csv"]][0] == b"word\r\n'=hello\r\n"
