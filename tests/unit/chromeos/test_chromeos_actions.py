"""Who can do what on ChromeOS and why not, and what each action puts on the wire."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.platforms.chromeos.actions import registry
from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.platform import ChromeOS
from chalicelib.platforms.chromeos.readings import KIOSK, USERS
from chalicelib.storage.memory.house import memory_house
from tests.google.documents import document

COMMAND = "501JCQ0000000000000000000A"
REQUEST = "DirectoryChromeosdevicesIssueCommandRequest"
BATCH = "BatchChangeChromeOsDeviceStatusRequest"
CONSENT = "Ada agreed on the phone"


@pytest.fixture
def house() -> House:
    return memory_house()


def device(version: str = "131.0.6778.96", *capabilities: str, **more: Any) -> Device:
    made = Device(
        id="01D", platform=Platform.CHROMEOS, identifiers={"serial": "S"}, ownership=Ownership.CORPORATE,
        status=DeviceStatus.ENROLLED, enrollment_id="01E", created_at=1, os_version=version, capabilities=capabilities,
    )  # fmt: skip
    return replace(made, **more)


def action(name: str) -> Action:
    found = registry.action(name)
    assert found is not None
    return found


def wire(house: House, name: str, **params: Any) -> dict[str, Any]:
    prepared = action(name).prepare(house, device(), params, COMMAND)
    body: dict[str, Any] = json.loads(prepared.payload.reveal())["body"]
    return body


@pytest.mark.parametrize(
    ("name", "params", "command", "payload"),
    [
        ("restart", {}, "REBOOT", None),
        ("restart", {"delay": 300}, "REBOOT", {"user_session_delay_seconds": 300}),
        ("erase", {}, "REMOTE_POWERWASH", None),
        ("wipe-users", {}, "WIPE_USERS", None),
        ("screenshot", {}, "TAKE_A_SCREENSHOT", None),
        ("collect-logs", {}, "CAPTURE_LOGS", None),
        ("set-volume", {"volume": 0}, "SET_VOLUME", {"volume": 0}),
        ("crd-availability", {}, "FETCH_CRD_AVAILABILITY_INFO", None),
        ("support-packet", {}, "FETCH_SUPPORT_PACKET", None),
        (
            "support-packet",
            {"case": "17", "description": "Slow", "collect": ["network-health", "system-information", "policies"]},
            "FETCH_SUPPORT_PACKET",
            {"supportPacketDetails": {"issueCaseId": "17", "issueDescription": "Slow",
                                      "requestedDataCollectors": [1, 15, 23]}},
        ),
        ("remote-session", {"consent": CONSENT}, "DEVICE_START_CRD_SESSION",
         {"ackedUserPresence": False, "crdSessionType": "shared"}),
    ],
)  # fmt: skip
def test_what_goes_to_google(
    house: House, name: str, params: Mapping[str, Any], command: str, payload: dict[str, Any] | None
) -> None:
    body = wire(house, name, **params)
    document("admin.directory_v1").check(REQUEST, body)
    assert body["commandType"] == command
    assert json.loads(body["payload"]) == payload if payload else "payload" not in body


def test_every_reason_to_deprovision_is_one_of_googles(house: House) -> None:
    from chalicelib.platforms.chromeos.actions.deprovision import REASONS

    said = document("admin.directory_v1").schemas[BATCH]["properties"]["deprovisionReason"]
    deprecated = {reason for reason, old in zip(said["enum"], said["enumDeprecated"], strict=True) if old}
    assert set(REASONS.values()) <= set(said["enum"]) - deprecated
    for reason in REASONS:
        body = wire(house, "deprovision", reason=reason)
        assert body["reason"] == REASONS[reason]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("restart", {"delay": 301}), ("restart", {"delay": -1}), ("restart", {"delay": "5"}),
        ("restart", {"delay": True}),
        ("set-volume", {}), ("set-volume", {"volume": 101}), ("set-volume", {"volume": 1.5}),
        ("remote-session", {}), ("remote-session", {"consent": "ok"}), ("remote-session", {"consent": "a\nb but long"}),
        ("remote-session", {"consent": CONSENT, "session": "hidden"}),
        ("remote-session", {"consent": CONSENT, "session": "private", "user_present": True}),
        ("remote-session", {"consent": CONSENT, "session": "private"}),  # the device runs 131
        ("support-packet", {"collect": ["passwords"]}), ("support-packet", {"description": "x" * 501}),
        ("deprovision", {}), ("deprovision", {"reason": "DEPROVISION_REASON_OTHER"}),
        ("move-org-unit", {}), ("move-org-unit", {"org_unit": "Sales"}), ("move-org-unit", {"org_unit": "/Sales/"}),
        ("move-org-unit", {"org_unit": "/Sales//Berlin"}),
        ("annotate", {}), ("annotate", {"user": "x" * 101}), ("annotate", {"location": "x" * 201}),
        ("annotate", {"notes": "x" * 501}), ("annotate", {"notes": "a\x00b"}), ("annotate", {"serial": "1"}),
    ],
)  # fmt: skip
def test_what_is_refused(house: House, name: str, params: Mapping[str, Any]) -> None:
    with pytest.raises(Unprocessable):
        action(name).prepare(house, device(), params, COMMAND)


def test_a_private_session_since_132(house: House) -> None:
    params = {"consent": CONSENT, "session": "private"}
    action("remote-session").prepare(house, device("132.0.6834.0"), params, COMMAND)


@pytest.mark.parametrize(
    ("name", "version", "capabilities", "possible"),
    [
        ("restart", "112.0.1.2", (), False), ("restart", "113.0.1.2", (), True), ("restart", "", (), True),
        ("restart", "90.0.1.2", (KIOSK,), True),
        ("remote-session", "95.0", (), False), ("remote-session", "96.0", (), True),
        ("remote-session", "78.0", (KIOSK,), True), ("remote-session", "77.0", (KIOSK,), False),
        ("screenshot", "131.0", (USERS,), False), ("screenshot", "131.0", (KIOSK,), True),
        ("screenshot", "131.0", (), True), ("collect-logs", "131.0", (USERS,), False),
        ("set-volume", "131.0", (USERS,), False), ("erase", "50.0", (USERS,), True),
        ("support-packet", "131.0", (USERS,), True),
    ],
)  # fmt: skip
def test_versions_and_sessions(name: str, version: str, capabilities: tuple[str, ...], possible: bool) -> None:
    assert (action(name).refusal(device(version, *capabilities)) == "") is possible


def test_the_impossible_says_what_to_do_instead(house: House) -> None:
    assert "disable" in action("lock").refusal(device())
    assert action("locate").refusal(device())
    for name in ("lock", "locate"):
        with pytest.raises(Unprocessable):
            action(name).prepare(house, device(), {}, COMMAND)
    assert {name for name, said in registry.support().items() if said == {"chromeos": "no"}} == {"lock", "locate"}


def test_what_is_personal_is_left_alone() -> None:
    personal = device(ownership=Ownership.PERSONAL)
    left_alone = {name for name in registry.names() if action(name).refusal(personal)} - {"lock", "locate"}
    assert left_alone == {
        "erase", "wipe-users", "deprovision", "screenshot", "collect-logs", "support-packet", "remote-session",
        "crd-availability",
    }  # fmt: skip


@pytest.mark.parametrize("name", registry.names())
def test_what_destroys_happens_once_and_is_parked(name: str) -> None:
    found = action(name)
    assert found.name == name
    assert not found.destructive or (found.once and found.parks)
    assert found.destructive is (name in ("erase", "wipe-users", "deprovision"))


def test_leaving_is_deprovisioning(house: House) -> None:
    request, payload = ChromeOS().removal(house, device(), COMMAND) or ("", b"")
    assert request == "Deprovision"
    assert json.loads(payload) == {
        "id": COMMAND, "kind": "status",
        "body": {"change": "CHANGE_CHROME_OS_DEVICE_STATUS_ACTION_DEPROVISION",
                 "reason": "DEPROVISION_REASON_RETIRING_DEVICE"},
    }  # fmt: skip
