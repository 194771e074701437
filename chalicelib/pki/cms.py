"""Verifying a signed message (CMS SignedData, RFC 5652 §5): that one signer signed exactly these bytes.

Whether the signer is to be believed is for `trust`. Used for Apple's Mdm-Signature header (detached), and for SCEP
messages, OTA enrollment and machine information (attached).
"""

import hashlib
from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chalicelib.pki import certificate, der, keys, oids
from chalicelib.pki.errors import BadMessage, BadSignature, Unsupported

MAX_HEADER = 16 * 1024
MAX_MESSAGE = 256 * 1024
MAX_CERTIFICATES = 16
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed, and with which certificate; `attributes` are the signed ones, type to single value."""

    content: bytes
    certificate: bytes
    certificates: tuple[bytes, ...]
    digest: str
    attributes: Mapping[bytes, der.Node]


def decode_header(text: str) -> bytes:
    """The Mdm-Signature header: base64 in the standard alphabet, padded, nothing else."""
    if len(text) > MAX_HEADER:
        raise BadMessage("the signature header is too large")
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise BadMessage("the signature header is not base64") from error


def verify_detached(signature: bytes, body: bytes) -> Signed:
    """Some clients attach the body to its own signature; any other attached content is refused."""
    message = der.parse(signature, MAX_MESSAGE)
    content, certificates, signer = _signed_data(message)
    if content is not None and content != body:
        raise BadSignature("the signed content is not the body")
    return _verify(body, certificates, signer)


def verify_attached(message: bytes, *, bare: bool = False) -> Signed:
    """`bare`: the signature may cover the content itself instead of attributes, as Windows' CryptSignMessage makes it.

    Then the content must not start like attributes do, which would pass for them, and they for it.
    """
    content, certificates, signer = _signed_data(der.parse(message, MAX_MESSAGE))
    if content is None:
        raise BadMessage("the message has no content")
    return _verify(content, certificates, signer, bare=bare and content[:1] != bytes((der.SET,)))


def content_of(message: der.Node, content_type: bytes) -> der.Node:
    """The content of a ContentInfo (RFC 5652 §3) of the type asked for."""
    info = der.Fields(message)
    if info.take(der.OID).body != content_type:
        raise BadMessage("the message is of another type")
    content = der.Fields(info.take(CONTEXT_0), CONTEXT_0).take(der.SEQUENCE)
    info.end()
    return content


def _signed_data(message: der.Node) -> tuple[bytes | None, tuple[bytes, ...], der.Node]:
    fields = der.Fields(content_of(message, oids.SIGNED_DATA))
    fields.take(der.INTEGER)
    fields.take(der.SET)
    content = _encapsulated(fields.take())
    certificates = _certificates(fields.optional(CONTEXT_0))
    fields.optional(CONTEXT_1)
    signers = der.Fields(fields.take(), der.SET)
    fields.end()
    signer = signers.take(der.SEQUENCE)
    signers.end()  # a second signer would leave it open whose message this is
    return content, certificates, signer


def _encapsulated(info: der.Node) -> bytes | None:
    fields = der.Fields(info)
    if fields.take(der.OID).body != oids.DATA:
        raise BadMessage("the signed content is not plain data")
    content = fields.optional(CONTEXT_0)
    fields.end()
    if content is None:
        return None
    octets = der.Fields(content, CONTEXT_0).take()
    if octets.tag & ~der.CONSTRUCTED != der.OCTET_STRING:
        raise BadMessage("the signed content is not an octet string")
    return octets.octets()


def _certificates(members: der.Node | None) -> tuple[bytes, ...]:
    found = () if members is None else tuple(node.raw for node in members.children() if node.tag == der.SEQUENCE)
    if not 1 <= len(found) <= MAX_CERTIFICATES:
        raise BadMessage("the message holds no certificate, or too many")
    return found


def _verify(content: bytes, certificates: tuple[bytes, ...], signer: der.Node, *, bare: bool = False) -> Signed:
    """SignerInfo (RFC 5652 §5.3). One without signed attributes is refused: it could pass attributes off as content."""
    fields = der.Fields(signer)
    fields.take(der.INTEGER)
    chosen = _choose(fields.take(), certificates)
    digest = _digest(fields.take())
    signed = fields.optional(CONTEXT_0) if bare else fields.take(CONTEXT_0)
    algorithm = der.Fields(fields.take()).take(der.OID).body
    signature = fields.take(der.OCTET_STRING).body
    fields.optional(CONTEXT_1)
    fields.end()

    attributes = _attributes(signed, content, digest) if signed else {}
    key = keys.load(chosen.spki)
    _check_algorithm(algorithm, keys.kind(key), digest)
    # What was signed is a SET; it travels under a context tag (RFC 5652 §5.4).
    keys.verify(key, signature, bytes((der.SET,)) + signed.raw[1:] if signed else content, digest)
    return Signed(content, chosen.raw, certificates, digest, MappingProxyType(attributes))


def _choose(identifier: der.Node, certificates: tuple[bytes, ...]) -> certificate.Outline:
    outlines = (certificate.outline(raw) for raw in dict.fromkeys(certificates))
    matches = [each for each in outlines if certificate.names(identifier, each)]
    if len(matches) != 1:
        raise BadMessage("the message does not hold its signer's certificate, or two of them")
    return matches[0]


def _digest(algorithm: der.Node) -> str:
    name = oids.DIGESTS.get(der.Fields(algorithm).take(der.OID).body)
    if name is None:
        raise Unsupported("the digest algorithm is not supported")
    return name


def _check_algorithm(algorithm: bytes, kind: str, digest: str) -> None:
    known = oids.SIGNATURES.get(algorithm)
    if known is None:
        raise Unsupported("the signature algorithm is not supported")
    if known not in ((kind, None), (kind, digest)):
        raise BadSignature("the signature algorithm does not fit the key or the digest")


def _attributes(signed: der.Node, content: bytes, digest: str) -> dict[bytes, der.Node]:
    """The signed attributes, which have to be about this content."""
    attributes = _singly(signed)
    if attributes[oids.CONTENT_TYPE].expect(der.OID).body != oids.DATA:
        raise BadSignature("the signed content type does not fit")
    if attributes[oids.MESSAGE_DIGEST].expect(der.OCTET_STRING).body != hashlib.new(digest, content).digest():
        raise BadSignature("the signature is for other content")
    return attributes


def _singly(signed: der.Node) -> dict[bytes, der.Node]:
    """Each type once, each with one value, as all the attributes we read must be (RFC 5652 §11, RFC 8894 §3.2.1)."""
    if signed.raw[1] == 0x80:
        raise BadMessage("the signed attributes are not in DER")
    found: dict[bytes, der.Node] = {}
    for attribute in signed.children():
        fields = der.Fields(attribute)
        name = fields.take(der.OID).body
        if name in found:
            raise BadMessage("a signed attribute is repeated")
        found[name] = _single(fields.take(der.SET))
    if oids.CONTENT_TYPE not in found or oids.MESSAGE_DIGEST not in found:
        raise BadMessage("a signed attribute is missing")
    return found


def _single(values: der.Node) -> der.Node:
    fields = der.Fields(values, der.SET)
    value = fields.take()
    fields.end()
    return value
