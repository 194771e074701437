"""Making signed messages (CMS SignedData, RFC 5652 §5): signed profiles, SCEP replies, and bags of certificates."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from chalicelib.pki import certificate, der, oids
from chalicelib.pki.credential import Credential

CONTEXT_0 = 0xA0
NULL = der.tlv(der.NULL)
SHA256 = der.sequence(der.tlv(der.OID, oids.SHA256))
RSA_SHA256 = oids.RSA_SHA256_IDENTIFIER


def sign(content: bytes, credential: Credential, chain: Sequence[bytes] = ()) -> bytes:
    """`content` inside its signature, with the signer's certificate and those of `chain`."""
    return signed_data(content, credential, {}, chain)


def signed_data(
    content: bytes | None, credential: Credential, attributes: Mapping[bytes, bytes], chain: Sequence[bytes] = ()
) -> bytes:
    """`attributes`: type to encoded value, signed besides the two that every message has."""
    everything = {
        **attributes,
        oids.CONTENT_TYPE: der.tlv(der.OID, oids.DATA),
        oids.MESSAGE_DIGEST: der.tlv(der.OCTET_STRING, sha256(content or b"").digest()),
    }
    signed = der.set_of(_attribute(name, value) for name, value in everything.items())
    signer = der.sequence(
        der.integer(1),
        certificate.issuer_and_serial(certificate.outline(credential.certificate)),
        SHA256,
        bytes((CONTEXT_0,)) + signed[1:],
        RSA_SHA256,
        der.tlv(der.OCTET_STRING, credential.sign(signed)),
    )
    return _message([SHA256], content, [credential.certificate, *chain], [signer])


def degenerate(certificates: Sequence[bytes]) -> bytes:
    """Certificates alone, signed by nobody (RFC 8894 §3.4), in the order given."""
    return _message([], None, certificates, [])


def _message(
    digests: Sequence[bytes], content: bytes | None, certificates: Sequence[bytes], signers: Sequence[bytes]
) -> bytes:
    octets = () if content is None else (der.tlv(CONTEXT_0, der.tlv(der.OCTET_STRING, content)),)
    signed = der.sequence(
        der.integer(1),
        der.set_of(digests),
        der.sequence(der.tlv(der.OID, oids.DATA), *octets),
        # Not sorted as DER would have it: clients take the first certificate for the one issued to them.
        der.tlv(CONTEXT_0, *certificates),
        der.set_of(signers),
    )
    return content_info(oids.SIGNED_DATA, signed)


def content_info(content_type: bytes, content: bytes) -> bytes:
    return der.sequence(der.tlv(der.OID, content_type), der.tlv(CONTEXT_0, content))


def _attribute(name: bytes, value: bytes) -> bytes:
    return der.sequence(der.tlv(der.OID, name), der.set_of([value]))
