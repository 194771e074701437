"""FileVault and the recovery lock: what is escrowed is what the Mac has."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from chalicelib.core import escrow
from chalicelib.core.errors import BadRequest, Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Prepared
from chalicelib.core.queue import end
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Platform
from chalicelib.model.escrow import EscrowedSecret
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple.actions import filevault, set_recovery_lock
from chalicelib.storage.memory.house import memory_house
from tests.unit.apple_actions import samples
from tests.unit.apple_actions.samples import (
    COMMAND,
    NOW,
    RECOVERY_KEY,
    RECOVERY_LOCK,
    command,
    device,
    get,
    prepare,
)

PHONE, MAC = device(Platform.IOS), device(Platform.MACOS)


def escrowed(house: House, prepared: Prepared) -> tuple[EscrowedSecret, Secret[bytes]]:
    """The one secret that is committed with the command."""
    (change,) = prepared.changes
    assert isinstance(change, Create)
    assert isinstance(change.record, EscrowedSecret)
    return change.record, escrow.open_version(house, change.record)


@pytest.fixture
def house() -> House:
    return samples.stocked_house()


def seal_as_a_mac(certificate: x509.Certificate, recovery_key: bytes) -> bytes:
    """As a device does it, with a library of its own."""
    options = [pkcs7.PKCS7Options.Binary]
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(recovery_key).add_recipient(certificate)
    return builder.encrypt(serialization.Encoding.DER, options)


def test_the_filevault_key_comes_back_sealed_to_a_key_of_this_command(house: House) -> None:
    prepared = prepare("rotate-filevault-key", MAC, house=house)
    sent = command(prepared)
    assert (sent["KeyType"], sent["FileVaultUnlock"]) == ("personal", {"Password": RECOVERY_KEY})
    held, bundle = escrowed(house, prepared)
    assert (held.kind, held.note) == ("filevault_reply_key", COMMAND)
    assert b"PRIVATE KEY" in bundle.reveal()
    assert b"PRIVATE" not in prepared.payload.reveal()
    house.store.commit(*prepared.changes)
    certificate = x509.load_der_x509_certificate(sent["ReplyEncryptionCertificate"])
    assert certificate.not_valid_before_utc.timestamp() < NOW < certificate.not_valid_after_utc.timestamp()
    assert certificate.not_valid_after_utc.timestamp() - NOW < 40 * 86_400

    answer = seal_as_a_mac(certificate, b"NEW1-NEW2-NEW3-NEW4-NEW5-NEW6")
    opened = filevault.open_filevault_reply(house, MAC.id, COMMAND, answer)
    assert opened == Secret(b"NEW1-NEW2-NEW3-NEW4-NEW5-NEW6")


def test_a_reply_for_another_command_or_a_changed_one_does_not_open(house: House) -> None:
    first = prepare("rotate-filevault-key", MAC, house=house)
    house.store.commit(*first.changes)
    second = get("rotate-filevault-key").prepare(house, MAC, {}, "501SECOND")
    house.store.commit(*second.changes)
    certificate = x509.load_der_x509_certificate(command(first)["ReplyEncryptionCertificate"])
    answer = seal_as_a_mac(certificate, b"key")
    assert filevault.open_filevault_reply(house, MAC.id, COMMAND, answer) == Secret(b"key")
    for command_id, wrong in [("501SECOND", answer), ("unknown", answer), (COMMAND, answer[:-20]), (COMMAND, b"x")]:
        with pytest.raises(BadRequest):
            filevault.open_filevault_reply(house, MAC.id, command_id, wrong)


def test_the_first_rotation_needs_what_opens_filevault_now() -> None:
    house = memory_house(lambda: NOW)
    with pytest.raises(Unprocessable, match="Give `current` once"):
        prepare("rotate-filevault-key", MAC, house=house)
    prepared = prepare("rotate-filevault-key", MAC, {"current": "hunter2"}, house)
    assert command(prepared)["FileVaultUnlock"] == {"Password": "hunter2"}
    assert prepared.shown == {"current": "given"}
    assert prepared.secret


def test_a_recovery_lock_is_unconfirmed_until_the_mac_has_it() -> None:
    house = memory_house(lambda: NOW)
    prepared = prepare("set-recovery-lock", MAC, house=house)
    sent = command(prepared)
    assert "CurrentPassword" not in sent
    held, secret = escrowed(house, prepared)
    assert (held.kind, held.confirmed, held.note) == ("recovery_lock", False, COMMAND)
    assert sent["NewPassword"] == secret.reveal().decode()
    house.store.commit(*prepared.changes)
    assert escrow.current(house, MAC.id, "recovery_lock") is None
    house.store.commit(*escrow.confirming(house, MAC.id, "recovery_lock", COMMAND))
    assert escrow.current(house, MAC.id, "recovery_lock") == secret

    changed = command(prepare("set-recovery-lock", MAC, house=house))
    assert changed["CurrentPassword"] == sent["NewPassword"]
    assert changed["NewPassword"] != sent["NewPassword"]
    assert command(prepare("verify-recovery-lock", MAC, house=house))["Password"] == sent["NewPassword"]


def test_recovery_passwords_are_drawn_by_chance() -> None:
    drawn = {set_recovery_lock.new_password() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(len(password) == 27 and password.isascii() for password in drawn)


def test_clearing_the_recovery_lock(house: House) -> None:
    prepared = prepare("set-recovery-lock", MAC, {"clear": True}, house)
    assert command(prepared)["NewPassword"] == ""
    assert command(prepared)["CurrentPassword"] == RECOVERY_LOCK
    house.store.commit(*prepared.changes)
    assert escrow.current(house, MAC.id, "recovery_lock") == Secret(RECOVERY_LOCK.encode())
    house.store.commit(*escrow.confirming(house, MAC.id, "recovery_lock", COMMAND))
    assert escrow.current(house, MAC.id, "recovery_lock") is None
    with pytest.raises(Unprocessable, match="none that Muster could remove"):
        prepare("set-recovery-lock", MAC, {"clear": True}, house)
    with pytest.raises(Unprocessable, match="set one first"):
        prepare("verify-recovery-lock", MAC, house=house)


def test_a_second_change_of_the_recovery_lock_waits_for_the_first(house: House) -> None:
    prepared = prepare("set-recovery-lock", MAC, house=house)
    waiting = Command(
        COMMAND, MAC.enrollment_id, MAC.id, "set-recovery-lock", "SetRecoveryLock", b"", NOW, NOW, "user:a"
    )
    house.store.commit(Create(waiting), *prepared.changes)
    with pytest.raises(Unprocessable, match="under way"):
        get("set-recovery-lock").prepare(house, MAC, {}, "501LATER")
    stored = house.store.get(Command, MAC.enrollment_id, COMMAND)
    end(house, stored, CommandState.CANCELLED)
    assert get("set-recovery-lock").prepare(house, MAC, {}, "501LATER").changes
