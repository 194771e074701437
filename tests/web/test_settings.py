"""Settings, warnings, sessions, and why a command waits, over the API."""

import base64
import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.core import access, audit, delivery, devices, issuance, posture, queue
from chalicelib.core.expiry import expiries
from chalicelib.core.ports import Create, Replace
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.model.people import Role
from chalicelib.model.records import Setting
from chalicelib.web.application import Application
from tests.devices.apple.forge import AppleDeviceCA
from tests.web.staging import ADMIN, PASSWORD, TIME, Plane

RULES = {"seen_within_days": 7, "os_minimum": {"ios": "18.1"}, "passcode_required": False, "encryption_required": True}
DAY = 86_400


def trail(plane: Plane) -> list[dict[str, Any]]:
    found = [entry.event for entry in audit.recent(plane.house, ADMIN, 100)]
    return [dict(one.details) for one in found if one.action == "settings.changed"]


def test_posture_rules_are_set_whole_and_leave_before_and_after(plane: Plane) -> None:
    before = plane.api("GET", "/settings/posture").json
    assert before == asdict(posture.Rules())
    assert plane.api("PUT", "/settings/posture", RULES).json == RULES
    assert plane.api("GET", "/settings/posture").json == RULES
    assert posture.rules_of(plane.house) == posture.Rules(**RULES)
    assert trail(plane) == [{"before": before, "after": RULES}]
    plane.api("PUT", "/settings/posture", RULES)
    assert len(trail(plane)) == 1, "nothing changed, nothing to tell"
    plane.api("PUT", "/settings/posture", {**RULES, "seen_within_days": 365})
    assert [entry["before"] for entry in trail(plane) if entry["after"]["seen_within_days"] == 365] == [RULES]


@pytest.mark.parametrize(
    "change",
    [
        {"seen_within_days": 0},
        {"seen_within_days": 366},
        {"seen_within_days": None},
        {"os_minimum": {"beos": "5"}},
        {"os_minimum": {"ios": ""}},
        {"os_minimum": {"ios": "18.x"}},
        {"os_minimum": {"ios": "1.2.3.4.5"}},
        {"os_minimum": {"ios": "١٨"}},
        {"surprise": True},
    ],
    ids=str,
)
def test_rules_out_of_bounds(plane: Plane, change: dict[str, Any]) -> None:
    assert plane.api("PUT", "/settings/posture", {**RULES, **change}).status == 422
    assert plane.house.store.find(Setting, "posture") is None


def test_blanks_around_a_version_are_nobody_s_intent(plane: Plane) -> None:
    rules = plane.api("PUT", "/settings/posture", {**RULES, "os_minimum": {"ios": " 18.1\n"}}).json
    assert rules["os_minimum"] == {"ios": "18.1"}


def test_rules_are_judged_by(plane: Plane) -> None:
    device = plane.enroll("1")
    plane.api("PUT", "/settings/posture", {**RULES, "os_minimum": {"ios": "18.2"}})
    seen = devices.view(plane.house, ADMIN, device.id)
    verdicts = posture.evaluate(seen, posture.rules_of(plane.house), plane.clock())
    assert verdicts["os-minimum"].met is False
    assert "passcode-set" not in verdicts


def test_anchors_are_set_shown_and_cleared(plane: Plane) -> None:
    assert plane.api("GET", "/settings/apple/ota-anchors").status == 404
    first, second = AppleDeviceCA().trusted_pem, AppleDeviceCA().trusted_pem
    one = plane.api("PUT", "/settings/apple/ota-anchors", {"pem": first}).json
    both = plane.api("PUT", "/settings/apple/ota-anchors", {"pem": first + "words between\n" + second}).json
    assert both["fingerprints"][: len(one["fingerprints"])] == one["fingerprints"]
    assert len(both["fingerprints"]) == 2 * len(one["fingerprints"])
    assert "words" not in both["pem"]
    assert plane.api("GET", "/settings/apple/ota-anchors", who="auditor").json == both
    assert plane.api("DELETE", "/settings/apple/ota-anchors").status == 204
    assert plane.api("GET", "/settings/apple/ota-anchors").status == 404
    assert {"before": both["fingerprints"], "after": []} in trail(plane)


def test_a_key_that_was_pasted_along_is_not_kept(plane: Plane) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    reply = plane.api("PUT", "/settings/apple/ota-anchors", {"pem": key.decode() + AppleDeviceCA().trusted_pem})
    assert reply.status == 200
    assert "PRIVATE" not in str(plane.house.store.get(Setting, "apple.ota_anchors").value)


BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("case", ["none", "words", "broken", "eleven", "one broken among good", "not ascii"])
def test_what_is_no_anchor(plane: Plane, case: str) -> None:
    good = AppleDeviceCA().trusted_pem
    single = good[: good.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
    pem = {
        "none": "",
        "words": "please",
        "broken": BROKEN,
        "eleven": single * 11,
        "one broken among good": good + BROKEN,
        "not ascii": BROKEN.replace("AAAA", "ÄÄÄÄ"),
    }[case]
    assert plane.api("PUT", "/settings/apple/ota-anchors", {"pem": pem}).status == 422
    assert plane.house.store.find(Setting, "apple.ota_anchors") is None
    assert plane.api("PUT", "/settings/apple/ota-anchors", {"pem": single * 10}).status == 200


@pytest.mark.parametrize(
    ("left", "level", "days"),
    [
        (60 * DAY + 1, None, 60),
        (60 * DAY, 60, 60),
        (30 * DAY + 1, 60, 30),
        (30 * DAY, 30, 30),
        (14 * DAY, 14, 14),
        (7 * DAY, 7, 7),
        (DAY, 1, 1),
        (1, 1, 0),
        (0, 0, 0),
        (-1, 0, -1),
    ],
)
def test_warnings_grow_more_urgent(plane: Plane, left: int, level: int | None, days: int) -> None:
    plane.house.store.commit(Create(Setting("apple.push", {"not_after": TIME + left})))
    found = plane.api("GET", "/warnings", who="helpdesk").json["items"]
    assert [(one["subject"], one["level"], one["days_left"]) for one in found] == (
        [("apple-push-certificate", level, days)] if level is not None else []
    )
    assert all(("ended on" in one["detail"]) is (left <= 0) for one in found)


def test_our_own_certificates_are_watched_too(plane: Plane) -> None:
    issuance.authority(plane.house)
    assert expiries(plane.house) == []
    plane.clock.now += 3650 * DAY - 10 * DAY
    assert {(one.subject, one.level) for one in expiries(plane.house)} == {("registration-authority", 14), ("ca", 14)}
    plane.clock.now += 10 * DAY
    assert {(one.subject, one.level) for one in expiries(plane.house)} == {("registration-authority", 0), ("ca", 0)}


def test_a_session_goes_on_with_its_refresh_token(plane: Plane) -> None:
    made = plane.api("POST", "/sessions", {"username": "auditor", "password": PASSWORD}, who=None).json
    plane.clock.now += 2 * 3600
    assert plane.api("GET", "/me", who=made["access_token"]).status == 401
    again = plane.api("POST", "/sessions/refresh", {"refresh_token": made["refresh_token"]}, who=None)
    assert (again.status, again.json["token_type"]) == (201, "Bearer")
    assert plane.api("GET", "/me", who=again.json["access_token"]).json["name"] == "auditor"
    refused = plane.api("POST", "/sessions/refresh", {"refresh_token": made["access_token"]}, who=None)
    assert refused.status == 401
    assert made["access_token"] not in refused.content.decode()


def test_a_token_dies_with_the_role_of_its_creator(plane: Plane) -> None:
    house = plane.house
    assert plane.api("GET", "/me", who="token").status == 200
    house.identities.change_user(ADMIN.name, role=Role.HELPDESK)
    plane.clock.now += access.ROLE_LIVES
    assert plane.api("GET", "/devices", who="token").status == 401
    house.identities.change_user(ADMIN.name, role=Role.ADMIN)
    plane.clock.now += access.ROLE_LIVES
    assert plane.api("GET", "/devices", who="token").status == 200


def test_why_a_command_waits(plane: Plane) -> None:
    device = plane.enroll("1")
    path, house = f"/devices/{device.id}/commands", plane.house
    made = plane.api("POST", path, {"action": "lock"}).json
    one = f"{path}/{made['id']}"

    def channel(**changes: Any) -> None:
        held = house.store.get(Enrollment, device.enrollment_id)
        house.store.commit(Replace(replace(held, **changes)))

    def reason() -> str:
        listed = plane.api("GET", path).json["items"][0]["waiting_for"]
        assert listed == plane.api("GET", one).json["waiting_for"]
        return str(listed)

    assert made["waiting_for"] == "the device is being woken"
    assert reason() == "the device has not checked in since 2027-01-15T08:00:00Z"
    channel(seen_at=TIME + 60)
    assert "earlier command" in reason()
    channel(push_failed_at=TIME + 120)
    assert reason().startswith("the push service does not reach the device since 2027-01-15T08:02:00Z")
    assert plane.api("GET", f"/devices/{device.id}").json["push"] == "unreachable since 2027-01-15T08:02:00Z"
    channel(push_failed_at=0)
    plane.clock.now += 180
    assert delivery.next_command(house, plane.poll(device), skip_deferred=False)
    assert reason() == "the device has not answered since it was sent at 2027-01-15T08:03:00Z"
    delivery.defer(house, plane.poll(device), made["id"])
    assert "NotNow" in reason()
    queue.clear_queue(house, house.store.get(Enrollment, device.enrollment_id), "It enrolled again.")
    assert "decide" in reason()
    assert plane.api("DELETE", one).json["waiting_for"] == reason() == ""


def test_a_command_of_a_channel_that_has_ended(plane: Plane) -> None:
    device = plane.enroll("1")
    plane.api("POST", f"/devices/{device.id}/commands", {"action": "lock"})
    assert plane.api("GET", "/devices").json["items"][0]["push"] == "ok"
    held = plane.house.store.get(Enrollment, device.enrollment_id)
    plane.house.store.commit(Replace(replace(held, status=EnrollmentStatus.DISABLED)))
    [command] = plane.api("GET", f"/devices/{device.id}/commands").json["items"]
    assert "not enrolled any more" in command["waiting_for"]
    assert plane.api("GET", f"/devices/{device.id}").json["push"] == "none"


def event(path: str, resource: str) -> dict[str, Any]:
    """As API Gateway words it: only the context's path begins with the stage."""
    context = {"resourcePath": resource, "httpMethod": "GET", "path": f"/main{path}", "identity": {}}
    return {
        "requestContext": context, "path": path, "headers": {}, "multiValueHeaders": {}, "pathParameters": None,
        "multiValueQueryStringParameters": None, "stageVariables": None, "body": None, "isBase64Encoded": False,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/api/v1/devices", "/api/v1/nothing"])
def test_a_problem_names_the_path_without_the_stage(plane: Plane, path: str) -> None:
    app = Application("muster", house=lambda: plane.house)
    reply = app(event(path, path), None)
    body = reply["body"]
    problem = json.loads(base64.b64decode(body) if reply.get("isBase64Encoded") else body)
    assert problem["instance"] == path
    assert problem["status"] == (401 if path.endswith("devices") else reply["statusCode"])
