"""Bad parameters are refused with the reason, and without repeating a secret."""

from dataclasses import replace

import pytest

from chalicelib.core.errors import Unprocessable
from chalicelib.model.device import Platform
from chalicelib.platforms.apple.actions import registry
from tests.unit.apple_actions.samples import (
    device,
    get,
    prepare,
    profile,
    text,
)

PHONE, MAC = device(Platform.IOS), device(Platform.MACOS)


REFUSED = [
    ("lock", PHONE, {"message": ""}, "message"),
    ("lock", PHONE, {"message": "   "}, "message"),
    ("lock", PHONE, {"message": "x" * 501}, "message"),
    ("lock", PHONE, {"message": "bell \x07"}, "control characters"),
    ("lock", PHONE, {"message": "\ufffe"}, "noncharacter"),
    ("lock", PHONE, {"message": 5}, "message"),
    ("lock", PHONE, {"phone_number": "1\n2"}, "line breaks"),
    ("lock", PHONE, {"pin": "123456"}, "pin"),
    ("restart", MAC, {"now": True}, "now"),
    ("restart", PHONE, {"notify_user": True}, "notify_user: iPhone does not know it, only Mac"),
    ("restart", replace(MAC, os_version="11.0"), {"notify_user": True}, "macOS 11.4 or later"),
    ("shut-down", MAC, {"force": True}, "force"),
    ("lost-mode-on", PHONE, {}, "give a message or a phone_number"),
    ("lost-mode-on", PHONE, {"footnote": "x"}, "give a message or a phone_number"),
    ("erase", MAC, {"obliteration": "Sometimes"}, "obliteration"),
    ("erase", MAC, {"preserve_data_plan": True}, "preserve_data_plan: Mac does not know it"),
    ("erase", PHONE, {"return_to_service": {"wifi_profile": "!!"}}, "base64"),
    ("erase", PHONE, {"return_to_service": {"ssid": "x"}}, "return_to_service.ssid"),
    ("erase", replace(PHONE, supervised=False), {"return_to_service": {}}, "needs enrollment_profile"),
    ("set-device-name", MAC, {}, "name: Field required"),
    ("set-device-name", MAC, {"name": "x" * 64}, "name"),
    ("rotate-filevault-key", MAC, {"current": ""}, "1 to 256 characters"),
    ("rotate-filevault-key", MAC, {"current": "x" * 257}, "1 to 256 characters"),
    ("rotate-filevault-key", MAC, {"current": "a\x00b"}, "control characters"),
    ("install-profile", PHONE, {}, "profile: Field required"),
    ("install-profile", PHONE, {"profile": 7}, "base64"),
    ("install-profile", PHONE, {"profile": text(b"hello")}, "not a configuration profile"),
    ("install-profile", PHONE, {"profile": text(b"x" * 98_305)}, "profile"),
    ("install-profile", PHONE, {"profile": text(b"\x30\x03\x02\x01\x01")}, "signature"),
    ("install-profile", PHONE, {"profile": text(profile(PayloadType="com.apple.mdm"))}, "PayloadType"),
    ("install-profile", PHONE, {"profile": text(profile(PayloadVersion=2))}, "PayloadVersion"),
    ("install-profile", PHONE, {"profile": text(profile(PayloadUUID=""))}, "PayloadUUID is missing"),
    ("install-profile", PHONE, {"profile": text(profile(PayloadContent="x"))}, "PayloadContent"),
    ("install-profile", PHONE, {"profile": text(profile(PayloadContent=["x"]))}, "PayloadContent"),
    (
        "install-profile",
        PHONE,
        {"profile": text(profile(PayloadContent=[{"PayloadType": "com.apple.mdm"}]))},
        "use an invitation",
    ),
    ("install-profile", PHONE, {"profile": text(profile()), "user": "F0"}, "user: iPhone does not know it"),
    ("remove-profile", PHONE, {}, "identifier"),
    ("remove-profile", PHONE, {"identifier": "org.muster.enrollment"}, "retire the device"),
    ("os-update", PHONE, {"version": "18.2"}, "deadline"),
    ("os-update", PHONE, {"version": "18.2", "deadline": "2030-01-01T00:00:00Z"}, "without a zone"),
    ("os-update", PHONE, {"version": "18.2", "deadline": "2024-10-31T23:00:00"}, "it has passed"),
    ("os-update", PHONE, {"version": "18.0.9", "deadline": "2030-01-01T00:00:00"}, "cannot go back"),
    ("os-update", PHONE, {"version": "latest", "deadline": "2030-01-01T00:00:00"}, "version"),
    ("os-update", PHONE, {"version": "18.2\n", "deadline": "2030-01-01T00:00:00"}, "version"),
    (
        "os-update",
        PHONE,
        {"version": "18.2", "deadline": "2030-01-01T00:00:00", "details_url": "http://example.org"},
        "details_url",
    ),
]


@pytest.mark.parametrize(("name", "subject", "params", "why"), REFUSED)
def test_bad_parameters_are_refused_with_the_reason(name: str, subject: object, params: dict, why: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(Unprocessable, match=why) as refusal:
        prepare(name, subject, params)  # type: ignore[arg-type]
    assert "pydantic" not in str(refusal.value)


def test_a_refusal_does_not_repeat_a_secret() -> None:
    with pytest.raises(Unprocessable) as refusal:
        prepare("rotate-filevault-key", MAC, {"current": "canary\x07", "currant": "canary"})
    assert "canary" not in str(refusal.value)
    assert "currant" in str(refusal.value)


def test_every_parameter_has_a_description_for_the_open_api_document() -> None:
    for name in registry.names():
        schema = get(name).params.model_json_schema()
        assert schema["additionalProperties"] is False
        for field, described in schema.get("properties", {}).items():
            assert described.get("description"), (name, field)
