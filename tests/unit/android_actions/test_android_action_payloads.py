"""What an action has Google do, judged by Google's schema; and what of it may be shown."""

import json
from typing import Any

import pytest

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.platforms.android.actions import registry
from chalicelib.platforms.android.actions.clear_app_data import MOST
from tests.unit.android_actions.samples import PASSWORD, action, device, document, params, prepare
from tests.wire import google_schema

DURATION = {"duration": "2592000s"}
POSSIBLE = [name for name in registry.names() if name != "locate"]


def suited(name: str) -> Any:
    mode = next(iter(action(name).since))
    return device(mode)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", POSSIBLE)
def test_google_s_schema_takes_it(house: House, name: str, full: bool) -> None:
    read = document(prepare(house, name, suited(name), **params(name, full=full)))
    if "command" in read:
        assert set(read) == {"command"}
        google_schema.check("androidmanagement.v1", "Command", read["command"])
        assert read["command"]["type"] == action(name).request_type
        assert read["command"]["duration"] == "2592000s"
    else:
        assert set(read) == {"device", "mask", "until"}
        google_schema.check("androidmanagement.v1", "Device", read["device"])
        google_schema.check("androidmanagement.v1", "Device", read["until"])
        assert set(read["device"]) <= set(read["mask"].split(","))


@pytest.mark.parametrize(
    ("name", "asked", "command"),
    [
        ("lock", {}, {"type": "LOCK"}),
        ("restart", {}, {"type": "REBOOT"}),
        ("relinquish", {}, {"type": "RELINQUISH_OWNERSHIP"}),
        ("erase", {}, {"type": "WIPE"}),
        ("erase", {"esims": True}, {"type": "WIPE", "wipeParams": {"wipeDataFlags": ["WIPE_ESIMS"]}}),
        (
            "erase",
            {"external_storage": True, "keep_reset_protection": True},
            {
                "type": "WIPE",
                "wipeParams": {"wipeDataFlags": ["PRESERVE_RESET_PROTECTION_DATA", "WIPE_EXTERNAL_STORAGE"]},
            },
        ),
        ("reset-password", {}, {"type": "RESET_PASSWORD"}),
        (
            "reset-password",
            {"new_password": PASSWORD, "no_password_on_boot": True, "lock_now": True, "require_entry": True},
            {
                "type": "RESET_PASSWORD",
                "newPassword": PASSWORD,
                "resetPasswordFlags": ["REQUIRE_ENTRY", "DO_NOT_ASK_CREDENTIALS_ON_BOOT", "LOCK_NOW"],
            },
        ),
        (
            "clear-app-data",
            {"packages": ["com.example.b", "com.example.a", "com.example.b"]},
            {"type": "CLEAR_APP_DATA", "clearAppsDataParams": {"packageNames": ["com.example.b", "com.example.a"]}},
        ),
        ("lost-mode-off", {}, {"type": "STOP_LOST_MODE", "stopLostModeParams": {}}),
        (
            "lost-mode-on",
            {"message": "Call us", "phone_number": "112", "email": "a@example.com", "address": "1 Road",
             "organization": "Example"},
            {
                "type": "START_LOST_MODE",
                "startLostModeParams": {
                    "lostOrganization": {"defaultMessage": "Example"},
                    "lostMessage": {"defaultMessage": "Call us"},
                    "lostPhoneNumber": {"defaultMessage": "112"},
                    "lostEmailAddress": "a@example.com",
                    "lostStreetAddress": {"defaultMessage": "1 Road"},
                },
            },
        ),
        (
            "request-device-info",
            {},
            {"type": "REQUEST_DEVICE_INFO", "requestDeviceInfoParams": {"deviceInfo": "EID"}},
        ),
    ],
)  # fmt: skip
def test_a_command_says_what_was_asked(house: House, name: str, asked: dict[str, Any], command: dict[str, Any]) -> None:
    assert document(prepare(house, name, **asked)) == {"command": command | DURATION}


def test_the_organisation_is_ours_unless_another_is_named(house: House) -> None:
    lost = document(prepare(house, "lost-mode-on", message="Call us"))["command"]["startLostModeParams"]
    assert lost["lostOrganization"] == {"defaultMessage": house.settings.organization}


def test_a_state_is_done_when_it_is_reported(house: House) -> None:
    mask = {"mask": "state,disabledReason"}
    stolen = {"state": "DISABLED", "disabledReason": {"defaultMessage": "Stolen"}}
    assert document(prepare(house, "disable", reason="Stolen")) == {
        "device": stolen, **mask, "until": {"appliedState": "DISABLED"},
    }  # fmt: skip
    assert document(prepare(house, "disable"))["device"] == {"state": "DISABLED"}
    assert document(prepare(house, "enable")) == {
        "device": {"state": "ACTIVE"}, **mask, "until": {"appliedState": "ACTIVE"},
    }  # fmt: skip


def test_a_password_is_sealed_and_not_shown(house: House) -> None:
    prepared = prepare(house, "reset-password", new_password=PASSWORD, lock_now=True)
    assert prepared.secret
    assert prepared.shown == {"new_password": "given", "lock_now": True}
    assert PASSWORD not in repr(prepared)
    assert not prepare(house, "reset-password", lock_now=True).secret


@pytest.mark.parametrize("name", POSSIBLE)
def test_what_is_shown_is_json_and_holds_no_secret(house: House, name: str) -> None:
    shown = prepare(house, name, suited(name), **params(name, full=True)).shown
    assert shown is not None
    assert PASSWORD not in json.dumps(shown)


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "short": ("reset-password", {"new_password": "a1!"}, "4 characters"),
    "empty": ("reset-password", {"new_password": ""}, "new_password"),
    "short-number": ("reset-password", {"new_password": "13579"}, "6 digits"),
    "flag-as-text": ("reset-password", {"lock_now": "yes"}, "lock_now"),
    "nothing-to-show": ("lost-mode-on", {"organization": "Example"}, "message, phone_number, email or address"),
    "no-mail": ("lost-mode-on", {"email": "nobody"}, "email"),
    "two-lines": ("lost-mode-on", {"phone_number": "1\n2"}, "phone_number"),
    "no-apps": ("clear-app-data", {"packages": []}, "packages"),
    "too-many-apps": ("clear-app-data", {"packages": [f"com.app{n}" for n in range(MOST + 1)]}, "packages"),
    "no-package": ("clear-app-data", {"packages": ["chrome"]}, "packages"),
    "package-path": ("clear-app-data", {"packages": ["com.a/../b"]}, "packages"),
    "long-reason": ("disable", {"reason": "x" * 501}, "reason"),
    "wipe-reason": ("erase", {"reason": "You left"}, "reason"),
}


@pytest.mark.parametrize(("name", "asked", "place"), WRONG.values(), ids=WRONG.keys())
def test_wrong_parameters_are_named_and_not_repeated(
    house: House, name: str, asked: dict[str, Any], place: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        prepare(house, name, **asked)
    assert place in str(refused.value)
    for value in asked.values():
        assert not isinstance(value, str) or not value or value not in str(refused.value).split()


def test_a_short_number_is_for_older_systems(house: House) -> None:
    with pytest.raises(Unprocessable, match="6 digits"):
        prepare(house, "reset-password", device(api=34), new_password="13579")
    for api in (33, None):
        assert prepare(house, "reset-password", device(api=api), new_password="13579").secret
    assert prepare(house, "reset-password", device(api=34), new_password="135790").secret
    assert prepare(house, "reset-password", device(api=34), new_password="1357a").secret


@pytest.mark.parametrize("mode", ["company-work-profile", "work-profile"])
def test_how_a_device_starts_up_is_for_its_owner_to_say(house: House, mode: str) -> None:
    with pytest.raises(Unprocessable, match="only a fully managed device"):
        prepare(house, "reset-password", device(mode), no_password_on_boot=True)
    assert prepare(house, "reset-password", device(mode), lock_now=True)


def test_locate_says_why_not(house: House) -> None:
    assert "lost-mode-on" in action("locate").refusal(device())
    with pytest.raises(Unprocessable, match="lost mode"):
        prepare(house, "locate")
