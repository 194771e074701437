"""What Google says of a device and of an operation, and what it comes to; nothing here is asked of anybody."""

from typing import Any

import pytest

from chalicelib.core.errors import BadRequest
from chalicelib.model.command import CommandState as S
from chalicelib.model.device import Ownership
from chalicelib.platforms.android import names, notifications, outcomes, reports

NAME = "enterprises/LC1/devices/d1"
OPERATION = f"{NAME}/operations/7"


def report(**said: Any) -> reports.Report:
    return reports.read({"name": NAME, **said})


def test_whose_it_is_and_how_it_is_managed() -> None:
    told = [
        report(managementMode=mode, ownership=owned)
        for mode in ("DEVICE_OWNER", "PROFILE_OWNER")
        for owned in ("COMPANY_OWNED", "PERSONALLY_OWNED")
    ]
    assert [(one.mode, one.ownership) for one in told] == [
        ("fully-managed", Ownership.CORPORATE), ("fully-managed", Ownership.PERSONAL),
        ("company-work-profile", Ownership.CORPORATE), ("work-profile", Ownership.PERSONAL),
    ]  # fmt: skip


def test_what_waits_has_not_failed() -> None:
    details = [
        {"settingName": "cameraAccess", "nonComplianceReason": "UNSUPPORTED"},
        {"settingName": "passwordPolicies", "nonComplianceReason": "USER_ACTION"},
        {"settingName": "screenCaptureDisabled", "nonComplianceReason": "PENDING"},
        {"settingName": "applications", "nonComplianceReason": "APP_NOT_INSTALLED", "packageName": "com.example"},
    ]
    assert report(nonComplianceDetails=details).failures == ("applications (com.example)", "cameraAccess")


def test_an_app_that_is_in_no_report_has_not_failed() -> None:
    assert report(applicationReports=[]).failures == ()


NETWORK = {"imei": "356938035643809", "wifiMacAddress": "7c:11:11:11:11:11", "networkOperatorName": "Example"}


@pytest.mark.parametrize(("owned", "kept"), [("COMPANY_OWNED", True), ("PERSONALLY_OWNED", False)])
def test_numbers_and_addresses_of_a_personal_device_are_not_kept(owned: str, kept: bool) -> None:
    hardware = {"serialNumber": "S1", "enterpriseSpecificId": "E1", "model": "Pixel"}
    told = report(ownership=owned, managementMode="PROFILE_OWNER", networkInfo=NETWORK, hardwareInfo=hardware)
    shown = str(told)
    assert [value in shown for value in (*NETWORK.values(), "'S1'")] == [kept] * 4


@pytest.mark.parametrize(
    ("said", "micros"),
    [
        ("2026-01-02T03:04:05Z", 1767323045_000000),
        ("2026-01-02T03:04:05.123456789Z", 1767323045_123456),
        ("2026-01-02T03:04:05.5Z", 1767323045_500000),
        ("2026-01-02T03:04:05", 0),
        ("yesterdayZ", 0),
        (None, 0),
        (7, 0),
    ],
)
def test_the_time_of_a_report(said: object, micros: int) -> None:
    assert reports.moment(said) == micros


JUNK: tuple[Any, ...] = (None, True, 7, "x", [], {}, [1], {"a": 1}, [[]], "\u202e" * 9999, -1.5)


@pytest.mark.parametrize("field", [
    "hardwareInfo", "softwareInfo", "networkInfo", "memoryInfo", "deviceSettings", "securityPosture", "state",
    "nonComplianceDetails", "applicationReports", "memoryEvents", "powerManagementEvents", "appliedPolicyVersion",
    "enrollmentTokenData", "previousDeviceNames", "managementMode", "ownership", "apiLevel", "lastStatusReportTime",
])  # fmt: skip
def test_a_field_of_another_kind_tells_nothing_and_breaks_nothing(field: str) -> None:
    for junk in JUNK:
        assert report(**{field: junk}).name == NAME


def test_an_unknown_value_is_a_value() -> None:
    told = report(state="FROZEN", appliedState="FROZEN", managementMode="NEW", securityPosture={"devicePosture": "NEW"})
    assert (told.state, told.reading.facts.get("integrity")) == ("FROZEN", None)


@pytest.mark.parametrize(
    "said", [None, 7, "", "devices/1", "enterprises/E/devices/", f"{NAME}x/../y", f"{NAME}?x", OPERATION]
)
def test_what_is_no_device(said: object) -> None:
    with pytest.raises(BadRequest):
        names.device_name(said)


def test_an_operation_names_its_device() -> None:
    assert names.device_of(OPERATION) == NAME
    for said in (NAME, f"{OPERATION}/8", f"{NAME}/operations/", None):
        with pytest.raises(BadRequest):
            names.device_of(said)


def test_an_operation_that_is_under_way_says_nothing_yet() -> None:
    for done in (None, False, "true", 1):
        assert outcomes.outcome({"name": OPERATION, "done": done}) is None


@pytest.mark.parametrize(
    ("operation", "state", "detail"),
    [
        ({}, S.ACKNOWLEDGED, ""),
        ({"metadata": {"startLostModeStatus": {"status": "SUCCESS"}}}, S.ACKNOWLEDGED, ""),
        ({"metadata": {"startLostModeStatus": {"status": "RESET_PASSWORD_RECENTLY"}}}, S.FAILED,
         "The password was reset less than 12 hours ago."),
        ({"metadata": {"requestDeviceInfoStatus": {"status": "NEW"}}}, S.FAILED, "The device answered NEW."),
        ({"error": {"code": 4}}, S.EXPIRED, "The device did not answer in time."),
        ({"error": {"code": 1}}, S.CANCELLED, "It was cancelled at Google."),
        ({"error": {"code": 9, "message": "Canary"}, "metadata": {"errorCode": "API_LEVEL"}}, S.FAILED,
         "The Android version of the device cannot do it."),
        ({"error": {"code": 9, "message": "Canary"}}, S.FAILED, "The device reported an error (code 9)."),
    ],
)  # fmt: skip
def test_what_an_operation_comes_to(operation: dict[str, Any], state: S, detail: str) -> None:
    found = outcomes.outcome({"name": OPERATION, "done": True, **operation})
    assert found is not None
    assert (found.state, found.detail) == (state, detail)


@pytest.mark.parametrize("envelope", [
    b"", b"[]", b"{}", b"{" * 5000, b'{"message":{}}', b'{"message":{"messageId":"1","data":"?"}}',
    b'{"message":{"messageId":7,"data":""}}', b'{"message":{"messageId":"1","data":"WzFd"}}',
    b'{"message":{"messageId":"1","attributes":[],"data":""}}', b'{"message":{"messageId":"","data":""}}',
])  # fmt: skip
def test_what_is_no_message(envelope: bytes) -> None:
    with pytest.raises(BadRequest):
        notifications.read(envelope)


def test_the_message_without_data_is_a_value() -> None:
    told = notifications.read(b'{"message":{"messageId":"1","attributes":{"notificationType":"test"}}}')
    assert (told.kind, told.body) == ("test", {})
