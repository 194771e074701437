"""Whom we believe: those to whom our own CA issued a certificate (RFC 5280 §6, for a chain of one)."""

from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chalicelib.pki import der, oids
from chalicelib.pki.certificate import MAX_CERTIFICATE
from chalicelib.pki.errors import BadMessage, Expired, Revoked, Unsupported, Untrusted

MALFORMED = (
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a certificate says its holder is; fingerprints are hexadecimal SHA-256."""

    common_name: str
    serial: int
    not_after: datetime
    fingerprint: str
    spki_sha256: str


def fingerprint(certificate: bytes) -> str:
    return sha256(certificate).hexdigest()


@contextmanager
def parsing() -> Iterator[None]:
    """The X.509 library decodes as it goes; this is the one place that turns what it raises into our errors."""
    try:
        yield
    except MALFORMED as error:
        raise BadMessage("the certificate is malformed") from error
    except UnsupportedAlgorithm as error:
        raise Unsupported("the certificate's algorithm is not supported") from error


def load(certificate: bytes) -> x509.Certificate:
    if len(certificate) > MAX_CERTIFICATE:
        raise BadMessage("the certificate is too large")
    with parsing():
        return x509.load_der_x509_certificate(certificate)


def client_certificate(pem: str) -> bytes:
    """The caller's certificate as API Gateway passes it on after mutual TLS: exactly one, in PEM."""
    if len(pem) > MAX_CERTIFICATE:
        raise BadMessage("the certificate is too large")
    with parsing():
        certificates = x509.load_pem_x509_certificates(pem.encode("ascii"))
        if len(certificates) != 1:
            raise BadMessage("exactly one certificate was expected")
        return certificates[0].public_bytes(Encoding.DER)


def identity(certificate: bytes) -> Identity:
    return _identity(load(certificate), certificate)


def subject(certificate: bytes) -> str:
    """The subject as text, its parts in the order in which they are encoded: O=Muster,CN=…"""
    with parsing():
        return ",".join(relative.rfc4514_string() for relative in load(certificate).subject.rdns)


def _identity(parsed: x509.Certificate, certificate: bytes) -> Identity:
    with parsing():
        names = parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        spki = parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if len(names) != 1 or not isinstance(names[0].value, str):
        raise BadMessage("the certificate does not name exactly one subject")
    return Identity(
        common_name=names[0].value,
        serial=parsed.serial_number,
        not_after=parsed.not_valid_after_utc,
        fingerprint=fingerprint(certificate),
        spki_sha256=sha256(spki).hexdigest(),
    )


def check_issued(certificate: bytes, ca: bytes, now: datetime, revoked: Container[int] = frozenset()) -> Identity:
    """A client certificate that our CA issued, in force at `now`, and not among the `revoked` serial numbers."""
    parsed, issuer = load(certificate), load(ca)
    _check_form(parsed, certificate)
    _check_signed_by(parsed, issuer)
    _check_purpose(parsed)
    for each in (issuer, parsed):
        if not each.not_valid_before_utc <= now <= each.not_valid_after_utc:
            raise Expired("the certificate has expired or is not valid yet")
    if parsed.serial_number in revoked:
        raise Revoked("the certificate is revoked")
    return _identity(parsed, certificate)


def _check_form(parsed: x509.Certificate, certificate: bytes) -> None:
    """Our CA signs in one way only. What lies outside its signature is compared too, or one certificate could be shown
    under many fingerprints."""
    with parsing():
        signature = der.tlv(der.BIT_STRING, b"\0", parsed.signature)
        issued = der.sequence(parsed.tbs_certificate_bytes, oids.RSA_SHA256_IDENTIFIER, signature)
    if issued != certificate:
        raise Untrusted("the certificate was not issued by this CA")


def _check_signed_by(parsed: x509.Certificate, issuer: x509.Certificate) -> None:
    try:
        with parsing():
            parsed.verify_directly_issued_by(issuer)
    except (InvalidSignature, BadMessage) as error:
        raise Untrusted("the certificate was not issued by this CA") from error


def _check_purpose(parsed: x509.Certificate) -> None:
    with parsing():
        try:
            constraints = parsed.extensions.get_extension_for_class(x509.BasicConstraints).value
            purposes = parsed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound as error:
            raise Untrusted("the certificate was not made for a device") from error
    if constraints.ca or list(purposes) != [ExtendedKeyUsageOID.CLIENT_AUTH]:
        raise Untrusted("the certificate was not made for a device")
