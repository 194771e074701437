"""The schema checker itself: what fits passes, and each kind of mistake is refused."""

import datetime
import plistlib
from typing import Any

import pytest

from tests.wire import apple_schema
from tests.wire.apple_schema import ROOT, SchemaError, Target, needs_schema

pytestmark = needs_schema
PHONE, MAC = Target("iOS", "18.0", supervised=True), Target("macOS", "15.0", supervised=True)
UUID = "8E3B6B5D-3C0B-4E0F-9E5C-0A4C35E0B5F1"
COMMON = {"PayloadIdentifier": "org.example.a", "PayloadUUID": UUID, "PayloadVersion": 1}
ITEMS = ("Activations", "Assets", "Configurations", "Management")


def wire(request: str, **keys: Any) -> dict[str, Any]:
    return {"CommandUUID": "1", "Command": {"RequestType": request, **keys}}


def mdm_profile(**keys: Any) -> dict[str, Any]:
    mdm = {**COMMON, "PayloadType": "com.apple.mdm", "IdentityCertificateUUID": UUID, "Topic": "com.apple.mgmt.x"}
    mdm |= {"ServerURL": "https://example.org/connect", **keys}
    return {**COMMON, "PayloadType": "Configuration", "PayloadContent": [mdm]}


FIT = [
    (wire("DeviceLock"), None),
    (wire("DeviceLock", Message="a", PIN="123456"), MAC),
    (wire("DeviceInformation", Queries=["OSVersion", "SerialNumber"]), PHONE),
    (wire("Settings", Settings=[{"Item": "DeviceName", "DeviceName": "x"}]), PHONE),
    (wire("RestartDevice", NotifyUser=True), MAC),
    (wire("ClearPasscode", UnlockToken=b"x"), PHONE),
]
MISFIT = [
    (wire("DeviceLock", Pin="123456"), None, "DeviceLock.Pin: unknown key"),
    (wire("DeviceLock", Message=3), None, "<string> is expected"),
    (wire("DeviceLock", Message=b"x"), None, "<string> is expected"),
    (wire("DeviceLock", PIN="123456"), PHONE, "not on iOS"),
    (wire("DeviceLock"), Target("macOS", user_enrollment=True), "userenrollment is forbidden"),
    (wire("DeviceLock"), Target("tvOS"), "not on tvOS"),
    (wire("ClearPasscode"), None, "UnlockToken: missing"),
    (wire("ClearPasscode", UnlockToken="text"), None, "<data> is expected"),
    (wire("RestartDevice", NotifyUser=1), None, "<boolean> is expected"),
    (wire("RestartDevice", NotifyUser=True), Target("macOS", "11.0"), "11.4 and later"),
    (wire("RestartDevice"), Target("iOS", "17.0", supervised=False), "supervised devices only"),
    (wire("RotateFileVaultKey", KeyType="both", FileVaultUnlock={}), None, "not one of"),
    (wire("RotateFileVaultKey", KeyType="personal", FileVaultUnlock={"Passwort": "x"}), None, "unknown key"),
    (wire("DeviceInformation", Queries=["Colour"]), None, "known words"),
    (wire("DeviceInformation", Queries=["SerialNumber"]), Target("iOS", user_enrollment=True), "forbidden"),
    (wire("DeviceInformation", Queries="OSVersion"), None, "<array> is expected"),
    (wire("Settings", Settings=[{"Item": "DeviceNames", "DeviceName": "x"}]), None, "is not one of"),
    (wire("Settings", Settings=[{"Item": "DeviceName"}]), None, "DeviceName: missing"),
    (wire("LogOutUser"), Target("iOS", shared_ipad=False), "sharedipad is required"),
    (wire("LaunchRocket"), None, "no such requesttype"),
    ({"Command": {"RequestType": "DeviceLock"}}, None, "CommandUUID: missing"),
    ({**wire("DeviceLock"), "Secret": "x"}, None, "Secret: unknown key"),
]


@pytest.mark.parametrize(("frame", "target"), FIT)
def test_a_command_that_fits(frame: dict[str, Any], target: Target | None) -> None:
    assert apple_schema.command(plistlib.dumps(frame), target) == frame["Command"]["RequestType"]


@pytest.mark.parametrize(("frame", "target", "why"), MISFIT)
def test_a_command_that_does_not_fit(frame: dict[str, Any], target: Target | None, why: str) -> None:
    with pytest.raises(SchemaError, match=why):
        apple_schema.command(frame, target)


def test_profiles() -> None:
    assert apple_schema.profile(plistlib.dumps(mdm_profile()), PHONE) == ("com.apple.mdm",)
    for change, why in [
        ({"ServerURL": "http://example.org"}, "does not match"),
        ({"IdentityCertificateUUID": "1"}, "does not match"),
        ({"PayloadVersion": 2}, "not one of"),
        ({"PayloadVersion": True}, "<integer> is expected"),
        ({"Server": "x"}, "unknown key"),
        ({"PayloadType": "com.apple.mdn"}, "no such payloadtype"),
    ]:
        with pytest.raises(SchemaError, match=why):
            apple_schema.profile(mdm_profile(**change))
    for name in ("PayloadUUID", "PayloadContent", "PayloadIdentifier"):
        with pytest.raises(SchemaError, match=f"{name}: missing"):
            apple_schema.profile({key: value for key, value in mdm_profile().items() if key != name})


def test_numbers_and_counts_stay_in_range() -> None:
    policy = {**COMMON, "PayloadType": "com.apple.mobiledevice.passwordpolicy"}
    assert apple_schema.payload({**policy, "minLength": 8}) == policy["PayloadType"]
    for change in ({"minLength": 17}, {"minLength": "8"}, {"maxFailedAttempts": 1}):
        with pytest.raises(SchemaError):
            apple_schema.payload({**policy, **change})


def test_a_payload_type_of_several_files_fits_one_of_them() -> None:
    mcx = {**COMMON, "PayloadType": "com.apple.MCX"}
    assert apple_schema.payload({**mcx, "DisableGuestAccount": True, "EnableGuestAccount": False})
    with pytest.raises(SchemaError):
        apple_schema.payload({**mcx, "DisableGuestAccounts": True})


def test_a_schema_that_contains_itself_ends() -> None:
    layout = {**COMMON, "PayloadType": "com.apple.homescreenlayout"}
    folder = {"Type": "Folder", "DisplayName": "a", "Pages": [[{"Type": "App", "BundleID": "org.example"}]]}
    apple_schema.payload({**layout, "Dock": [], "Pages": [[folder]]})
    folder["Pages"] = [[{**folder, "Colour": "red"}]]
    with pytest.raises(SchemaError, match="Colour: unknown key"):
        apple_schema.payload({**layout, "Dock": [], "Pages": [[folder]]})


def test_declarations() -> None:
    update = {"TargetOSVersion": "18.1", "TargetLocalDateTime": "2024-11-01T12:00:00"}
    body = {
        "Type": "com.apple.configuration.softwareupdate.enforcement.specific",
        "Identifier": "a",
        "ServerToken": "b",
    }
    assert apple_schema.declaration({**body, "Payload": update}, PHONE) == body["Type"]
    personal = Target("iOS", "18.0", user_enrollment=True)
    for payload, target, why in [
        ({**update, "Deadline": "x"}, None, "unknown key"),
        ({"TargetOSVersion": "18.1"}, None, "missing"),
        ({**update, "TargetOSVersion": 18}, None, "<string> is expected"),
        (update, personal, "only for enrollments"),
        (update, Target("macOS", "14.0", supervised=False), "only for enrollments"),
        (update, Target("iOS", "16.0"), "17.0 and later"),
    ]:
        with pytest.raises(SchemaError, match=why):
            apple_schema.declaration({**body, "Payload": payload}, target)
    with pytest.raises(SchemaError, match="ServerToken: missing"):
        apple_schema.declaration({"Type": body["Type"], "Identifier": "a", "Payload": update})
    with pytest.raises(SchemaError, match="64 octets"):
        apple_schema.declaration({**body, "ServerToken": "b" * 65, "Payload": update})


def test_the_declarative_protocol() -> None:
    tokens = {"SyncTokens": {"DeclarationsToken": "a", "Timestamp": "2024-11-01T12:00:00Z"}}
    apple_schema.protocol("TokensResponse", tokens)
    items = {name: [{"Identifier": "a", "ServerToken": "b"}] for name in ITEMS}
    apple_schema.protocol("DeclarationItemsResponse", {"DeclarationsToken": "a", "Declarations": items})
    absent = {name: [] for name in ITEMS if name != "Assets"}
    with pytest.raises(SchemaError, match="Assets: missing"):
        apple_schema.protocol("DeclarationItemsResponse", {"DeclarationsToken": "a", "Declarations": absent})
    with pytest.raises(SchemaError, match="unknown key"):
        apple_schema.protocol("TokensResponse", {**tokens, "Tokens": 1})


def test_reports_check_ins_and_errors() -> None:
    apple_schema.report(
        "DeviceLock", {"Status": "Acknowledged", "UDID": "a", "CommandUUID": "b", "MessageResult": "Success"}
    )
    apple_schema.report("DeviceLock", {"Status": "NotNow", "UDID": "a", "CommandUUID": "b"})
    for body in (
        {"Status": "Fine"},
        {"Status": "Acknowledged", "Result": 1},
        {"Status": "NotNow", "MessageResult": "x"},
    ):
        with pytest.raises(SchemaError):
            apple_schema.report("DeviceLock", body)
    location = dict.fromkeys(
        ("Latitude", "Longitude", "HorizontalAccuracy", "VerticalAccuracy", "Altitude", "Speed", "Course"), 1.5
    )
    apple_schema.report("DeviceLocation", {"Status": "Acknowledged", **location, "Timestamp": "2024-11-01T12:00:00Z"})
    with pytest.raises(SchemaError, match="Speed: missing"):
        apple_schema.report(
            "DeviceLocation", {k: v for k, v in location.items() if k != "Speed"} | {"Status": "Acknowledged"}
        )
    with pytest.raises(SchemaError, match="no such requesttype"):
        apple_schema.checkin({"MessageType": ["Authenticate"]})
    apple_schema.error({"code": "com.apple.unrecognized.device"})
    with pytest.raises(SchemaError, match="no file"):
        apple_schema.error({"code": "com.apple.unknown"})


def test_messages_of_real_devices() -> None:
    captures = ROOT.parents[1] / "captures" / "apple"
    for path in sorted(captures.glob("*.plist")):
        body, target = plistlib.loads(path.read_bytes()), MAC if path.name.endswith("2.plist") else PHONE
        target = Target(target.os, body.get("OSVersion", "10.12" if target is MAC else "9.3"))
        if "MessageType" in body:  # Challenge is not in the schema, and some Macs send it
            assert apple_schema.checkin(body, target, extra=["Challenge"]) == body["MessageType"]
        else:
            apple_schema.report(body["RequestType"], body)


def test_dates_are_dates_in_a_plist_and_text_in_json() -> None:
    profile = mdm_profile() | {"RemovalDate": datetime.datetime(2030, 1, 1)}
    apple_schema.profile(profile)
    with pytest.raises(SchemaError, match="<date> is expected"):
        apple_schema.profile(profile | {"RemovalDate": "2030-01-01T00:00:00Z"})
