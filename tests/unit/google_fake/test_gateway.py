"""What any service gets from the gateway: its own answers judged, its faults told, its errors in its own shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.google.errors import Refusal
from tests.google.gateway import Gateway
from tests.google.phones import models, report
from tests.google.service import Call, Service
from tests.google.world import World

PATH = "/x.googleapis.com/v1/enterprises/e"
SCOPE = "https://www.googleapis.com/auth/androidmanagement"


def asked(handler: Any, *, subject: str = "", **service: bool) -> tuple[int, Any, World]:
    world = World()
    world.tokens["t"] = {"email": "e", "client": "c", "project": "p", "subject": subject, "scopes": [SCOPE],
                         "ends": world.clock.now() + 60}  # fmt: skip
    known = Service(
        "x.googleapis.com", "androidmanagement.v1", {"androidmanagement.enterprises.get": handler}, **service
    )
    answer = Gateway(world, (known,)).answer("GET", PATH, {"authorization": "Bearer t"}, b"")
    return answer.status, json.loads(answer.body), world


def test_a_handler_sees_who_asks_for_what() -> None:
    calls: list[Call] = []
    status, said, world = asked(
        lambda _, call: calls.append(call) or {"name": "enterprises/e"}, subject="a@example.com"
    )
    assert (status, said, world.broken) == (200, {"name": "enterprises/e"}, [])
    assert (calls[0].args, calls[0].caller.subject) == ({"name": "enterprises/e"}, "a@example.com")


@pytest.mark.parametrize(
    "answer", [{"nmae": "x"}, {"name": 3}, {"enabledNotificationTypes": ["ALL"]}], ids=["name", "type", "enum"]
)
def test_an_answer_that_does_not_fit_is_a_fault_of_the_fake(answer: dict[str, Any]) -> None:
    status, _, world = asked(lambda *_: answer)
    assert (status, len(world.broken)) == (500, 1)


def test_a_handler_that_breaks_is_told() -> None:
    status, said, world = asked(lambda *_: {}["absent"])
    assert (status, said["error"]["status"]) == (500, "INTERNAL")
    assert "KeyError" in world.broken[0]


def refusing(*_: Any) -> Any:
    raise Refusal(403, "PERMISSION_DENIED", "Too fast", reason="userRateLimitExceeded")


def test_errors_have_the_shape_of_their_service() -> None:
    assert asked(refusing)[1]["error"]["status"] == "PERMISSION_DENIED"
    legacy = asked(refusing, legacy=True)[1]["error"]
    assert legacy == {
        "code": 403, "message": "Too fast",
        "errors": [{"message": "Too fast", "domain": "global", "reason": "userRateLimitExceeded"}],
    }  # fmt: skip


def test_some_services_are_for_people() -> None:
    assert asked(lambda *_: {}, delegated=True)[0] == 403
    assert asked(lambda *_: {}, delegated=True, subject="a@example.com")[0] == 200


def test_report_times_grow_while_the_clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr(world.clock, "now", lambda: 1_700_000_000.0)
    phone, device = models.made(world, "phone"), {"name": "enterprises/e/devices/d", "policyName": "none"}
    phone["owner"] = "COMPANY_OWNED"
    times = []
    for _ in range(3):
        report.applied(world, phone, device)
        times.append(device["lastStatusReportTime"])
    assert times == [f"2023-11-14T22:13:20.00{digit}Z" for digit in range(3)]


def test_a_state_is_told_without_keys_and_forged_tokens_are_unsigned() -> None:
    world = World()
    assert world.keys.sign({}, algorithm="none").endswith(".")
    assert not world.keys.sign({}).endswith(".")
    assert "keys" not in world.shown()


def test_imeis_have_their_check_digit() -> None:
    imei = models.made(World(), "phone")["imei"]
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(imei)]
    assert len(imei) == 15
    assert sum(value // 10 + value % 10 for value in doubled) % 10 == 0
