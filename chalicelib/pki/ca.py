"""Our certification authority (RFC 5280): its own certificate, devices' ones, and the SCEP registration authority's.

Subject and extensions are always ours; of a request only the public key is ever certified.
"""

from collections.abc import Container
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chalicelib.pki import keys, trust
from chalicelib.pki.csr import SigningRequest
from chalicelib.pki.errors import Expired, Untrusted
from chalicelib.pki.signer import Signer, SigningKey

# Devices' clocks run behind; a certificate must be in force the moment it arrives.
CLOCK_SKEW = timedelta(hours=1)


def new_serial() -> int:
    return x509.random_serial_number()


def self_signed_ca(signer: Signer, organization: str, now: datetime, days: int = 3650) -> bytes:
    key = SigningKey(signer)
    keys.certifiable(signer.public_key)
    with trust.parsing():
        name = _name("Muster Device CA", organization)
        builder = _builder(name, name, key.public_key(), new_serial(), now, now + timedelta(days=days))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def issue(
    signer: Signer,
    ca: bytes,
    spki: bytes,
    common_name: str,
    organization: str,
    now: datetime,
    days: int,
    serial: int,
    crl_url: str | None = None,
) -> bytes:
    """A device's client certificate; it never outlives the CA's."""
    with trust.parsing():
        builder = _leaf(ca, spki, _name(common_name, organization), now, days, serial)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        if crl_url is not None:
            builder = builder.add_extension(_crl_at(crl_url), critical=False)
        return _sign(builder, signer, ca)


def ra_certificate(
    signer: Signer, ca: bytes, spki: bytes, organization: str, now: datetime, days: int, serial: int
) -> bytes:
    """For SCEP and for signing profiles. Not made for client authentication, so it never passes for a device."""
    with trust.parsing():
        return _sign(_leaf(ca, spki, _name("Muster Registration", organization), now, days, serial), signer, ca)


def check_renewal(
    old: bytes, request: SigningRequest, ca: bytes, now: datetime, revoked: Container[int] = frozenset()
) -> trust.Identity:
    """The holder of a certificate in force may have another for the same subject: the returned `common_name`."""
    holder = trust.check_issued(old, ca, now, revoked)
    if request.subject_cn is not None and request.subject_cn != holder.common_name:
        raise Untrusted("the renewal is for another subject")
    return holder


def _leaf(ca: bytes, spki: bytes, subject: x509.Name, now: datetime, days: int, serial: int) -> x509.CertificateBuilder:
    issuer = trust.load(ca)
    if not issuer.not_valid_before_utc <= now < issuer.not_valid_after_utc:
        raise Expired("the CA's certificate has expired or is not valid yet")
    end = min(now + timedelta(days=days), issuer.not_valid_after_utc)
    builder = _builder(subject, issuer.subject, keys.certifiable(spki), serial, now, end)
    ca_key_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, key_encipherment=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_key_id), critical=False)
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: keys.PublicKey, serial: int, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _sign(builder: x509.CertificateBuilder, signer: Signer, ca: bytes) -> bytes:
    key = SigningKey(signer)
    if trust.load(ca).public_key() != key.public_key():
        raise Untrusted("the signing key is not the CA's")
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _name(common_name: str, organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _usage(
    digital_signature: bool = False, key_encipherment: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_encipherment=key_encipherment,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _crl_at(url: str) -> x509.CRLDistributionPoints:
    location = x509.UniformResourceIdentifier(url)
    return x509.CRLDistributionPoints([x509.DistributionPoint([location], None, None, None)])
