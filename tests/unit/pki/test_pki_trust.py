"""Whom we believe: every way not to be one of ours."""

from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chalicelib.pki import ca, credential, trust
from chalicelib.pki.errors import BadMessage, Expired, PkiError, Revoked, Untrusted
from chalicelib.pki.signer import LocalSigner


def test_identity_says_who(openssl, device, now) -> None:
    who = trust.identity(device.certificate)
    spki = openssl.run("x509", "-inform", "DER", "-noout", "-pubkey", data=device.certificate)
    spki = openssl.run("pkey", "-pubin", "-outform", "DER", data=spki)
    shown = openssl.run(
        "x509", "-inform", "DER", "-noout", "-serial", "-fingerprint", "-sha256", data=device.certificate
    )
    serial, fingerprint = (line.split("=")[1].replace(":", "").lower() for line in shown.decode().splitlines())
    assert who == trust.Identity(
        "e-1", int(serial, 16), now + timedelta(days=365), fingerprint, sha256(spki).hexdigest()
    )
    assert trust.fingerprint(device.certificate) == fingerprint


def test_validity_is_checked_to_the_second(authority, device, now) -> None:
    first, last = now - timedelta(hours=1), now + timedelta(days=365)
    for inside in (first, now, last):
        trust.check_issued(device.certificate, authority.certificate, inside)
    for outside in (first - timedelta(seconds=1), last + timedelta(seconds=1)):
        with pytest.raises(Expired):
            trust.check_issued(device.certificate, authority.certificate, outside)


def test_nothing_is_in_force_under_an_expired_ca(now) -> None:
    signer = LocalSigner.generate()
    root = ca.self_signed_ca(signer, "Example", now, days=1)
    leaf = certificate(signer, root, now, end=now + timedelta(days=9))
    trust.check_issued(leaf, root, now)
    with pytest.raises(Expired):
        trust.check_issued(leaf, root, now + timedelta(days=2))


def test_the_revoked_are_refused(authority, device, other_device, now) -> None:
    revoked = frozenset({trust.identity(device.certificate).serial})
    with pytest.raises(Revoked):
        trust.check_issued(device.certificate, authority.certificate, now, revoked)
    assert trust.check_issued(other_device.certificate, authority.certificate, now, revoked).common_name == "e-2"


def test_a_ca_and_a_registration_authority_are_no_devices(authority, now) -> None:
    for wrong in (authority.certificate, authority.ra.certificate):
        with pytest.raises(Untrusted):
            trust.check_issued(wrong, authority.certificate, now)


def test_another_ca_of_the_same_name_is_refused(authority, device, now) -> None:
    twin = ca.self_signed_ca(LocalSigner.generate(), "Example", now)
    with pytest.raises(Untrusted):
        trust.check_issued(device.certificate, twin, now)


def certificate(signer, root, now, extensions=None, digest=None, end=None, names=("e-1",)) -> bytes:
    """Signed by our CA's own key, yet not as we issue."""
    issuer = trust.load(root)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    builder = x509.CertificateBuilder().issuer_name(issuer.subject).subject_name(subject).serial_number(9)
    key = load_der_public_key(credential.public_key_of(credential.new_private_key()))
    builder = builder.public_key(key).not_valid_before(now).not_valid_after(end or now + timedelta(days=1))
    for extension in (PLAIN, CLIENT) if extensions is None else extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(signer.key, digest or hashes.SHA256()).public_bytes(credential.Encoding.DER)


PLAIN, CA = x509.BasicConstraints(False, None), x509.BasicConstraints(True, None)
CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
ANY = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])


@pytest.mark.parametrize(
    "odd",
    [
        {"extensions": (PLAIN,)},
        {"extensions": (CLIENT,)},
        {"extensions": ()},
        {"extensions": (CA, CLIENT)},
        {"extensions": (PLAIN, SERVER)},
        {"extensions": (PLAIN, ANY)},
        {"digest": hashes.SHA512()},
        {"names": ()},
        {"names": ("e-1", "e-2")},
    ],
    ids=["no-usage", "no-constraints", "nothing", "ca", "server", "any", "sha-512", "no-name", "two-names"],
)
def test_what_we_would_not_issue_is_refused(authority, now, odd) -> None:
    trust.check_issued(certificate(authority.signer, authority.certificate, now), authority.certificate, now)
    made = certificate(authority.signer, authority.certificate, now, **odd)
    with pytest.raises(PkiError):
        trust.check_issued(made, authority.certificate, now)


def test_a_client_certificate_in_pem(openssl, device, authority) -> None:
    pem = openssl.pem(device.certificate).read_text()
    assert trust.client_certificate(pem) == device.certificate
    two = pem + openssl.pem(authority.certificate).read_text()
    for wrong in ("", "x", pem[:-40], two, pem.replace("MII", "MIÉ"), pem.replace("CERTIFICATE", "KEY"), "A" * 20_000):
        with pytest.raises(BadMessage):
            trust.client_certificate(wrong)


def test_junk_is_refused(authority, now) -> None:
    for junk in (b"", b"\x30\x00", bytes(100), b"\x30" * 20_000):
        with pytest.raises(BadMessage):
            trust.check_issued(junk, authority.certificate, now)
