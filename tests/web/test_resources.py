"""Each resource of the API does what its line in the table says."""

import hashlib
import json

import pytest

from chalicelib.core import audit, delivery, escrow, reports
from chalicelib.core.delivery import Outcome
from chalicelib.model.command import CommandState
from chalicelib.model.device import Platform
from chalicelib.model.secret import Secret
from tests.web.staging import PASSWORD, TIME, Plane


def test_sign_in_and_who_am_i(plane: Plane) -> None:
    made = plane.call("POST", "/api/v1/sessions", {"username": "auditor", "password": PASSWORD}, who=None)
    assert made.status == 201
    me = plane.api("GET", "/me", who=made.json["access_token"]).json
    assert (me["name"], me["role"], me["person"]) == ("auditor", "auditor", True)
    assert "device.read" in me["permissions"]
    assert "command.request" not in me["permissions"]
    assert "device.retire" not in plane.api("GET", "/me", who="token").json["permissions"]


def test_a_wrong_password(plane: Plane) -> None:
    assert plane.call("POST", "/api/v1/sessions", {"username": "admin", "password": "no"}, who=None).status == 401


def test_an_invitation_from_creation_to_withdrawal(plane: Plane) -> None:
    made = plane.api(
        "POST", "/invitations", {"max_uses": 3, "expires_in": 3600, "groups": ["sales"], "ownership": "personal"}
    )
    assert made.status == 201
    view = made.json
    assert view["link"].startswith("https://console.example.test/enroll/")
    assert view["expires_at"] == "2027-01-15T09:00:00Z"
    assert view["qr_svg"].startswith("<svg")
    code = view["link"].rsplit("/", 1)[1]
    assert view["id"] == hashlib.sha256(code.encode()).hexdigest()[:32]
    assert made.headers["location"] == f"/api/v1/invitations/{view['id']}"
    shown = plane.api("GET", f"/invitations/{view['id']}")
    assert shown.json["state"] == "open"
    assert code not in shown.content.decode()
    assert plane.api("DELETE", f"/invitations/{view['id']}").json["state"] == "revoked"
    assert plane.api("GET", "/invitations").json["items"][0]["state"] == "revoked"


def test_an_invitation_expires(plane: Plane) -> None:
    view = plane.api("POST", "/invitations", {"expires_in": 300}).json
    plane.clock.now += 300
    assert plane.api("GET", f"/invitations/{view['id']}").json["state"] == "expired"


def test_devices_are_listed_page_by_page(plane: Plane) -> None:
    wanted = {plane.enroll(str(number)).id for number in range(5)}
    seen, path = [], "/devices?limit=2"
    for _ in range(4):
        page = plane.api("GET", path).json
        seen += [device["id"] for device in page["items"]]
        if page["next"] is None:
            break
        path = f"/devices?limit=2&cursor={page['next']}"
    assert len(seen) == 5
    assert set(seen) == wanted


def test_filters_fill_their_pages(plane: Plane) -> None:
    for number in range(12):
        plane.enroll(str(number), name=f"Phone {number}", platform=Platform.IOS if number % 3 else Platform.MACOS)
    page = plane.api("GET", "/devices?platform=macos&limit=3").json
    assert [device["platform"] for device in page["items"]] == ["macos"] * 3
    rest = plane.api("GET", f"/devices?platform=macos&limit=3&cursor={page['next']}").json["items"]
    assert len({device["id"] for device in page["items"] + rest}) == 4
    assert len(plane.api("GET", "/devices?q=phone%201").json["items"]) == 3  # 1, 10, 11
    assert plane.api("GET", "/devices?status=retired").json == {"items": [], "next": None}
    assert plane.api("GET", "/devices?status=gone").status == 422


def test_a_filtered_page_is_never_longer_than_asked(plane: Plane) -> None:
    for number in range(4):
        plane.clock.now += 1  # so that they are listed in this order
        plane.enroll(str(number), platform=Platform.IOS if number == 0 else Platform.MACOS)
    first = plane.api("GET", "/devices?platform=macos&limit=2").json
    rest = plane.api("GET", f"/devices?platform=macos&limit=2&cursor={first['next']}").json
    assert [device["serial"] for device in first["items"]] == ["SERIAL-1", "SERIAL-2"]
    assert [device["serial"] for device in rest["items"]] == ["SERIAL-3"]


@pytest.mark.parametrize("text", ["SERIAL-2", "serial-2", "UDID-2", "Büro Ännchen", "büro ännchen"])
def test_a_device_is_found_by_its_identifiers(plane: Plane, text: str) -> None:
    from urllib.parse import quote

    plane.enroll("1", name="Other")
    device = plane.enroll("2", name="Büro Ännchen")
    for identifier in (text, device.id):
        found = plane.api("GET", f"/devices?identifier={quote(identifier)}").json["items"]
        assert [one["id"] for one in found] == [device.id]


def test_changing_a_device_with_its_etag(plane: Plane) -> None:
    device = plane.enroll("1")
    etag = plane.api("GET", f"/devices/{device.id}").headers["etag"]
    changed = plane.api(
        "PATCH", f"/devices/{device.id}", {"owner": "mara@example.com", "groups": ["a", "a"]}, if_match=etag
    )
    assert changed.status == 200
    assert (changed.json["owner"], changed.json["groups"]) == ("mara@example.com", ["a"])
    assert changed.headers["etag"] == plane.api("GET", f"/devices/{device.id}").headers["etag"] != etag
    late = plane.api("PATCH", f"/devices/{device.id}", {"owner": "eve"}, if_match=etag)
    assert (late.status, late.json["title"]) == (412, "Changed meanwhile")
    assert plane.api("GET", f"/devices/{device.id}").json["owner"] == "mara@example.com"
    assert plane.api("PATCH", f"/devices/{device.id}", {"owner": ""}).json["owner"] == ""
    assert plane.api("PATCH", f"/devices/{device.id}", {}).status == 422


def test_retire_then_delete(plane: Plane) -> None:
    device = plane.enroll("1")
    assert plane.api("DELETE", f"/devices/{device.id}").status == 409
    retired = plane.api("POST", f"/devices/{device.id}/retire", {"reason": "returned", "now": True})
    assert (retired.status, retired.json["status"]) == (202, "retired")
    gone = plane.api("DELETE", f"/devices/{device.id}?reason=sold")
    assert (gone.status, gone.content) == (204, b"")
    assert plane.api("GET", f"/devices/{device.id}").status == 404


def test_actions_say_why_not(plane: Plane) -> None:
    device = plane.enroll("1", platform=Platform.IOS)
    actions = {one["name"]: one for one in plane.api("GET", f"/devices/{device.id}/actions").json["items"]}
    assert actions["lock"]["refusal"] == ""
    assert "Mac" in actions["remote-desktop-on"]["refusal"]
    assert actions["erase"]["destructive"] is True


def test_a_command_from_request_to_result(plane: Plane) -> None:
    device = plane.enroll("1")
    path = f"/devices/{device.id}/commands"
    made = plane.api("POST", path, {"action": "lock", "params": {"message": "Lost"}, "reason": "left in a taxi"})
    assert made.status == 202
    command = made.json
    assert (command["state"], command["request_type"], command["params"]) == (
        "queued",
        "DeviceLock",
        {"message": "Lost"},
    )
    assert command["sent_at"] is None
    assert "payload" not in command
    assert made.headers["location"] == f"/api/v1{path}/{command['id']}"
    poll = plane.poll(device)
    assert delivery.next_command(plane.house, poll, skip_deferred=False)
    delivery.finish(plane.house, plane.poll(device), command["id"], Outcome(CommandState.ACKNOWLEDGED))
    ended = plane.api("GET", f"{path}/{command['id']}").json
    assert (ended["state"], ended["finished_at"]) == ("acknowledged", "2027-01-15T08:00:00Z")
    assert plane.api("GET", path).json["items"][0]["id"] == command["id"]
    assert plane.api("DELETE", f"{path}/{command['id']}").status == 409


def test_cancelling_before_it_is_sent(plane: Plane) -> None:
    device = plane.enroll("1")
    command = plane.api("POST", f"/devices/{device.id}/commands", {"action": "lock"}).json
    cancelled = plane.api("DELETE", f"/devices/{device.id}/commands/{command['id']}")
    assert cancelled.json["state"] == "cancelled"
    assert delivery.next_command(plane.house, plane.poll(device), skip_deferred=False) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "dance"}, 422),
        ({"action": "lock", "params": {"pin": 1}}, 422),
        ({"action": "remote-desktop-on"}, 422),
        ({}, 422),
    ],
)
def test_commands_that_are_refused(plane: Plane, body: dict, status: int) -> None:
    device = plane.enroll("1")
    assert plane.api("POST", f"/devices/{device.id}/commands", body).status == status
    assert plane.api("GET", f"/devices/{device.id}/commands").json["items"] == []


@pytest.mark.parametrize("who", ["token", "helpdesk"])
def test_only_an_administrator_in_person_erases(plane: Plane, who: str) -> None:
    device = plane.enroll("1")
    assert plane.api("POST", f"/devices/{device.id}/commands", {"action": "erase"}, who=who).status == 403
    assert plane.api("POST", f"/devices/{device.id}/commands", {"action": "erase"}).status == 202


def test_a_report_from_request_to_file(plane: Plane) -> None:
    plane.enroll("1", name="=cmd|' /C calc'!A0")
    made = plane.api("POST", "/reports", {"kind": "inventory"}, who="auditor")
    assert made.status == 202
    report_id = made.json["id"]
    assert plane.api("GET", f"/reports/{report_id}/download").status == 409
    reports.build(plane.house, report_id)
    assert plane.api("GET", f"/reports/{report_id}").json["rows"] == 1
    link = plane.api("GET", f"/reports/{report_id}/download?format=csv")
    assert link.status == 302
    assert link.headers["location"] == link.json["url"]
    assert link.json["expires_at"] == "2027-01-15T08:05:00Z"
    body = plane.house.blobs.get(f"reports/inventory/{report_id}.csv")
    assert link.json["sha256"] == hashlib.sha256(body).hexdigest()
    assert plane.api("GET", f"/reports/{report_id}/download?format=exe").status == 422
    assert plane.api("POST", "/reports", {"kind": "gossip"}).status == 400


def test_the_exported_trail_verifies_and_tells_a_changed_byte(plane: Plane) -> None:
    plane.api("POST", "/invitations", {"note": "a"})
    plane.enroll("1")
    reply = plane.api("GET", "/audit/export", who="auditor")
    assert reply.headers["content-type"] == "application/jsonl"
    lines = reply.content.decode().splitlines()
    assert audit.verify(lines).entries == len(lines) - 1
    changed = [lines[0].replace("user:", "usar:").replace("device:", "devize:").replace("system", "sistem"), *lines[1:]]
    assert changed != lines
    with pytest.raises(audit.Broken, match=rf"{json.loads(lines[0])['sequence']}"):
        audit.verify(changed)


def test_a_large_trail_is_fetched_by_a_link(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.web.api import audit as resource

    plane.enroll("1")
    monkeypatch.setattr(resource, "INLINE_MAX", 100)
    reply = plane.api("GET", "/audit/export")
    assert reply.status == 302
    [(key, (body, _))] = [item for item in plane.house.blobs.files.items() if item[0].startswith("audit-exports/")]
    assert key in reply.headers["location"]
    assert audit.verify(body.decode().splitlines()).entries > 0


def test_audit_entries_newest_first_or_by_chain(plane: Plane) -> None:
    plane.enroll("1")
    found = plane.api("GET", "/audit").json["items"]
    assert {"device.enrolled", "invitation.created"} <= {entry["action"] for entry in found}
    shard = found[0]["shard"]
    chain = plane.api("GET", f"/audit?shard={shard}&limit=1").json
    assert chain["items"][0]["sequence"] == 1
    assert plane.api("GET", "/audit?shard=16").status == 422


def test_escrow_is_listed_without_and_revealed_with_a_reason(plane: Plane) -> None:
    device = plane.enroll("1")
    escrow.put(plane.house, device.id, "lock_pin", Secret(b"490218"))
    escrow.put(plane.house, device.id, "unlock_token", Secret(b"\x00\xff\x01"))
    listing = plane.api("GET", f"/devices/{device.id}/escrow", who="helpdesk")
    assert {held["kind"] for held in listing.json["items"]} == {"lock_pin", "unlock_token"}
    assert b"490218" not in listing.content
    path = f"/devices/{device.id}/escrow/lock_pin/reveal"
    assert plane.api("POST", path, {"reason": "short"}).status == 422
    assert plane.api("POST", path, {}).status == 422
    shown = plane.api("POST", path, {"reason": "user locked out"}, who="helpdesk").json
    assert (shown["value"], shown["encoding"]) == ("490218", "text")
    token = plane.api("POST", f"/devices/{device.id}/escrow/unlock_token/reveal", {"reason": "user locked out"}).json
    assert (token["value"], token["encoding"]) == ("AP8B", "base64")
    assert plane.api("POST", f"/devices/{device.id}/escrow/push_key/reveal", {"reason": "curious enough"}).status == 404
    actions = [entry["action"] for entry in plane.api("GET", "/audit").json["items"]]
    assert actions.count("escrow.revealed") == 2


def test_tokens_live_and_die(plane: Plane) -> None:
    made = plane.api("POST", "/tokens", {"name": "ci", "role": "auditor", "days": 1})
    assert made.status == 201
    secret = made.json["token"]
    assert plane.api("GET", "/devices", who=secret).status == 200
    assert plane.api("POST", "/invitations", {}, who=secret).status == 403
    assert secret.encode() not in plane.api("GET", "/tokens").content
    assert plane.api("DELETE", f"/tokens/{made.json['id']}").status == 204
    assert plane.api("GET", "/devices", who=secret).status == 401
    assert plane.api("DELETE", "/tokens/unknown").status == 404


def test_findings(plane: Plane) -> None:
    from chalicelib.core.ports import Create
    from chalicelib.model.finding import Finding

    device = plane.enroll("1")
    plane.house.store.commit(Create(Finding(device.id, "passcode-set", "set", "not set", since=TIME)))
    found = plane.api("GET", "/findings").json["items"]
    assert [(one["control"], one["since"], one["resolved_at"]) for one in found] == [
        ("passcode-set", "2027-01-15T08:00:00Z", None)
    ]
    assert plane.api("GET", f"/findings?device={device.id}").json["items"] == found
    assert plane.api("GET", "/findings?device=unknown").status == 404


def test_the_push_certificate(plane: Plane) -> None:
    assert plane.api("GET", "/settings/push-certificate").status == 404
    made = plane.api("POST", "/settings/push-certificate/request", {}).json
    assert made["request"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
    refused = plane.api("PUT", "/settings/push-certificate", {"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n"})
    assert refused.status == 422
    assert b"AAAA" not in refused.content


def test_the_server_at_apple(plane: Plane) -> None:
    assert plane.api("GET", "/settings/apple/ade").status == 404
    made, newer = (plane.api("POST", "/settings/apple/ade/key", {}).json for _ in range(2))
    assert set(made) == {"certificate", "key"}
    assert "PRIVATE KEY" not in made["certificate"]
    server = "677CAB70-fe18-11e2-b778-0800200C9a66"
    linked = plane.api("PUT", "/settings/apple/ade", {"server_uuid": server}).json
    assert linked == {"server_uuid": server, "key": newer["key"], "linked_at": "2027-01-15T08:00:00Z"}
    named = plane.api("PUT", "/settings/apple/ade", {"server_uuid": server, "certificate": made["certificate"]}).json
    assert named["key"] == made["key"]
    assert plane.api("GET", "/settings/apple/ade", who="auditor").json == named
    assert plane.api("PUT", "/settings/apple/ade", {"server_uuid": "server"}).status == 422


def test_health_reads_nothing(plane: Plane) -> None:
    plane.house.store.meter.reset()
    for path in ("/healthz", "/api/v1/health", "/api/v1/version"):
        assert plane.call("GET", path, who=None).status == 200
    assert plane.house.store.meter.total("").calls == 0
