"""What commands leave behind once the device has answered, and what is never kept."""

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from chalicelib.core import commands, escrow, inventory
from chalicelib.core.house import House
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Ownership
from tests.unit.apple.phone import Phone, ask


@pytest.fixture
def settled(phone: Phone) -> Phone:
    return phone.settle()


@pytest.fixture
def mac(house: House) -> Phone:
    mac = Phone(house, product="Mac15,3", os_version="15.1").enroll().settle()
    inventory.merge(house, mac.device.id, attributes={"supervised": True, "capabilities": ("apple-silicon",)})
    return mac


def answered(phone: Phone, command: Command, **keys: Any) -> Command:
    assert phone.idle().command[0] == command.id
    assert phone.report("Acknowledged", command.id, **keys).status == 200
    return commands.get(phone.house, phone.device.id, command.id)


def current(phone: Phone, kind: str) -> bytes | None:
    held = escrow.current(phone.house, phone.device.id, kind)
    return held.reveal() if held else None


def test_a_requested_query_is_kept_like_our_own(settled: Phone) -> None:
    done = answered(
        settled, ask(settled, "device-information"), QueryResponses={"DeviceName": "New", "IsMultiUser": True}
    )
    assert done.state is CommandState.ACKNOWLEDGED
    assert settled.device.name == "New"
    assert settled.device.capabilities == ("shared-ipad",)


def test_apps_of_a_device_that_became_personal_are_dropped(house: House, settled: Phone) -> None:
    command = ask(settled, "installed-apps")
    inventory.merge(house, settled.device.id, attributes={"ownership": Ownership.PERSONAL})
    private = [{"Identifier": "com.example.private", "Name": "P"}]
    answered(settled, command, InstalledApplicationList=private)
    assert "com.example.private" not in repr(inventory.read(house, settled.device.id))


def test_bypass_code_goes_into_escrow(settled: Phone) -> None:
    done = answered(settled, ask(settled, "activation-lock-bypass"), ActivationLockBypassCode="CANARY-CODE")
    assert done.result == {"escrowed": "bypass_code"}
    assert current(settled, "bypass_code") == b"CANARY-CODE"
    assert "CANARY" not in repr(done)


def test_no_bypass_code_is_a_failure_that_tells_why(settled: Phone) -> None:
    done = answered(settled, ask(settled, "activation-lock-bypass"))
    assert done.state is CommandState.FAILED
    assert "15 days" in done.detail


def test_recovery_lock_is_current_only_once_the_device_uses_it(mac: Phone) -> None:
    command = ask(mac, "set-recovery-lock")
    password = mac.idle().plist["Command"]["NewPassword"]
    assert current(mac, "recovery_lock") is None
    answered(mac, command)
    assert current(mac, "recovery_lock") == password.encode()
    assert mac.device.facts["recovery_lock"] is True
    answered(mac, ask(mac, "set-recovery-lock", clear=True))
    assert current(mac, "recovery_lock") is None
    assert mac.device.facts["recovery_lock"] is False


def test_a_refused_recovery_lock_does_not_become_current(mac: Phone) -> None:
    command = ask(mac, "set-recovery-lock")
    mac.idle()
    mac.report("Error", command.id)
    assert current(mac, "recovery_lock") is None


def rotated(mac: Phone, key: bytes) -> Command:
    """What the Mac does: it encrypts its new recovery key to the certificate in the command."""
    command = ask(mac, "rotate-filevault-key", current="CANARY-old")
    asked = mac.idle().plist["Command"]
    recipient = x509.load_der_x509_certificate(asked["ReplyEncryptionCertificate"])
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(key).add_recipient(recipient)
    envelope = builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    return answered(mac, command, RotateResult={"EncryptedNewRecoveryKey": envelope})


def test_a_new_filevault_key_goes_into_escrow(mac: Phone) -> None:
    done = rotated(mac, b"CANARY-AAAA-BBBB")
    assert (done.state, done.result) == (CommandState.ACKNOWLEDGED, {"escrowed": "filevault_key"})
    assert current(mac, "filevault_key") == b"CANARY-AAAA-BBBB"


def test_a_filevault_key_that_does_not_open_is_a_failure(mac: Phone) -> None:
    command = ask(mac, "rotate-filevault-key", current="CANARY-old")
    done = answered(mac, command, RotateResult={"EncryptedNewRecoveryKey": b"junk"})
    assert done.state is CommandState.FAILED
    assert "recovery key" in done.detail
    assert current(mac, "filevault_key") is None


def test_lost_mode_is_a_fact_and_the_location_a_result(settled: Phone) -> None:
    answered(settled, ask(settled, "lost-mode-on", message="Bring it back"))
    assert settled.device.facts["lost_mode"] is True
    place = {"Latitude": 52.5, "Longitude": 13.4, "HorizontalAccuracy": 5.0, "Extra": "x" * 9_000}
    done = answered(settled, ask(settled, "locate"), **place)
    assert done.result == {"latitude": 52.5, "longitude": 13.4, "horizontal_accuracy": 5.0}
    answered(settled, ask(settled, "lost-mode-off"))
    assert settled.device.facts["lost_mode"] is False


def test_a_personal_device_is_not_located(house: House, settled: Phone) -> None:
    answered(settled, ask(settled, "lost-mode-on", message="Bring it back"))
    command = ask(settled, "locate")
    inventory.merge(house, settled.device.id, attributes={"ownership": Ownership.PERSONAL})
    done = answered(settled, command, Latitude=52.5, Longitude=13.4)
    assert "52.5" not in repr(done)
    assert done.state is CommandState.FAILED


def test_the_name_is_what_the_device_accepted(settled: Phone) -> None:
    answered(settled, ask(settled, "set-device-name", name="Reception"), Settings=[{"Status": "Acknowledged"}])
    assert settled.device.name == "Reception"
    done = answered(settled, ask(settled, "set-device-name", name="Other"), Settings=[{"Status": "Error"}])
    assert (done.state, settled.device.name) == (CommandState.FAILED, "Reception")


def test_removal_of_the_enrollment_waits_for_the_check_out(settled: Phone) -> None:
    from chalicelib.core import devices
    from tests.unit.apple.phone import ADMIN

    devices.retire(settled.house, ADMIN, settled.device.id, "left the company")
    uuid, request_type = settled.idle().command
    assert request_type == "RemoveProfile"
    assert settled.report("Acknowledged", uuid).body == b""
    assert settled.checkin("CheckOut").status == 200
    assert settled.idle().status == 403


def test_no_secret_lies_open_in_any_table(house: House, mac: Phone, capsys: pytest.CaptureFixture[str]) -> None:
    mac.token_update(UnlockToken=b"CANARY-unlock")
    mac.checkin("SetBootstrapToken", BootstrapToken=b"CANARY-bootstrap")
    command = ask(mac, "set-recovery-lock")
    password = mac.idle().plist["Command"]["NewPassword"].encode()
    answered(mac, command)
    rotated(mac, b"CANARY-AAAA-BBBB")
    answered(mac, ask(mac, "activation-lock-bypass"), ActivationLockBypassCode="CANARY-CODE")
    dump = repr(house.store._tables._items).encode() + capsys.readouterr().err.encode()
    assert mac.udid.encode() in dump
    assert len(commands.history(house, mac.device.id).items) == 3
    for secret in (b"CANARY", password, b"CANARY".hex().encode(), base64.b64encode(b"CANARY-")[:8]):
        assert secret not in dump
