"""What runs by the clock is what its function understands."""

import json
from typing import Any

import pytest

from chalicelib.core import issuance
from chalicelib.gateway import signer
from tests.bench.imports import FUNCTIONS
from tests.unit.infra.test_templates import Template, functions


def schedules(core: Template) -> dict[str, dict[str, Any]]:
    events = {name: each.get("Events", {}).values() for name, each in functions(core).items()}
    return {
        name: event["Properties"] for name, found in events.items() for event in found if event["Type"] == "Schedule"
    }


def test_three_functions_run_by_the_clock(core: Template) -> None:
    assert {name: each["Schedule"] for name, each in schedules(core).items()} == {
        "Nightly": "cron(15 1 * * ? *)",
        "Rewake": "rate(4 hours)",
        "Signer": "rate(1 hour)",
    }


def test_the_signer_publishes_the_revocation_list_when_its_schedule_says_so(
    core: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, published = object(), list[object]()
    monkeypatch.setattr(signer, "_house", lambda: house)
    monkeypatch.setattr(issuance, "publish_crl", lambda it: published.append(it) or b"list")
    assert signer.handle(json.loads(schedules(core)["Signer"]["Input"]), None) == {"bytes": 4}
    assert published == [house]


def test_a_list_that_is_asked_for_is_no_older_than_the_published_one() -> None:
    assert issuance.CRL_AGE == 3600


def test_the_cold_start_of_every_function_is_measured(core: Template) -> None:
    names = {each["FunctionName"]["Fn::Sub"].removeprefix("muster-${Stage}-") for each in functions(core).values()}
    assert {measured.split(",")[0] for measured in FUNCTIONS} == names
