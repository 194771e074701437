"""SCEP messages (RFC 8894): requests, taken apart in two steps so that a failure of the second can be told; replies.

A reply is signed with SHA-256 whatever the request used: current clients read it, and it echoes bytes of the caller's
choosing, which must not be signed with SHA-1.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.pki import certificate, cms, cms_build, csr, der, envelope, keys, oids
from chalicelib.pki.credential import Credential
from chalicelib.pki.errors import BadMessage, CannotDecrypt, Expired, PkiError, Unsupported, Untrusted, WeakKey

CAPABILITIES = ("Renewal", "SHA-1", "SHA-256", "AES", "DES3", "SCEPStandard", "POSTPKIOperation")
CERT_REP, SUCCESS, FAILURE = "3", "0", "2"


class MessageType(IntEnum):
    RENEWAL_REQ = 17
    PKCS_REQ = 19
    CERT_POLL = 20


class FailInfo(IntEnum):
    BAD_ALG = 0
    BAD_MESSAGE_CHECK = 1
    BAD_REQUEST = 2
    BAD_TIME = 3
    BAD_CERT_ID = 4


MESSAGE_TYPES = {str(each.value): each for each in MessageType}
# The first kind that fits tells.
FAILURES: tuple[tuple[type[PkiError], FailInfo], ...] = (
    (WeakKey, FailInfo.BAD_ALG),
    (Unsupported, FailInfo.BAD_ALG),
    (CannotDecrypt, FailInfo.BAD_MESSAGE_CHECK),
    (Expired, FailInfo.BAD_TIME),
    (Untrusted, FailInfo.BAD_CERT_ID),
    (PkiError, FailInfo.BAD_REQUEST),
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """A well-signed request, still sealed. `signer` may be self-signed: it proves only who gets the reply."""

    message_type: MessageType
    transaction_id: str
    sender_nonce: bytes
    signer: bytes
    sealed: envelope.Sealed = field(repr=False)


def open_message(message: bytes) -> Transaction:
    signed = cms.verify_attached(message)
    kind = MESSAGE_TYPES.get(_text(signed, oids.SCEP_MESSAGE_TYPE))
    if kind is None:
        raise BadMessage("the message type is not one that is served")
    transaction_id = _text(signed, oids.SCEP_TRANSACTION_ID)
    nonce = _attribute(signed, oids.SCEP_SENDER_NONCE).expect(der.OCTET_STRING).body
    if not 1 <= len(transaction_id) <= 256 or not 1 <= len(nonce) <= 64:
        raise BadMessage("the transaction or its nonce has the wrong length")
    key = keys.load(certificate.outline(signed.certificate).spki)
    if not isinstance(key, rsa.RSAPublicKey):
        raise Unsupported("only the holder of an RSA key can be sent an envelope")
    return Transaction(kind, transaction_id, nonce, signed.certificate, envelope.parse(signed.content))


def _attribute(signed: cms.Signed, name: bytes) -> der.Node:
    if name not in signed.attributes:
        raise BadMessage("a SCEP attribute is missing")
    return signed.attributes[name]


def _text(signed: cms.Signed, name: bytes) -> str:
    value = _attribute(signed, name)
    if value.tag not in (der.PRINTABLE_STRING, der.UTF8_STRING, der.IA5_STRING):
        raise BadMessage("a SCEP attribute is of another type")
    if not value.body.isascii() or not (text := value.body.decode("ascii")).isprintable():
        raise BadMessage("a SCEP attribute is not printable")
    return text


def read_request(transaction: Transaction, recipients: Sequence[Credential]) -> csr.SigningRequest:
    """Fails alike up to and including the request's own signature: anybody may cut out another's envelope, alter it and
    sign it anew, and must not learn from the answer what the private key saw."""
    if transaction.message_type is MessageType.CERT_POLL:
        raise BadMessage("nothing is ever left pending here")
    content = envelope.unseal(transaction.sealed, recipients)
    try:
        return csr.parse(content)
    except WeakKey:
        raise
    except PkiError as error:
        raise CannotDecrypt("the envelope cannot be opened") from error


def success(transaction: Transaction, issued: bytes, ca: bytes, credential: Credential) -> bytes:
    # Single DES is not worth sending, and whoever speaks it speaks triple DES.
    cipher = "3des" if transaction.sealed.cipher.name == "des" else transaction.sealed.cipher.name
    content = envelope.seal(cms_build.degenerate([issued, ca]), transaction.signer, cipher)
    return cms_build.signed_data(content, credential, _reply(transaction, SUCCESS))


def failure(transaction: Transaction, info: FailInfo, credential: Credential) -> bytes:
    attributes = _reply(transaction, FAILURE) | {oids.SCEP_FAIL_INFO: _printable(str(info.value))}
    return cms_build.signed_data(None, credential, attributes)


def fail_info(error: PkiError) -> FailInfo:
    return next(info for kind, info in FAILURES if isinstance(error, kind))


def _reply(transaction: Transaction, status: str) -> dict[bytes, bytes]:
    return {
        oids.SCEP_MESSAGE_TYPE: _printable(CERT_REP),
        oids.SCEP_PKI_STATUS: _printable(status),
        oids.SCEP_TRANSACTION_ID: _printable(transaction.transaction_id),
        oids.SCEP_SENDER_NONCE: der.tlv(der.OCTET_STRING, secrets.token_bytes(16)),
        oids.SCEP_RECIPIENT_NONCE: der.tlv(der.OCTET_STRING, transaction.sender_nonce),
    }


def _printable(text: str) -> bytes:
    return der.tlv(der.PRINTABLE_STRING, text.encode("ascii"))


def getcacaps() -> bytes:
    return "\n".join(CAPABILITIES).encode("ascii")


def getcacert(certificates: Sequence[bytes]) -> tuple[bytes, str]:
    """Body and Content-Type, which clients compare exactly."""
    if len(certificates) == 1:
        return certificates[0], "application/x-x509-ca-cert"
    return cms_build.degenerate(certificates), "application/x-x509-ca-ra-cert"
