"""The certificate revocation list of our CA (RFC 5280 §5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from chalicelib.pki import trust
from chalicelib.pki.errors import BadMessage, BadSignature, Untrusted
from chalicelib.pki.signer import Signer, SigningKey

UNSPECIFIED = x509.ReasonFlags.unspecified


class Revocation(NamedTuple):
    """`reason` is a name of RFC 5280 §5.3.1, such as keyCompromise, superseded or unspecified."""

    serial: int
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RevocationList:
    number: int
    this_update: datetime
    next_update: datetime | None
    revoked: tuple[Revocation, ...]


def build(signer: Signer, ca: bytes, revoked: Iterable[Revocation], number: int, now: datetime, days: int = 7) -> bytes:
    """`number` must grow from one list to the next."""
    key = SigningKey(signer)
    issuer = trust.load(ca)
    with trust.parsing():
        if issuer.public_key() != key.public_key():
            raise Untrusted("the signing key is not the CA's")
        ca_key_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            # Handed over at once: added one by one, each would copy all before it.
            x509.CertificateRevocationListBuilder(revoked_certificates=[_entry(each) for each in revoked])
            .issuer_name(issuer.subject)
            .last_update(now)
            .next_update(now + timedelta(days=days))
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_key_id), critical=False)
        )
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def parse(crl: bytes, ca: bytes) -> RevocationList:
    with trust.parsing():
        parsed = x509.load_der_x509_crl(crl)
        issuer_key = trust.load(ca).public_key()
        if not isinstance(issuer_key, rsa.RSAPublicKey) or not parsed.is_signature_valid(issuer_key):
            raise BadSignature("the revocation list was not signed by this CA")
        return RevocationList(
            number=parsed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number,
            this_update=parsed.last_update_utc,
            next_update=parsed.next_update_utc,
            revoked=tuple(_revocation(each) for each in parsed),
        )


def _entry(revocation: Revocation) -> x509.RevokedCertificate:
    try:
        reason = x509.ReasonFlags(revocation.reason)
    except ValueError as error:
        raise BadMessage("the reason for a revocation is not known") from error
    builder = x509.RevokedCertificateBuilder().serial_number(revocation.serial).revocation_date(revocation.at)
    if reason is not UNSPECIFIED:  # RFC 5280 §5.3.1: said by leaving it out
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    return builder.build()


def _revocation(entry: x509.RevokedCertificate) -> Revocation:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = UNSPECIFIED
    return Revocation(entry.serial_number, entry.revocation_date_utc, reason.value)
