"""Commands: what is taken, what a device makes of it, and how an Operation ends."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

ALLOWED = "PERSONAL_USAGE_ALLOWED"
LOST = {"lostOrganization": {"defaultMessage": "Example"}, "lostMessage": {"defaultMessage": "Call us"}}


def refused(request: Any) -> int:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return int(caught.value.status_code)


@pytest.fixture
def company(bound: Any) -> str:
    return str(bound.phone())


@pytest.fixture
def personal(bound: Any) -> str:
    return str(bound.phone(usage=ALLOWED))


@pytest.fixture
def shared(bound: Any, control: Any) -> str:
    bound.policy("default")
    return str(control.enroll(qr_code=bound.ticket(allowPersonalUsage=ALLOWED)["qrCode"])["device"])


def test_an_operation_waits_with_its_command(bound: Any, company: str) -> None:
    operation = bound.command(company, "RESET_PASSWORD", newPassword="135790", resetPasswordFlags=["LOCK_NOW"])
    said = operation["metadata"]
    assert said["@type"] == "type.googleapis.com/google.android.devicemanagement.v1.Command"
    assert (said["type"], said["duration"], said["resetPasswordFlags"]) == ("RESET_PASSWORD", "600s", ["LOCK_NOW"])
    assert said["createTime"].endswith("Z")
    assert not {"done", "error", "response"} & set(operation)
    assert operation["name"].startswith(f"{company}/operations/")
    assert bound.operation(operation["name"]) == operation


def test_what_only_the_server_says_is_ignored(bound: Any, company: str) -> None:
    said = bound.command(company, "STOP_LOST_MODE", stopLostModeStatus={"status": "SUCCESS"}, errorCode="UNKNOWN")
    assert not {"stopLostModeStatus", "errorCode"} & set(said["metadata"])


def test_ten_minutes_unless_told_otherwise(bound: Any, control: Any, company: str) -> None:
    short = bound.command(company, "LOCK")["name"]
    long = bound.command(company, "LOCK", duration="86400s")["name"]
    control.advance(590)
    assert "done" not in bound.operation(short)
    control.advance(11)
    said = bound.operation(short)
    assert (said["done"], said["error"]["code"], "errorCode" in said["metadata"]) == (True, 4, False)
    assert control.obey(company) == [{"type": "LOCK", "error": ""}]
    assert bound.operation(long)["done"] is True
    assert control.phone(company)["locks"] == 1


def test_a_cancelled_command_is_not_executed(bound: Any, control: Any, company: str) -> None:
    operations = bound.devices.operations()
    name = bound.command(company, "WIPE")["name"]
    operations.cancel(name=name).execute()
    assert bound.operation(name)["error"]["code"] == 1
    assert control.obey(company) == []
    done = bound.command(company, "LOCK")["name"]
    control.obey(company)
    operations.cancel(name=done).execute()
    assert "error" not in bound.operation(done)


def test_operations_are_listed_and_commands_keep_their_order(bound: Any, control: Any, company: str) -> None:
    kinds = ["LOCK", "REBOOT", "LOCK", "RESET_PASSWORD"]
    names = [bound.command(company, kind)["name"] for kind in kinds]
    said = bound.devices.operations().list(name=f"{company}/operations").execute()
    assert [one["name"] for one in said["operations"]] == sorted(names)
    assert [one["type"] for one in control.obey(company)] == kinds


def test_an_offline_device_executes_later(bound: Any, control: Any, company: str) -> None:
    control.offline(company)
    name = bound.command(company, "REBOOT")["name"]
    assert control.obey(company) == []
    control.offline(company, offline=False)
    control.obey(company)
    assert bound.operation(name)["response"]["type"] == "REBOOT"
    assert control.phone(company)["reboots"] == 1


WRONG: dict[str, dict[str, Any]] = {
    "nothing": {},
    "unspecified": {"type": "COMMAND_TYPE_UNSPECIFIED"},
    "unknown": {"type": "EXPLODE"},
    "params-missing": {"type": "CLEAR_APP_DATA"},
    "params-empty": {"clearAppsDataParams": {}},
    "params-of-another": {"type": "LOCK", "wipeParams": {}},
    "two-params": {"wipeParams": {}, "stopLostModeParams": {}},
    "password-elsewhere": {"type": "LOCK", "newPassword": "x"},
    "lost-without-name": {"startLostModeParams": {"lostMessage": {"defaultMessage": "Call"}}},
    "lost-without-contact": {"startLostModeParams": {"lostOrganization": {"defaultMessage": "Example"}}},
    "info-unspecified": {"requestDeviceInfoParams": {}},
    "reason-too-long": {"wipeParams": {"wipeReason": {"defaultMessage": "x" * 201}}},
    "duration": {"type": "LOCK", "duration": "0s"},
    "duration-form": {"type": "LOCK", "duration": "600"},
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_command_is_not_taken(bound: Any, company: str, body: dict[str, Any]) -> None:
    assert refused(bound.devices.issueCommand(name=company, body=body)) == 400


def outcome(bound: Any, control: Any, device: str, **body: Any) -> tuple[str, Any]:
    name = bound.command(device, **body)["name"]
    control.obey(device)
    said = bound.operation(name)
    assert said["done"] is True
    assert ("error" in said) != ("response" in said)
    return said["metadata"].get("errorCode", ""), said


@pytest.mark.parametrize("kind", ["REBOOT", "RELINQUISH_OWNERSHIP", "STOP_LOST_MODE"])
def test_a_work_profile_cannot_do_it(bound: Any, control: Any, personal: str, kind: str) -> None:
    code, said = outcome(bound, control, personal, kind=kind)
    assert (code, said["error"]["code"]) == ("MANAGEMENT_MODE", 9)
    assert bound.device(personal)["state"] == "ACTIVE"


def test_a_fully_managed_device_is_not_given_away(bound: Any, control: Any, company: str) -> None:
    assert outcome(bound, control, company, kind="RELINQUISH_OWNERSHIP")[0] == "MANAGEMENT_MODE"


def test_a_short_number_is_no_password(bound: Any, control: Any, company: str) -> None:
    assert outcome(bound, control, company, kind="RESET_PASSWORD", newPassword="1234")[0] == "INVALID_VALUE"
    assert control.phone(company)["passcode"] == ""
    assert outcome(bound, control, company, kind="RESET_PASSWORD", newPassword="135790")[0] == ""
    assert control.phone(company)["passcode"] == "135790"


def test_app_data_is_cleared_app_by_app(bound: Any, control: Any, company: str) -> None:
    packages = ["com.android.chrome", "com.android.settings", "com.none"]
    said = outcome(bound, control, company, clearAppsDataParams={"packageNames": packages})[1]
    results = said["metadata"]["clearAppsDataStatus"]["results"]
    assert [results[one]["clearingResult"] for one in packages] == ["SUCCESS", "APP_PROTECTED", "APP_NOT_FOUND"]


def test_lost_mode_comes_and_goes(bound: Any, control: Any, company: str) -> None:
    def status(**body: Any) -> tuple[str, bool]:
        metadata = (said := outcome(bound, control, company, **body)[1])["metadata"]
        return (metadata.get("startLostModeStatus") or metadata["stopLostModeStatus"])["status"], "error" in said

    assert status(kind="STOP_LOST_MODE") == ("NOT_IN_LOST_MODE", True)
    assert status(startLostModeParams=LOST) == ("SUCCESS", False)
    assert status(startLostModeParams=LOST) == ("ALREADY_IN_LOST_MODE", True)
    control.report(company)
    assert (bound.device(company)["state"], bound.device(company)["appliedState"]) == ("ACTIVE", "LOST")
    assert status(stopLostModeParams={}) == ("SUCCESS", False)


def test_device_info_is_asked_of_the_user_on_a_personal_device(bound: Any, control: Any, personal: str) -> None:
    asked = {"requestDeviceInfoParams": {"deviceInfo": "EID"}}
    said = outcome(bound, control, personal, **asked)[1]["metadata"]["requestDeviceInfoStatus"]
    assert len(said["eidInfo"]["eids"][0]["eid"]) == 32
    control.set(personal, consents=False)
    said = outcome(bound, control, personal, **asked)[1]["metadata"]["requestDeviceInfoStatus"]
    assert said == {"status": "USER_DECLINED"}


def test_what_a_test_breaks_fails(bound: Any, control: Any, company: str) -> None:
    control.set(company, broken={"LOCK": "UNKNOWN"})
    assert outcome(bound, control, company, kind="LOCK")[0] == "UNKNOWN"


@pytest.mark.parametrize("kind", ["company", "personal", "shared"])
def test_a_wipe_keeps_the_device_until_it_obeys(
    bound: Any, control: Any, kind: str, request: pytest.FixtureRequest
) -> None:
    device = request.getfixturevalue(kind)
    wipe = {"wipeReason": {"defaultMessage": "You left"}, "wipeDataFlags": ["WIPE_EXTERNAL_STORAGE"]}
    name = bound.command(device, wipeParams=wipe)["name"]
    assert bound.device(device)["state"] == "ACTIVE"
    control.obey(device)
    assert refused(bound.devices.get(name=device)) == 404
    assert bound.operation(name)["done"] is True
    assert control.phone(device)["wipes"] == 1


def test_a_shared_phone_is_given_to_its_user(bound: Any, control: Any, shared: str) -> None:
    assert outcome(bound, control, shared, kind="RELINQUISH_OWNERSHIP")[0] == ""
    assert refused(bound.devices.get(name=shared)) == 404
