"""Obedience: every action, every refusal, and what the device sends back."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any

import pytest

from tests.devices.apple import AppleDevice, forge
from tests.unit.devices.conftest import Make
from tests.unit.devices.stub import Stub, configuration, payload
from tests.unit.devices.stub_scep import openssl


def run(device: AppleDevice, stub: Stub, request_type: str, **keys: Any) -> dict[str, Any]:
    uuid = stub.command(request_type, **keys)
    (handled,) = device.poll()
    assert (handled.request_type, handled.uuid) == (request_type, uuid)
    return stub.reports[-1]


def profile(identifier: str = "com.example.note", **keys: Any) -> bytes:
    return plistlib.dumps(configuration(identifier, payload("com.apple.example", **keys)))


def test_lock(make: Make, stub: Stub) -> None:
    phone = make()
    assert run(phone, stub, "DeviceLock", Message="hi", PhoneNumber="1")["MessageResult"] == "Success"
    assert phone.state.locked == {"message": "hi", "phonenumber": "1"}
    phone.set_passcode(None)
    assert run(phone, stub, "DeviceLock", Message="hi")["MessageResult"] == "NoPasscodeSet"
    assert run(phone, stub, "DeviceLock", PIN="123456")["Status"] == "CommandFormatError"
    stub.reports.clear()
    mac = make("mac")
    assert run(mac, stub, "DeviceLock", PIN="123456")["Status"] == "Acknowledged"
    assert run(mac, stub, "DeviceLock", PIN="12345")["Status"] == "CommandFormatError"
    assert run(mac, stub, "DeviceLock")["Status"] == "CommandFormatError"


def test_erase_forgets_without_a_word(make: Make, stub: Stub) -> None:
    device = make()
    stub.command("DeviceInformation", Queries=["UDID"])
    stub.queue.insert(0, {"CommandUUID": "E", "Command": {"RequestType": "EraseDevice"}})
    assert device.poll() == [("EraseDevice", "Acknowledged")]
    assert (device.enrolled, device.state.erased, device.state.passcode) == (False, 1, None)
    assert not any(one.get("MessageType") == "CheckOut" for one in stub.messages)
    assert device.poll() == []
    device.re_enroll(stub.page_url)
    assert device.enrolled


def test_clear_passcode_wants_the_right_token(make: Make, stub: Stub) -> None:
    device = make()
    assert run(device, stub, "ClearPasscode", UnlockToken=b"wrong")["Status"] == "Error"
    assert device.state.passcode == "135790"
    assert run(device, stub, "ClearPasscode", UnlockToken=device.state.unlock_token)["Status"] == "Acknowledged"
    assert device.state.passcode is None


def test_restart_and_shut_down(make: Make, stub: Stub) -> None:
    device = make()
    run(device, stub, "RestartDevice")
    assert device.state.restarts == 1
    stub.command("ShutDownDevice")
    stub.command("RestartDevice")
    assert device.poll() == [("ShutDownDevice", "Acknowledged")]
    assert device.poll() == []
    device.power_on()
    assert device.poll() == [("RestartDevice", "Acknowledged")]


def test_lost_mode(make: Make, stub: Stub) -> None:
    device = make("ipad")
    assert run(device, stub, "DeviceLocation")["Status"] == "Error"
    assert run(device, stub, "PlayLostModeSound")["Status"] == "Error"
    assert run(device, stub, "EnableLostMode", Footnote="x")["Status"] == "CommandFormatError"
    assert run(device, stub, "EnableLostMode", Message="lost")["Status"] == "Acknowledged"
    place = run(device, stub, "DeviceLocation")
    assert (place["Latitude"], place["Longitude"]) == (
        device.state.location["Latitude"],
        device.state.location["Longitude"],
    )
    run(device, stub, "PlayLostModeSound")
    assert device.state.lost_mode_sounds == 1
    run(device, stub, "DisableLostMode")
    assert device.state.lost_mode is None


def test_device_information_answers_what_was_asked(make: Make, stub: Stub) -> None:
    device = make()
    said = run(device, stub, "DeviceInformation", Queries=["SerialNumber", "OSVersion", "HostName"])["QueryResponses"]
    assert said == {"SerialNumber": device.serial, "OSVersion": "18.1"}
    hidden = AppleDevice("iphone", transport=stub, user_enrollment=True)
    hidden.enroll(stub.page_url)
    said = run(hidden, stub, "DeviceInformation", Queries=["SerialNumber", "IMEI", "OSVersion"])["QueryResponses"]
    assert said == {"OSVersion": "18.1"}


def test_profiles_come_and_go(make: Make, stub: Stub) -> None:
    device = make()
    assert run(device, stub, "InstallProfile", Payload=profile())["Status"] == "Acknowledged"
    listed = {one["PayloadIdentifier"] for one in run(device, stub, "ProfileList")["ProfileList"]}
    assert listed == {"com.example.mdm", "com.example.note"}
    assert (
        run(device, stub, "InstallProfile", Payload=stub.signed(profile("com.example.signed")))["Status"]
        == "Acknowledged"
    )
    assert run(device, stub, "InstallProfile", Payload=b"<html/>")["Status"] == "Error"
    assert run(device, stub, "RemoveProfile", Identifier="com.example.note")["Status"] == "Acknowledged"
    assert run(device, stub, "RemoveProfile", Identifier="com.example.note")["Status"] == "Error"


def test_a_forged_profile_is_not_installed(make: Make, stub: Stub, tmp_path: Path) -> None:
    device = make()
    (folder := tmp_path / "stranger").mkdir()
    stranger = Stub(folder)
    signed = stranger.signed(profile())
    assert run(device, stub, "InstallProfile", Payload=signed)["Status"] == "Error"
    assert "com.example.note" not in device.state.profiles


def test_removing_the_enrollment_checks_out(make: Make, stub: Stub) -> None:
    device = make()
    run(device, stub, "RemoveProfile", Identifier="com.example.mdm")
    assert stub.messages[-1]["MessageType"] == "CheckOut"
    assert not device.enrolled
    stub.profile_changes = {"CheckOutWhenRemoved": False}
    quiet = make()
    run(quiet, stub, "RemoveProfile", Identifier="com.example.mdm")
    assert "MessageType" not in stub.messages[-1]


def test_an_updated_enrollment_profile(make: Make, stub: Stub) -> None:
    device = make()
    before = device.identity
    stub.profile_changes = {"Topic": "com.apple.mgmt.other"}
    assert run(device, stub, "InstallProfile", Payload=plistlib.dumps(stub.profile()))["Status"] == "Error"
    assert device.identity == before
    stub.profile_changes = {"AccessRights": 1}
    assert run(device, stub, "InstallProfile", Payload=plistlib.dumps(stub.profile()))["Status"] == "Acknowledged"
    assert device.identity != before
    stub.profile_changes = {}
    assert run(device, stub, "InstallProfile", Payload=plistlib.dumps(stub.profile()))["Status"] == "Error"
    stub.command("DeviceLock")
    assert device.poll() == [("DeviceLock", "Error")]  # AccessRights 1 does not cover it


def test_filevault_rotation_is_sealed(make: Make, stub: Stub, tmp_path: Path) -> None:
    mac, escrow = make("mac"), forge.self_signed("escrow")
    old = mac.state.filevault_key
    keys = {"KeyType": "personal", "ReplyEncryptionCertificate": escrow.certificate}
    assert run(mac, stub, "RotateFileVaultKey", FileVaultUnlock={"Password": "no"}, **keys)["Status"] == "Error"
    said = run(mac, stub, "RotateFileVaultKey", FileVaultUnlock={"Password": old}, **keys)
    (tmp_path / "key.pem").write_bytes(escrow.key_pem)
    opened = openssl("cms", "-decrypt", "-inform", "DER", "-inkey", str(tmp_path / "key.pem"),
                     data=said["RotateResult"]["EncryptedNewRecoveryKey"]).stdout  # fmt: skip
    assert opened.decode() == mac.state.filevault_key != old


def test_filevault_key_is_escrowed_by_a_profile(make: Make, stub: Stub, tmp_path: Path) -> None:
    mac, escrow = make("mac"), forge.self_signed("escrow")
    assert "FDE_PersonalRecoveryKeyCMS" not in run(mac, stub, "SecurityInfo")["SecurityInfo"]
    cert = payload("com.apple.security.pkcs1", PayloadContent=escrow.certificate)
    wish = payload("com.apple.security.FDERecoveryKeyEscrow", EncryptCertPayloadUUID=cert["PayloadUUID"], Location="us")
    run(mac, stub, "InstallProfile", Payload=plistlib.dumps(configuration("com.example.fde", cert, wish)))
    sealed = run(mac, stub, "SecurityInfo")["SecurityInfo"]["FDE_PersonalRecoveryKeyCMS"]
    (tmp_path / "key.pem").write_bytes(escrow.key_pem)
    opened = openssl("cms", "-decrypt", "-inform", "DER", "-inkey", str(tmp_path / "key.pem"), data=sealed).stdout
    assert opened.decode() == mac.state.filevault_key


def test_recovery_lock(make: Make, stub: Stub) -> None:
    mac = make("mac")
    assert run(mac, stub, "VerifyRecoveryLock", Password="a")["Status"] == "Error"
    run(mac, stub, "SetRecoveryLock", NewPassword="a")
    assert run(mac, stub, "SetRecoveryLock", NewPassword="b")["Status"] == "Error"
    assert run(mac, stub, "SetRecoveryLock", NewPassword="b", CurrentPassword="a")["Status"] == "Acknowledged"
    assert run(mac, stub, "VerifyRecoveryLock", Password="b")["PasswordVerified"] is True
    assert run(mac, stub, "VerifyRecoveryLock", Password="a")["PasswordVerified"] is False


def test_activation_lock(make: Make, stub: Stub) -> None:
    device = make()
    assert run(device, stub, "ActivationLockBypassCode")["ActivationLockBypassCode"] == device.state.bypass_code
    run(device, stub, "ClearActivationLockBypassCode")
    assert run(device, stub, "ActivationLockBypassCode")["Status"] == "Error"


def test_remote_desktop_names_and_users(make: Make, stub: Stub) -> None:
    mac = make("mac")
    run(mac, stub, "EnableRemoteDesktop")
    assert run(mac, stub, "SecurityInfo")["SecurityInfo"]["RemoteDesktopEnabled"] is True
    run(mac, stub, "DisableRemoteDesktop")
    assert mac.state.remote_desktop is False
    assert (
        run(mac, stub, "Settings", Settings=[{"Item": "DeviceName", "DeviceName": "New"}])["Settings"][0]["Status"]
        == "Acknowledged"
    )
    assert mac.name == "New"
    assert [one["UserName"] for one in run(mac, stub, "UserList")["Users"]] == [mac.users[0].short_name]
    cart = make("shared-ipad")
    assert len(run(cart, stub, "UserList")["Users"]) == 2
    run(cart, stub, "LogOutUser")
    assert not any(user.logged_in for user in cart.users)
    assert run(cart, stub, "LogOutUser")["Status"] == "Error"


@pytest.mark.parametrize(
    "request_type", ["RestartDevice", "ShutDownDevice", "EnableLostMode", "DeviceLocation", "ActivationLockBypassCode"]
)
def test_unsupervised_iphones_refuse(make: Make, stub: Stub, request_type: str) -> None:
    keys = {"Message": "x"} if request_type == "EnableLostMode" else {}
    said = run(make(supervised=False), stub, request_type, **keys)
    assert said["Status"] == "Error"
    assert "supervised" in said["ErrorChain"][0]["USEnglishDescription"]


@pytest.mark.parametrize("request_type", ["EraseDevice", "RestartDevice", "UserList", "LogOutUser"])
def test_user_enrollment_refuses(stub: Stub, request_type: str) -> None:
    device = AppleDevice("iphone", transport=stub, user_enrollment=True)
    device.enroll(stub.page_url)
    assert run(device, stub, request_type)["Status"] == "Error"
    assert run(device, stub, "DeviceLock")["Status"] == "Acknowledged"
    said = run(device, stub, "Settings", Settings=[{"Item": "DeviceName", "DeviceName": "x"}])
    assert said["Settings"][0]["Status"] == "Error"
