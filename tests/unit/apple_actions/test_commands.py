"""What the commands hold, what of them may be shown, and what is escrowed with them."""

import json
import plistlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from chalicelib.core import escrow
from chalicelib.core.errors import BadRequest, Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Prepared
from chalicelib.core.queue import end
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Ownership, Platform
from chalicelib.model.enrollment import Declaration
from chalicelib.model.escrow import EscrowedSecret
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple.actions import filevault, queries, registry, set_recovery_lock
from chalicelib.storage.memory.house import memory_house
from tests.unit.apple_actions import samples
from tests.unit.apple_actions.samples import (
    COMMAND,
    FULL,
    NEEDED,
    NOW,
    RECOVERY_KEY,
    RECOVERY_LOCK,
    TOKEN,
    command,
    device,
    get,
    prepare,
    profile,
    text,
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


# --- secrets ---------------------------------------------------------------------------------------------------------


def everything() -> Iterator[tuple[str, Platform, dict[str, object]]]:
    for name in registry.names():
        for platform in get(name).systems:
            for extent in (NEEDED, FULL):
                params = {**NEEDED.get(name, {}), **extent.get(name, {})}
                yield name, platform, samples.known(get(name), platform, params)


def test_what_may_be_shown_holds_no_secret(house: House) -> None:
    for name, platform, params in everything():
        prepared = prepare(name, samples.suitable(get(name), platform), params, house)
        assert prepared.shown is not None, name
        shown = json.dumps(prepared.shown)
        hidden = [RECOVERY_KEY, RECOVERY_LOCK, TOKEN.decode(), "FileVault user's password", text(profile())]
        hidden += [
            escrow.open_version(house, change.record).reveal().decode()
            for change in prepared.changes
            if isinstance(change.record, EscrowedSecret)
        ]
        sent = prepared.payload.reveal().decode()
        assert not [secret for secret in hidden if secret and secret in shown], name
        flat = "".join(sent.split())
        carried = [secret for secret in hidden if secret and "".join(secret.split()) in flat]
        carried += ["unlock token"] if text(TOKEN) in flat else []
        carried += ["profile"] if text(profile())[:40] in flat else []
        assert prepared.secret >= bool(carried), name  # sealed wherever it carries one
        assert "***" in repr(prepared)


def test_pins_are_drawn_by_chance(house: House) -> None:
    pins = [command(prepare("lock", MAC, house=house))["PIN"] for _ in range(1000)]
    assert all(len(pin) == 6 and pin.isdigit() for pin in pins)
    assert len(set(pins)) > 990  # under a clock that stands still
    assert len({pin[0] for pin in pins}) == 10  # leading zeros too


@pytest.mark.parametrize("name", ["lock", "erase"])
def test_a_mac_gets_a_pin_which_is_escrowed_with_the_command(house: House, name: str) -> None:
    prepared = prepare(name, MAC, house=house)
    held, secret = escrowed(house, prepared)
    assert (held.owner, held.kind, held.note, held.confirmed) == (MAC.id, "lock_pin", COMMAND, True)
    assert command(prepared)["PIN"] == secret.reveal().decode()
    assert prepared.secret
    for other in (PHONE, device(Platform.VISIONOS)):
        prepared = prepare(name, other, house=house)
        assert "PIN" not in command(prepared)
        assert prepared.changes == ()


def test_clear_passcode_uses_the_escrowed_token(house: House) -> None:
    prepared = prepare("clear-passcode", PHONE, house=house)
    assert command(prepared) == {"RequestType": "ClearPasscode", "UnlockToken": TOKEN}
    assert prepared.secret
    with pytest.raises(Unprocessable, match="No unlock token"):
        prepare("clear-passcode", PHONE, house=memory_house())


# --- FileVault -------------------------------------------------------------------------------------------------------


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


# --- recovery lock ---------------------------------------------------------------------------------------------------


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


# --- parameters ------------------------------------------------------------------------------------------------------

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


# --- profiles --------------------------------------------------------------------------------------------------------


def test_a_profile_is_sealed_and_only_its_name_is_shown(house: House) -> None:
    prepared = prepare("install-profile", MAC, {"profile": text(profile()), "user": "F0E1"}, house)
    assert command(prepared)["Payload"] == profile()
    assert prepared.shown is not None
    assert {"identifier": "org.example", "name": "Example", "user": "F0E1"}.items() <= prepared.shown.items()
    assert prepared.user_channel == "F0E1"
    assert prepared.secret


def test_a_signed_profile_is_read_and_sent_as_it_is(house: House) -> None:
    certificate, bundle = filevault.reply_identity(NOW)
    key = serialization.load_pem_private_key(bundle.reveal(), None)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(profile(PayloadIdentifier="org.example.signed"))
    builder = builder.add_signer(x509.load_der_x509_certificate(certificate), key, hashes.SHA256())  # type: ignore[arg-type]
    signed = builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    prepared = prepare("install-profile", PHONE, {"profile": text(signed)}, house)
    assert prepared.shown is not None
    assert prepared.shown["identifier"] == "org.example.signed"
    assert command(prepared)["Payload"] == signed
    broken = signed.replace(b"org.example.signed", b"org.example.forged")
    with pytest.raises(Unprocessable, match="signature"):
        prepare("install-profile", PHONE, {"profile": text(broken)}, house)


# --- updates ---------------------------------------------------------------------------------------------------------


def test_an_update_is_declared_once_and_changed_when_the_order_changes(house: House) -> None:
    order = {"version": "18.2", "deadline": "2030-01-31T18:00:00"}
    prepared = prepare("os-update", PHONE, order, house)
    assert command(prepared) == {"RequestType": "DeclarativeManagement"}
    update, activation = (change.record for change in prepared.changes)
    assert isinstance(update, Declaration)
    assert isinstance(activation, Declaration)
    assert update.payload == {"TargetOSVersion": "18.2", "TargetLocalDateTime": "2030-01-31T18:00:00"}
    assert activation.payload == {"StandardConfigurations": [update.identifier]}
    house.store.commit(*prepared.changes)

    assert prepare("os-update", PHONE, order, house).changes == ()
    (change,) = prepare("os-update", PHONE, {**order, "version": "18.3"}, house).changes
    assert isinstance(change.record, Declaration)
    assert change.record.server_token != update.server_token
    house.store.commit(change)
    held = house.store.get(Declaration, PHONE.id, "configuration", update.identifier)
    assert held.payload["TargetOSVersion"] == "18.3"


def test_the_same_version_may_be_ordered_again_with_another_build(house: House) -> None:
    order = {"version": "18.1", "deadline": "2030-01-31T18:00:00", "build": "22B91"}
    assert prepare("os-update", PHONE, order, house).changes


# --- inventory -------------------------------------------------------------------------------------------------------


def test_of_personal_devices_only_the_managed_is_asked_for() -> None:
    lists = (
        ("InstalledApplicationList", "ManagedAppsOnly", queries.installed_apps, "installed-apps"),
        ("CertificateList", "ManagedOnly", queries.certificates, "certificates"),
        ("ProfileList", "ManagedOnly", queries.profiles, "profiles"),
    )
    private = (replace(PHONE, ownership=Ownership.PERSONAL), replace(PHONE, user_enrollment=True))
    for request_type, key, ask, name in lists:
        assert plistlib.loads(ask(PHONE, "1"))["Command"] == {"RequestType": request_type}
        for personal in private:
            assert plistlib.loads(ask(personal, "1"))["Command"][key] is True
            assert command(prepare(name, personal, {"managed_only": False}))[key] is True
        assert command(prepare(name, PHONE, {"managed_only": True}))[key] is True
    asked = queries.device_queries(private[0])
    assert not {"ServiceSubscriptions", "WiFiMAC", "IsCloudBackupEnabled", "TimeZone"} & set(asked)
    assert "SerialNumber" in asked
    assert "SerialNumber" not in queries.device_queries(private[1])


def test_the_device_plane_needs_no_pydantic() -> None:
    modules = ("registry", "queries", "wire", "declarations", "filevault", "systems")
    imports = "; ".join(f"import chalicelib.platforms.apple.actions.{module}" for module in modules)
    code = f"import sys; {imports}; import chalicelib.platforms.apple.apns; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
