"""Check-in messages and reports as values: real captures, channel rules, what is refused."""

import plistlib
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.errors import BadRequest
from chalicelib.platforms.apple import checkin, message, plist, report
from chalicelib.platforms.apple.report import Status

CAPTURES = Path(__file__).parents[4] / "shared" / "captures" / "apple"
captured = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="the captures of real devices lie beside the project, not here"
)


def capture(name: str) -> Any:
    return plist.read((CAPTURES / f"{name}.plist").read_bytes())


@captured
def test_authenticate_of_an_ipad() -> None:
    said = checkin.parse(capture("Authenticate.1"))
    assert isinstance(said, checkin.Authenticate)
    assert said.channel == message.Channel("663b07bb783e9ade1dae4fbb92ea12afc0ce5b69")
    assert (said.model, said.os_version, said.os_build, said.name) == ("iPad2,5", "9.3.5", "13G36", "")
    assert said.identifiers == {"serial": "F5JM992LF193"}


@captured
def test_authenticate_of_a_mac() -> None:
    said = checkin.parse(capture("Authenticate.2"))
    assert isinstance(said, checkin.Authenticate)
    assert (said.model, said.model_name, said.name, said.os_version) == ("iMac14,2", "iMac", "Fruit", "10.12.6")


@captured
def test_token_updates() -> None:
    phone, mac = checkin.parse(capture("TokenUpdate.1")), checkin.parse(capture("TokenUpdate.2"))
    assert isinstance(phone, checkin.TokenUpdate)
    assert isinstance(mac, checkin.TokenUpdate)
    assert phone.token.hex().startswith("47e8eec062c2f729")
    assert len(phone.token) == 32
    assert phone.magic == "CEFDF0BD-E342-4A27-8742-E930EA116B0A"
    assert phone.unlock_token is not None
    assert phone.unlock_token.reveal().startswith(b"DATA\0\0\4\xe4VERS")
    assert str(phone.unlock_token) == "***"
    assert "VERS" not in repr(phone)
    assert mac.unlock_token is None
    assert phone.awaiting_configuration is False


@captured
def test_device_information_report() -> None:
    said = report.parse(capture("DeviceInformation.1"))
    assert (said.status, said.command_id) == (Status.ACKNOWLEDGED, "76eda240-5488-4989-8339-f2ae160113c4")
    assert said.answer["QueryResponses"]["HostName"] == "fruit.example.com"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"UDID": "u"}, message.Channel("u")),
        ({"EnrollmentID": "e"}, message.Channel("e", user_enrollment=True)),
        ({"UDID": "u", "EnrollmentID": "e"}, message.Channel("u")),
        ({"UDID": "u", "UserID": "1", "UserShortName": "anna"}, message.Channel("u", user_id="1", user_name="anna")),
        ({"UDID": "u", "UserID": "1", "UserLongName": "Anna A"}, message.Channel("u", user_id="1", user_name="Anna A")),
        (
            {"UDID": "u", "UserID": message.SHARED_IPAD_USER, "UserShortName": "a@b"},
            message.Channel("u", user_id="a@b", user_name="a@b"),
        ),
        ({"UDID": "u", "EnrollmentUserID": "x"}, message.Channel("u")),
        ({"EnrollmentID": "e", "EnrollmentUserID": "x"}, message.Channel("e", user_enrollment=True, user_id="x")),
        ({"EnrollmentID": "e", "UserID": "1"}, message.Channel("e", user_enrollment=True)),
    ],
)
def test_channel_rules(keys: dict[str, str], expected: message.Channel) -> None:
    assert message.channel(keys) == expected


BASE = {"UDID": "u", "Topic": "t"}


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"MessageType": 1},
        {"MessageType": "CheckOut"},
        {"MessageType": "CheckOut", "UDID": b"u"},
        {"MessageType": "CheckOut", "UDID": ""},
        {"MessageType": "CheckOut", "UDID": "u\n"},
        {"MessageType": "CheckOut", "UDID": "u" * 300},
        {"MessageType": "CheckOut", "UDID": "u", "UserID": message.SHARED_IPAD_USER},
        {"MessageType": "Authenticate", "UDID": "u"},
        {**BASE, "MessageType": "Authenticate", "UserID": "x"},
        {**BASE, "MessageType": "Authenticate", "SerialNumber": 5},
        {**BASE, "MessageType": "TokenUpdate"},
        {**BASE, "MessageType": "TokenUpdate", "Token": b"", "PushMagic": "m"},
        {**BASE, "MessageType": "TokenUpdate", "Token": "text", "PushMagic": "m"},
        {**BASE, "MessageType": "TokenUpdate", "Token": b"1" * 300, "PushMagic": "m"},
        {**BASE, "MessageType": "TokenUpdate", "Token": b"1", "PushMagic": ""},
        {**BASE, "MessageType": "TokenUpdate", "Token": b"1", "PushMagic": "m", "AwaitingConfiguration": 1},
        {**BASE, "MessageType": "SetBootstrapToken", "BootstrapToken": "text"},
        {**BASE, "MessageType": "DeclarativeManagement"},
        {**BASE, "MessageType": "GetToken"},
    ],
)
def test_malformed_messages(keys: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        checkin.parse(keys)


def test_user_enrollment_gives_no_serial_number() -> None:
    said = checkin.parse(
        {"MessageType": "Authenticate", "EnrollmentID": "e", "Topic": "t", "SerialNumber": "S", "IMEI": "1"}
    )
    assert isinstance(said, checkin.Authenticate)
    assert said.identifiers == {}


def test_unknown_types_and_statuses_are_values() -> None:
    assert checkin.parse({"MessageType": "Sing", "UDID": "u"}) == checkin.Unknown(message.Channel("u"), "Sing")
    assert report.parse({"Status": "Sing", "UDID": "u"}).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "keys",
    [
        {"UDID": "u"},
        {"Status": 1, "UDID": "u"},
        {"Status": "Idle"},
        {"Status": "Acknowledged", "UDID": "u"},
        {"Status": "NotNow", "UDID": "u", "CommandUUID": 7},
        {"Status": "Error", "UDID": "u", "CommandUUID": "c", "ErrorChain": {}},
    ],
)
def test_malformed_reports(keys: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        report.parse(keys)


def test_error_chain_is_one_line() -> None:
    chain = [{"ErrorDomain": "D", "ErrorCode": 1, "LocalizedDescription": "no\nway"}, "junk", {"ErrorCode": 2}]
    said = report.parse({"Status": "Error", "UDID": "u", "CommandUUID": "c", "ErrorChain": chain})
    assert said.error == "noway (D 1);  ( 2)"


def test_a_binary_message_is_the_same() -> None:
    body = plistlib.dumps({"MessageType": "CheckOut", "UDID": "u"}, fmt=plistlib.FMT_BINARY)
    assert checkin.parse(plist.read(body)) == checkin.CheckOut(message.Channel("u"))
