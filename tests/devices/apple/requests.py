"""PKCS#10 requests and throw-away self-signed certificates as a device makes them before it has an identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import core, keys
from asn1crypto import csr as asn1_csr
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.devices.apple.cms import HASHES
from tests.devices.apple.identity import Identity

SHORT_NAMES = {"C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3"}
Subject = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Names:
    """What a CSR asks for besides its subject: an honest device nothing, a spoofer anything."""

    dns: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    authority: bool = False


def subject_name(subject: Subject) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(x509.ObjectIdentifier(SHORT_NAMES.get(short, short)), value) for short, value in subject]
    )


def subject_of(identity: Identity) -> list[tuple[str, str]]:
    return [(one.oid.dotted_string, str(one.value)) for one in identity.x509.subject]


def csr(
    key: rsa.RSAPrivateKey,
    subject: Subject,
    challenge: str | None,
    *,
    digest: str = "sha256",
    names: Names | None = None,
    challenge_type: type[core.AbstractString] = core.PrintableString,
    shuffled: bool = False,
) -> bytes:
    """DER of a request by hand: SHA-1, odd characters and an attribute SET out of DER order are all to be had."""
    attributes = [_extensions(names or Names())]
    if challenge is not None:
        attributes.append(_challenge(challenge, challenge_type))
    attributes.sort(key=lambda one: bytes(one.dump()), reverse=shuffled)
    # A SET by hand (an OCTET STRING with another tag), since asn1crypto would put it in order.
    ordered = b"\x31" + core.OctetString(b"".join(bytes(one.dump()) for one in attributes)).dump()[1:]
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    info = asn1_csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": asn1_x509.Name.load(subject_name(subject).public_bytes()),
            "subject_pk_info": keys.PublicKeyInfo.load(public),
            "attributes": asn1_csr.CRIAttributes.load(ordered),
        }
    )
    signed = info.dump()
    request = asn1_csr.CertificationRequest(
        {
            "certification_request_info": asn1_csr.CertificationRequestInfo.load(signed),
            "signature_algorithm": {"algorithm": f"{digest}_rsa"},
            "signature": key.sign(signed, padding.PKCS1v15(), HASHES[digest]),
        }
    )
    return bytes(request.dump())


def self_signed(key: rsa.RSAPrivateKey, subject: Subject, days: int = 1) -> Identity:
    now = datetime.now(UTC)
    name = subject_name(subject)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return Identity(certificate.public_bytes(serialization.Encoding.DER), key)


def _challenge(text: str, kind: type[core.AbstractString]) -> core.Sequence:
    # By its bytes, since `!` and NUL inside a PrintableString occur in the field.
    odd = kind is core.PrintableString
    return _attribute("1.2.840.113549.1.9.7", kind(contents=text.encode("latin-1")) if odd else kind(text))


def _extensions(names: Names) -> core.Sequence:
    wanted: list[dict[str, object]] = [
        {"extn_id": "key_usage", "extn_value": asn1_x509.KeyUsage({"digital_signature", "key_encipherment"})}
    ]
    general = [asn1_x509.GeneralName("dns_name", one) for one in names.dns]
    general += [asn1_x509.GeneralName("rfc822_name", one) for one in names.email]
    if general:
        wanted.append({"extn_id": "subject_alt_name", "extn_value": general})
    if names.authority:
        wanted.append({"extn_id": "basic_constraints", "critical": True, "extn_value": {"ca": True}})
    return _attribute("1.2.840.113549.1.9.14", asn1_x509.Extensions(wanted))


def _attribute(oid: str, value: core.Asn1Value) -> core.Sequence:
    return asn1_csr.CRIAttribute({"type": asn1_csr.CSRAttributeType(oid), "values": [value]})
