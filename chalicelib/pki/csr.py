"""Certification requests (PKCS #10, RFC 2986), read with the tolerance that real clients need.

Attributes out of DER order, odd characters in a PrintableString and SHA-1 are all seen in the field, so the signature
is verified over the bytes as they came. Names and extensions asked for are not even read, but for the common name,
which a renewal must not change.
"""

from dataclasses import dataclass, field

from chalicelib.pki import der, keys, oids
from chalicelib.pki.errors import BadMessage, BadSignature, Unsupported

MAX_REQUEST = 16 * 1024
MAX_CHALLENGE = 256
STRINGS = {
    der.UTF8_STRING: "utf-8",
    der.PRINTABLE_STRING: "latin-1",
    der.IA5_STRING: "latin-1",
    der.T61_STRING: "latin-1",
    der.BMP_STRING: "utf-16-be",
}


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """The key to certify, proven to be the requester's; whatever else is here only claims."""

    spki_der: bytes
    challenge: str | None = field(repr=False)
    subject_cn: str | None


def parse(request: bytes) -> SigningRequest:
    outer = der.Fields(der.parse(request, MAX_REQUEST))
    info = outer.take(der.SEQUENCE)
    algorithm = der.Fields(outer.take()).take(der.OID).body
    signature = outer.take(der.BIT_STRING).body
    outer.end()
    fields = der.Fields(info)
    fields.take(der.INTEGER)
    subject, spki, attributes = fields.take(der.SEQUENCE), fields.take(der.SEQUENCE).raw, fields.optional(0xA0)
    fields.end()
    _verify(spki, algorithm, signature, info.raw)
    keys.certifiable(spki)
    return SigningRequest(spki, _challenge(attributes), _common_name(subject))


def _verify(spki: bytes, algorithm: bytes, signature: bytes, data: bytes) -> None:
    kind, digest = oids.SIGNATURES.get(algorithm, ("", None))
    if digest is None:
        raise Unsupported("the signature algorithm is not supported")
    key = keys.load(spki)
    if keys.kind(key) != kind or signature[:1] != b"\0":
        raise BadSignature("the signature algorithm does not fit the key")
    keys.verify(key, signature[1:], data, digest)


def _challenge(attributes: der.Node | None) -> str | None:
    if attributes is None:
        return None
    found = [_values(each) for each in attributes.children() if _type(each) == oids.CHALLENGE_PASSWORD]
    if not found:
        return None
    values = list(found[0].children())
    if len(found) > 1 or len(values) != 1 or len(values[0].body) > MAX_CHALLENGE:
        raise BadMessage("the challenge is repeated or too long")
    return _text(values[0])


def _common_name(subject: der.Node) -> str | None:
    pairs = [pair for relative in subject.children() for pair in relative.expect(der.SET).children()]
    names = [_text(_value(pair)) for pair in pairs if _type(pair) == oids.COMMON_NAME]
    return names[0] if len(names) == 1 else None


def _type(pair: der.Node) -> bytes:
    return der.Fields(pair).take(der.OID).body


def _value(pair: der.Node) -> der.Node:
    fields = der.Fields(pair)
    fields.take(der.OID)
    return fields.take()


def _values(attribute: der.Node) -> der.Node:
    return _value(attribute).expect(der.SET)


def _text(value: der.Node) -> str:
    encoding = STRINGS.get(value.tag)
    if encoding is None:
        raise BadMessage("a text is of an unknown type")
    try:
        return value.body.decode(encoding).rstrip("\0")
    except UnicodeDecodeError as error:
        raise BadMessage("a text is not in its encoding") from error
