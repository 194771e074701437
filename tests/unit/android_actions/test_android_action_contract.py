"""What every platform promises the core, asked of these actions alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.core.house import House
from chalicelib.core.ports import ActionSpec, PushRefused
from chalicelib.model.device import Device, Platform
from chalicelib.model.enrollment import Enrollment
from chalicelib.platforms.android.actions import registry, wire
from chalicelib.platforms.android.actions.leaving import leaving
from tests.contract.platforms import test_platforms as contract


@dataclass(frozen=True, slots=True)
class Actions:
    """Nothing but the actions."""

    name: str = "android"
    systems: frozenset[str] = frozenset({Platform.ANDROID})

    def action(self, name: str) -> ActionSpec | None:
        return registry.action(name)

    def actions(self) -> Sequence[str]:
        return registry.names()

    def removal(self, house: Any, device: Device, command_id: str) -> tuple[str, bytes] | None:
        asked = leaving(device)
        return None if asked is None else (asked["command"]["type"], wire.written(command_id, asked))

    def wake(self, house: Any, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
        return {}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "PLATFORMS", {"android": Actions()})


def test_the_platform_is_what_the_core_understands(house: House) -> None:
    contract.test_every_system_has_one_platform()
    contract.test_a_platform_is_called_what_the_registry_calls_it("android")
    contract.test_leaving_is_a_command(house, "android")


@pytest.mark.parametrize("name", registry.names())
def test_an_action_is_what_the_core_understands(house: House, name: str) -> None:
    contract.test_an_action_is_data_that_the_core_understands("android", name)
    contract.test_a_refusal_is_a_sentence_and_somebody_can_do_it("android", name)
    contract.test_a_personal_device_is_never_wiped("android", name)
    contract.test_an_unknown_parameter_is_refused(house, "android", name)
