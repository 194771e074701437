"""The few parts of an X.509 certificate (RFC 5280 §4.1) by which a CMS message names it. Judging it is for `trust`."""

from dataclasses import dataclass

from chalicelib.pki import der, oids

MAX_CERTIFICATE = 16 * 1024
EXPLICIT_VERSION, EXPLICIT_EXTENSIONS = 0xA0, 0xA3


@dataclass(frozen=True, slots=True)
class Outline:
    """`issuer` and `subject` are encoded Names; `key_id` is the subject key identifier, if any."""

    raw: bytes
    serial: bytes
    issuer: bytes
    subject: bytes
    spki: bytes
    key_id: bytes | None


def outline(certificate: bytes) -> Outline:
    outer = der.Fields(der.parse(certificate, MAX_CERTIFICATE))
    fields = der.Fields(outer.take())
    fields.optional(EXPLICIT_VERSION)
    serial = fields.take(der.INTEGER).body
    fields.take(der.SEQUENCE)
    issuer = fields.take(der.SEQUENCE).raw
    fields.take(der.SEQUENCE)
    subject = fields.take(der.SEQUENCE).raw
    spki = fields.take(der.SEQUENCE).raw
    fields.optional(0x81)
    fields.optional(0x82)
    return Outline(certificate, serial, issuer, subject, spki, _key_id(fields.optional(EXPLICIT_EXTENSIONS)))


def _key_id(extensions: der.Node | None) -> bytes | None:
    if extensions is None:
        return None
    for extension in der.Fields(extensions, EXPLICIT_EXTENSIONS).take(der.SEQUENCE).children():
        fields = der.Fields(extension)
        if fields.take(der.OID).body == oids.SUBJECT_KEY_IDENTIFIER:
            return der.parse(fields.take(der.OCTET_STRING).body, 64).expect(der.OCTET_STRING).body
    return None


def issuer_and_serial(certificate: Outline) -> bytes:
    """IssuerAndSerialNumber (RFC 5652 §10.2.4)."""
    return der.sequence(certificate.issuer, der.tlv(der.INTEGER, certificate.serial))


def names(identifier: der.Node, certificate: Outline) -> bool:
    """Whether a SignerIdentifier or RecipientIdentifier (RFC 5652 §5.3, §6.2.1) means this certificate."""
    if identifier.tag & 0x1F == 0 and identifier.tag & 0x80:
        return certificate.key_id is not None and identifier.octets() == certificate.key_id
    fields = der.Fields(identifier)
    issuer, serial = fields.take(der.SEQUENCE).raw, fields.take(der.INTEGER).body
    return (issuer, serial) == (certificate.issuer, certificate.serial)
