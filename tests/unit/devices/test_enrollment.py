"""Into management: messages as the schema and the captures have them."""

from __future__ import annotations

import json
import plistlib
from pathlib import Path
from typing import Any

import pytest

from tests.devices.apple import AppleDevice, Reply, forge, schema
from tests.devices.apple.complaints import Complaint, MessageRefused, ProfileRefused, ServerRefused
from tests.unit.devices.conftest import Make
from tests.unit.devices.stub import TOPIC, Stub

CAPTURES = schema.ROOT.parents[1] / "captures" / "apple"
needs_schema = pytest.mark.skipif(not schema.available(), reason="needs Apple's schema in ../shared")


def enrolled(stub: Stub, kind: str, **options: Any) -> AppleDevice:
    device = AppleDevice(kind, transport=stub, seed=kind, **options)
    device.enroll(stub.page_url)
    return device


def kinds(stub: Stub) -> list[str]:
    return [one["MessageType"] for one in stub.messages]


@pytest.mark.parametrize("unsigned", [False, True])
def test_an_iphone(stub: Stub, unsigned: bool) -> None:
    device = AppleDevice("iphone", transport=stub)
    device.enroll(stub.page_url, unsigned=unsigned)
    authenticate, update = stub.messages
    assert (authenticate["MessageType"], authenticate["Topic"], authenticate["UDID"]) == (
        "Authenticate",
        TOPIC,
        device.udid,
    )
    assert authenticate["SerialNumber"] == device.serial
    assert authenticate["IMEI"] == device.state.imei
    assert update["Token"] == device.token
    assert len(update["UnlockToken"]) > 100
    assert device.enrolled
    assert "iPhone" in stub.requests[0][2]["User-Agent"]


def test_a_mac_opens_a_user_channel_and_escrows_its_bootstrap_token(stub: Stub) -> None:
    device = enrolled(stub, "mac")
    assert kinds(stub) == ["Authenticate", "TokenUpdate", "TokenUpdate", "SetBootstrapToken"]
    user = stub.messages[2]
    assert (user["UserID"], user["NotOnConsole"]) == (device.users[0].user_id, False)
    assert user["Token"] != device.token
    assert "UnlockToken" not in stub.messages[1]
    assert device.get_bootstrap_token() == device.state.bootstrap_token != b""
    device.set_bootstrap_token(None)
    assert device.get_bootstrap_token() == b""


def test_a_shared_ipad_names_its_users_by_short_name(stub: Stub) -> None:
    device = enrolled(stub, "shared-ipad")
    users = stub.messages[2:]
    assert [one["UserShortName"] for one in users] == [one.short_name for one in device.users]
    assert {one["UserID"] for one in users} == {"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}
    assert not any("UserLongName" in one or "UnlockToken" in one for one in stub.messages)


@pytest.mark.parametrize("kind", ["iphone", "mac"])
def test_user_enrollment_hides_the_hardware(stub: Stub, kind: str) -> None:
    device = enrolled(stub, kind, user_enrollment=True)
    for message in stub.messages:
        assert message["EnrollmentID"] == device.state.enrollment_id
        assert not message.keys() & {"UDID", "SerialNumber", "IMEI", "UnlockToken", "UserID"}
    assert "SetBootstrapToken" not in kinds(stub)


def test_byod_mode_in_the_profile_makes_a_user_enrollment(stub: Stub) -> None:
    stub.profile_changes = {"EnrollmentMode": "BYOD", "AssignedManagedAppleID": "a@example.com", "AccessRights": None}
    device = enrolled(stub, "iphone")
    assert device.state.user_enrollment
    assert "UDID" not in stub.messages[0]


@needs_schema
@pytest.mark.parametrize("kind", ["iphone", "ipad", "shared-ipad", "mac"])
@pytest.mark.parametrize("user_enrollment", [False, True])
def test_check_ins_fit_the_schema(stub: Stub, kind: str, user_enrollment: bool) -> None:
    device = enrolled(stub, kind, user_enrollment=user_enrollment)
    device.check_out()
    definitions = schema.definitions("mdm/checkin")
    for message in stub.messages:
        keys = [one for one in definitions[message["MessageType"]]["payloadkeys"] if one["key"] not in ABSENT]
        assert list(schema.dictionary(keys, _without_ids(message), device.platform, message["MessageType"])) == []


ABSENT = {"UDID", "EnrollmentID", "EnrollmentUserID", "UserID", "UserShortName", "UserLongName", "NotOnConsole"}


def _without_ids(message: dict[str, Any]) -> dict[str, Any]:
    """The schema calls every one of the alternative ids required."""
    return {key: value for key, value in message.items() if key not in ABSENT}


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="needs the captures in ../shared")
@pytest.mark.parametrize(("kind", "number"), [("iphone", 1), ("mac", 2)])
def test_messages_have_what_real_devices_send(stub: Stub, kind: str, number: int) -> None:
    enrolled(stub, kind)
    for message, name in zip(stub.messages, ("Authenticate", "TokenUpdate"), strict=False):
        real = plistlib.loads((CAPTURES / f"{name}.{number}.plist").read_bytes())
        assert real.keys() - message.keys() <= {"Challenge"}
        assert {key: type(real[key]) for key in real if key in message} == {
            key: type(message[key]) for key in real if key in message
        }


def test_over_the_air(stub: Stub) -> None:
    device = AppleDevice("iphone", transport=stub)
    device.enroll_ota(stub.page_url, forge.AppleDeviceCA())
    first, second = stub.messages[:2]
    assert (first["CHALLENGE"], first["UDID"], first["SERIAL"]) == ("ota", device.udid, device.serial)
    assert second == first
    assert kinds(Stub()) == []
    assert [one["MessageType"] for one in stub.messages[2:]] == ["Authenticate", "TokenUpdate"]
    assert device.identity.x509.issuer == stub.ca.name


def test_a_page_without_a_link(stub: Stub) -> None:
    original = stub.routes()
    html = Reply(200, {"content-type": "text/html", "content-length": "4"}, b"<p>x")
    stub.routes = lambda: {**original, "/enroll/": lambda *_: html}  # type: ignore[method-assign]
    with pytest.raises(Complaint, match='id="profile"'):
        AppleDevice("iphone", transport=stub).enroll(stub.page_url)


def test_a_profile_of_the_wrong_type_is_refused(stub: Stub) -> None:
    wrong = Reply(200, {"content-type": "application/x-apple-aspen-config; charset=utf-8"}, b"x")
    original = stub.routes()
    stub.routes = lambda: {**original, "/apple/profile/": lambda *_: wrong}  # type: ignore[method-assign]
    with pytest.raises(ProfileRefused, match="aspen-config"):
        AppleDevice("iphone", transport=stub).enroll(stub.page_url)


def test_renewal_keeps_the_name_and_changes_the_certificate(make: Make, stub: Stub) -> None:
    device = make()
    before = device.identity
    device.renew_identity()
    assert device.identity != before
    assert device.identity.common_name == before.common_name
    assert device.poll() == []


def test_401_unenrolls(make: Make, stub: Stub) -> None:
    device = make()
    stub.answer = Reply(401, {"content-length": "0"}, b"")
    with pytest.raises(ServerRefused, match="401"):
        device.poll()
    assert not device.enrolled


@pytest.mark.parametrize("kind", ["application/json", "application/xml"])
def test_an_unrecognized_device_forgets(make: Make, stub: Stub, kind: str) -> None:
    device = make()
    document = {"code": "com.apple.unrecognized.device"}
    body = json.dumps(document).encode() if "json" in kind else plistlib.dumps(document)
    stub.answer = Reply(403, {"content-type": kind}, body)
    with pytest.raises(ServerRefused) as caught:
        device.poll()
    assert (caught.value.status, caught.value.code, device.enrolled) == (403, "com.apple.unrecognized.device", False)


def test_other_refusals_keep_the_enrollment(make: Make, stub: Stub) -> None:
    device = make()
    for status in (400, 403, 413, 500, 503):
        stub.answer = Reply(status, {"content-type": "text/plain"}, b"no")
        with pytest.raises(ServerRefused, match=str(status)):
            device.poll()
    assert device.enrolled


def test_empty_replies_have_a_length(make: Make, stub: Stub) -> None:
    device = make()
    stub.answer = Reply(200, {"transfer-encoding": "chunked"}, b"")
    with pytest.raises(MessageRefused, match="Content-Length"):
        device.poll()


def test_state_survives_a_restart(stub: Stub, tmp_path: Path) -> None:
    folder = tmp_path / "devices"
    device = AppleDevice("mac", transport=stub, state_dir=folder)
    device.enroll(stub.page_url)
    again = AppleDevice.load(folder / f"{device.serial}.json", transport=stub)
    assert again.state == device.state
    stub.command("DeviceLock", PIN="123456")
    assert again.poll() == [("DeviceLock", "Acknowledged")]
    third = AppleDevice.load(folder / f"{device.serial}.json", transport=stub)
    assert third.state.locked == {"pin": "123456"}
    assert (folder / f"{device.serial}.json").stat().st_mode & 0o077 == 0


def test_user_authenticate_is_handed_on(make: Make) -> None:
    device = make("mac")
    assert device.user_authenticate(device.users[0]).status == 410
