"""What the commands hold: profiles, updates, questions."""

import plistlib
import subprocess
import sys
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.model.device import Ownership, Platform
from chalicelib.model.enrollment import Declaration
from chalicelib.platforms.apple.actions import filevault, queries
from tests.unit.apple_actions import samples
from tests.unit.apple_actions.samples import (
    NOW,
    command,
    device,
    prepare,
    profile,
    text,
)

PHONE, MAC = device(Platform.IOS), device(Platform.MACOS)


@pytest.fixture
def house() -> House:
    return samples.stocked_house()


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
