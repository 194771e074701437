"""What the CA issues, by OpenSSL's judgement; what it refuses to issue."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.pki import ca, credential, crl, trust
from chalicelib.pki.csr import SigningRequest
from chalicelib.pki.errors import BadMessage, Expired, PkiError, Revoked, Unsupported, Untrusted, WeakKey
from chalicelib.pki.signer import LocalSigner, SigningKey


def issue(authority, spki, now, name="e-1", days=365, **more) -> bytes:
    serial = more.pop("serial", 4711)
    return ca.issue(authority.signer, authority.certificate, spki, name, "Muster", now, days, serial, **more)


def text(openssl, certificate: bytes) -> str:
    return openssl.run("x509", "-inform", "DER", "-noout", "-text", data=certificate).decode()


def test_openssl_accepts_the_chain_for_a_client_only(openssl, authority, device, attime) -> None:
    root, leaf = openssl.pem(authority.certificate), openssl.pem(device.certificate)
    openssl.run("verify", "-x509_strict", *attime, "-CAfile", root, "-purpose", "sslclient", leaf)
    assert openssl.refuses("verify", "-x509_strict", *attime, "-CAfile", root, "-purpose", "sslserver", leaf)
    assert openssl.refuses("verify", "-x509_strict", "-attime", "1", "-CAfile", root, leaf)


def test_openssl_accepts_the_registration_authority_but_not_as_a_client_ca(openssl, authority, attime) -> None:
    root, ra = openssl.pem(authority.certificate), openssl.pem(authority.ra.certificate)
    openssl.run("verify", "-x509_strict", *attime, "-CAfile", root, "-purpose", "smimesign", ra)
    assert "CA:FALSE" in text(openssl, authority.ra.certificate)
    assert "Client Authentication" not in text(openssl, authority.ra.certificate)


def test_a_device_certificate_says_what_it_should(openssl, authority, now) -> None:
    spki = openssl.spki(openssl.new_key())
    shown = text(openssl, issue(authority, spki, now, crl_url="https://mdm.example/crl", serial=0xABCDEF))
    for expected in (
        "Serial Number: 11259375",
        "Subject: O = Muster, CN = e-1",
        "Issuer: O = Example, CN = Muster Device CA",
        "Not Before: Jan 15 11:00:00 2026",
        "Not After : Jan 15 12:00:00 2027",
        "Digital Signature, Key Encipherment",
        "TLS Web Client Authentication",
        "URI:https://mdm.example/crl",
        "sha256WithRSAEncryption",
    ):
        assert expected in shown
    certificate = x509.load_der_x509_certificate(authority.certificate)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)


def test_no_certificate_outlives_the_ca(openssl, authority, now) -> None:
    spki = openssl.spki(openssl.new_key())
    end = trust.load(authority.certificate).not_valid_after_utc
    assert trust.identity(issue(authority, spki, now, days=36_500)).not_after == end
    for moment in (end, now - timedelta(hours=2)):
        with pytest.raises(Expired):
            issue(authority, spki, moment)


@pytest.mark.parametrize("curve", ["P-256", "P-384"])
def test_elliptic_curves_are_certified(openssl, authority, now, curve) -> None:
    spki = openssl.spki(openssl.new_key("-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}"))
    trust.check_issued(issue(authority, spki, now), authority.certificate, now)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("RSA", "-pkeyopt", "rsa_keygen_bits:1024"), WeakKey),
        (("EC", "-pkeyopt", "ec_paramgen_curve:P-521"), WeakKey),
        (("EC", "-pkeyopt", "ec_paramgen_curve:P-224"), Unsupported),
        (("ED25519",), Unsupported),
        (("X25519",), Unsupported),
    ],
)
def test_other_keys_are_not(openssl, authority, now, options, error) -> None:
    spki = openssl.spki(openssl.new_key("-algorithm", *options))
    with pytest.raises(error):
        issue(authority, spki, now)


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 65}, {"serial": 0}, {"serial": -1}, {"serial": 2**160}, {"days": -1}]
)
def test_impossible_values_are_refused(device, authority, now, wrong) -> None:
    spki = credential.public_key_of(pkcs8(device))
    with pytest.raises(BadMessage):
        issue(authority, spki, now, **wrong)


def pkcs8(device) -> bytes:
    return device.credential.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("spki", [b"", b"\x30\x00", b"\x30" * 2000, bytes(40)])
def test_a_malformed_key_is_refused(authority, now, spki) -> None:
    with pytest.raises(PkiError):
        issue(authority, spki, now)


def test_another_key_than_the_cas_does_not_sign(openssl, authority, now) -> None:
    spki, other = openssl.spki(openssl.new_key()), LocalSigner.generate()
    with pytest.raises(Untrusted):
        ca.issue(other, authority.certificate, spki, "e-1", "Muster", now, 365, 1)
    with pytest.raises(Untrusted):
        crl.build(other, authority.certificate, [], 1, now)


def test_serials_are_fresh_and_fit() -> None:
    serials = {ca.new_serial() for _ in range(1000)}
    assert len(serials) == 1000
    assert all(0 < serial < 2**159 for serial in serials)


@dataclass
class Recorder:
    """A remote key: signs elsewhere, remembers what it was asked."""

    inner: LocalSigner
    asked: list[bytes]

    @property
    def public_key(self) -> bytes:
        return self.inner.public_key

    def sign(self, data: bytes) -> bytes:
        self.asked.append(data)
        return self.inner.sign(data)


def test_a_remote_key_is_asked_once_for_exactly_the_signed_part(openssl, authority, now) -> None:
    remote = Recorder(authority.signer, [])
    spki = openssl.spki(openssl.new_key())
    issued = ca.issue(remote, authority.certificate, spki, "e-1", "Muster", now, 365, 1)
    assert remote.asked == [x509.load_der_x509_certificate(issued).tbs_certificate_bytes]


def test_the_signing_key_does_nothing_else(authority) -> None:
    key = SigningKey(authority.signer)
    assert key.key_size == 2048
    for refused in (
        lambda: key.sign(b"", padding.PKCS1v15(), hashes.SHA1()),
        lambda: key.sign(b"", padding.PKCS1v15(), hashes.SHA512()),
        lambda: key.sign(b"", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
        lambda: key.decrypt(b"", padding.PKCS1v15()),
        lambda: key.private_numbers(),
        lambda: key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    ):
        with pytest.raises(Unsupported):
            refused()


def test_a_credential_needs_the_key_to_its_certificate(authority, device) -> None:
    with pytest.raises(Untrusted):
        credential.load(authority.ra.certificate, pkcs8(device))
    with pytest.raises(BadMessage):
        credential.load(device.certificate, b"not a key")
    assert credential.load(device.certificate, pkcs8(device)).certificate == device.certificate


def test_no_private_key_is_shown(authority, device) -> None:
    shown = repr((authority.ra, device.credential, authority.signer))
    assert "RSAPrivateKey" not in shown
    assert isinstance(authority.ra.key, rsa.RSAPrivateKey)


def test_renewal_is_for_the_same_subject_with_a_certificate_in_force(authority, device, now) -> None:
    root, old = authority.certificate, device.certificate
    for name in ("e-1", None):
        assert ca.check_renewal(old, SigningRequest(b"", None, name), root, now).common_name == "e-1"
    with pytest.raises(Untrusted):
        ca.check_renewal(old, SigningRequest(b"", None, "e-2"), root, now)
    same = SigningRequest(b"", None, "e-1")
    with pytest.raises(Expired):
        ca.check_renewal(old, same, root, now + timedelta(days=366))
    with pytest.raises(Revoked):
        ca.check_renewal(old, same, root, now, {trust.identity(old).serial})
    with pytest.raises(Untrusted):
        ca.check_renewal(authority.ra.certificate, same, root, now)
