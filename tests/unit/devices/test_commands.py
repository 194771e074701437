"""Obedience: every action, every refusal, and what the device sends back."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any

import pytest

from tests.devices.apple import AppleDevice, forge, rules, schema
from tests.devices.apple.complaints import Complaint, MessageRefused, ServerRefused
from tests.devices.apple.settings import ACTIONS
from tests.unit.devices.conftest import Make
from tests.unit.devices.stub import Stub, configuration, payload, reply
from tests.unit.devices.stub_scep import openssl

needs_schema = pytest.mark.skipif(not schema.available(), reason="needs Apple's schema in ../shared")


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


def test_unknown_commands_and_keys(make: Make, stub: Stub) -> None:
    device = make()
    said = run(device, stub, "FlyToTheMoon")
    assert (said["Status"], said["ErrorChain"][0]["ErrorCode"]) == ("Error", 12021)
    assert run(device, stub, "DeviceLock", Mesage="x")["Status"] == "CommandFormatError"
    assert run(device, stub, "DeviceLock", Message=5)["Status"] == "CommandFormatError"
    assert run(device, stub, "InstallProfile")["Status"] == "CommandFormatError"
    assert len(device.complaints) == 3


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"CommandUUID": "x"},
        {"CommandUUID": "x", "Command": {}},
        {"CommandUUID": 5, "Command": {"RequestType": "x"}},
    ],
)
def test_commands_without_a_frame(make: Make, stub: Stub, content: dict[str, Any]) -> None:
    device = make()
    stub.answer = reply(200, "application/xml", plistlib.dumps(content))
    with pytest.raises(MessageRefused):
        device.poll()


def test_an_endless_queue_is_a_complaint(make: Make, stub: Stub) -> None:
    device = make()
    stub.answer = reply(
        200, "application/xml", plistlib.dumps({"CommandUUID": "x", "Command": {"RequestType": "ProfileList"}})
    )
    with pytest.raises(Complaint, match="more than 5"):
        device.poll(max_replies=5)


def test_not_now_is_asked_again(make: Make, stub: Stub) -> None:
    device = make()
    device.answer_not_now(["DeviceLock"])
    stub.command("DeviceLock")
    stub.command("RestartDevice")
    assert device.poll() == [
        ("DeviceLock", "NotNow"),
        ("RestartDevice", "Acknowledged"),
        ("DeviceLock", "Acknowledged"),
    ]
    device.answer_not_now(times=2)
    stub.command("RestartDevice")
    assert device.poll() == [("RestartDevice", "NotNow")]
    assert device.poll() == [("RestartDevice", "NotNow")]
    assert device.poll() == [("RestartDevice", "Acknowledged")]


def test_lost_replies_and_reports(make: Make, stub: Stub) -> None:
    device = make()
    stub.command("RestartDevice")
    device.lose_next_reply()
    assert device.poll() == []  # the command was on its way and got lost
    assert device.poll() == [("RestartDevice", "Acknowledged")]
    stub.command("RestartDevice")
    original = device.messenger.report

    def lose_second(*args: Any) -> Any:
        device.messenger.report = original  # type: ignore[method-assign]
        answer = original(*args)
        device.lose_next_report()
        return answer

    device.messenger.report = lose_second  # type: ignore[method-assign]
    assert device.poll() == [("RestartDevice", "Acknowledged")]
    assert len(stub.reports) == 1
    assert device.poll() == [("RestartDevice", "Acknowledged")]
    assert [one.uuid for one in device.received[-2:]] == [device.received[-1].uuid] * 2


def test_silence_and_refusals(make: Make, stub: Stub) -> None:
    device = make()
    stub.command("RestartDevice")
    device.go_silent()
    assert device.poll() == []
    device.wake()
    device.refuse("RestartDevice")
    assert device.poll() == [("RestartDevice", "Error")]
    assert device.state.restarts == 0


def test_signatures_and_content_types_as_knobs_say(make: Make, stub: Stub) -> None:
    device = make()
    device.knobs.digest, device.knobs.content_type, device.knobs.method = "sha1", "none", "POST"
    device.poll()
    method, _, headers, _ = stub.requests[-1]
    assert (method, "Content-Type" in headers) == ("POST", False)
    device.knobs.content_type = "empty"
    device.poll()
    assert stub.requests[-1][2]["Content-Type"] == ""
    device.knobs.sign_other_body = b"other"
    with pytest.raises(AssertionError, match=r"verif|digest"):  # OpenSSL refuses it
        device.poll()
    device.knobs.sign_other_body, device.knobs.strip_signature = None, True
    device.poll()
    assert "Mdm-Signature" not in stub.requests[-1][2]


def test_raw_requests(make: Make, stub: Stub) -> None:
    device = make()
    body = device.message("TokenUpdate", Topic=device.topic, Token=b"x", PushMagic="y", UDID="OTHER")
    assert device.send("checkin", body).status == 200
    assert stub.messages[-1]["UDID"] == "OTHER"
    with pytest.raises(AssertionError, match=r"verif|digest"):
        device.send("checkin", body, sign=b"another body")
    with pytest.raises(AssertionError):
        device.send("checkin", body, identity=forge.self_signed("x"))
    assert device.send("/apple/nothing", body, sign=False).status == 404
    assert "Mdm-Signature" not in stub.requests[-1][2]


def test_user_channel(make: Make, stub: Stub) -> None:
    mac = make("mac")
    stub.command("ProfileList")
    assert mac.poll(user=mac.users[0]) == [("ProfileList", "Acknowledged")]
    assert stub.messages[-1]["UserID"] == mac.users[0].user_id
    stub.command("RestartDevice")
    assert mac.poll(user=mac.users[0]) == [("RestartDevice", "Error")]


def test_network_trouble_is_not_hidden(make: Make, stub: Stub) -> None:
    device = make()
    stub.answer = reply(503, "text/plain", b"later")
    with pytest.raises(ServerRefused):
        device.poll()


def test_every_rule_has_an_action() -> None:
    assert rules.RULES.keys() == ACTIONS.keys()


@needs_schema
@pytest.mark.parametrize("request_type", sorted(rules.RULES))
def test_rules_agree_with_the_schema(request_type: str) -> None:
    definition = schema.definitions("mdm/commands")[request_type]
    rule, systems = rules.RULES[request_type], definition["payload"]["supportedOS"]
    ios, mac = systems["iOS"], systems["macOS"]
    assert (rule.ios is None) == (ios["introduced"] == "n/a")
    assert (rule.macos is None) == (mac["introduced"] == "n/a")
    if rule.ios:
        assert rule.ios_supervised == ios["supervised"]
        assert rule.shared == ios["sharedipad"]["mode"]
        assert ("u" in rule.ios) == ios["sharedipad"].get("userchannel", False)
    if rule.macos:
        assert rule.mac_supervised == mac.get("supervised", False)
        assert ("u" in rule.macos) == mac["userchannel"]
    allowed = {
        name
        for name, system in (("iOS", ios), ("macOS", mac))
        if system.get("userenrollment", {}).get("mode") == "allowed"
    }
    assert set(rule.user_enrollment) == allowed
    keys = {one["key"]: one["presence"] for one in definition.get("payloadkeys", [])}
    assert {key for key, presence in keys.items() if presence == "required"} == set(rule.required)
    assert set(keys) == {*rule.required, *rule.optional}


@needs_schema
@pytest.mark.parametrize("kind", ["iphone", "mac", "ipad", "shared-ipad"])
def test_answers_fit_the_schema(make: Make, stub: Stub, kind: str) -> None:
    device = make(kind)
    everything = [
        one["key"]
        for one in schema.definitions("mdm/commands")["DeviceInformation"]["payloadkeys"][0]["subkeys"][0]["subkeys"]
    ]
    commands: dict[str, dict[str, Any]] = {
        "DeviceInformation": {"Queries": everything}, "SecurityInfo": {}, "InstalledApplicationList": {},
        "CertificateList": {}, "ProfileList": {}, "ProvisioningProfileList": {}, "UserList": {},
    }  # fmt: skip
    for request_type, keys in commands.items():
        said = run(device, stub, request_type, **keys)
        if said["Status"] == "Error":
            assert (request_type, kind) in {("UserList", "iphone"), ("UserList", "ipad")}
            continue
        answer = {
            key: value for key, value in said.items() if key not in ("CommandUUID", "UDID", "Status", "RequestType")
        }
        definition = schema.definitions("mdm/commands")[request_type]["responsekeys"]
        assert list(schema.dictionary(definition, answer, device.platform, request_type)) == []
        assert answer
