"""CMS as a device speaks it (RFC 5652): SignedData and EnvelopedData, built and read with asn1crypto alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding

from tests.devices.apple.complaints import Complaint
from tests.devices.apple.identity import Identity

HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # devices in the field still sign so
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
CIPHERS = {"des": "1.3.14.3.2.7", "3des": "1.2.840.113549.3.7", "aes128": "aes128_cbc", "aes256": "aes256_cbc"}
KEY_BYTES = {"des": 8, "3des": 24, "aes128": 16, "aes256": 32}


@dataclass(frozen=True)
class Signed:
    """What a verified SignedData said: its content, who signed it, the signed attributes by OID, all certificates."""

    content: bytes
    signer: asn1_x509.Certificate
    attributes: dict[str, core.Asn1Value]
    certificates: tuple[asn1_x509.Certificate, ...]


def sign(
    content: bytes,
    identity: Identity,
    *,
    detached: bool = False,
    digest: str = "sha256",
    attributes: Iterable[tuple[str, core.Asn1Value]] = (),
    digest_of: bytes | None = None,
    certificates: Sequence[bytes] | None = None,
) -> bytes:
    """DER of a SignedData. digest_of lets messageDigest speak of other bytes: an attacker's signature."""
    signer = asn1_x509.Certificate.load(identity.certificate)
    spoken = hashlib.new(digest, content if digest_of is None else digest_of).digest()
    signed = cms.CMSAttributes(
        [_attribute("1.2.840.113549.1.9.3", cms.ContentType("data"))]
        + [_attribute("1.2.840.113549.1.9.4", core.OctetString(spoken))]
        + [_attribute("1.2.840.113549.1.9.5", cms.Time("utc_time", core.UTCTime(datetime.now(UTC))))]
        + [_attribute(oid, value) for oid, value in attributes]
    )
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": _issuer_and_serial(signer)}),
            "digest_algorithm": {"algorithm": digest},
            "signed_attrs": signed,
            "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
            "signature": identity.key.sign(signed.dump(force=True), padding.PKCS1v15(), HASHES[digest]),
        }
    )
    chain = [identity.certificate] if certificates is None else certificates
    data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": {"content_type": "data"}
            if detached
            else {"content_type": "data", "content": content},
            "certificates": [asn1_x509.Certificate.load(one) for one in chain],
            "signer_infos": [info],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())


def verify(der: bytes, *, content: bytes | None = None, extra: Iterable[asn1_x509.Certificate] = ()) -> Signed:
    """Checks the one signature, its messageDigest and its certificate's presence; says nothing about trust."""
    data = signed_data(der)
    inner = data["encap_content_info"]["content"]
    attached = bytes(inner.native) if not isinstance(inner, core.Void) and inner.native is not None else None
    body = attached if content is None else content
    if body is None:
        raise Complaint("a detached signature without the content it speaks of")
    if len(data["signer_infos"]) != 1:
        raise Complaint(f"{len(data['signer_infos'])} signers, exactly one expected")
    info = data["signer_infos"][0]
    certificates = tuple(choice.chosen for choice in data["certificates"]) if data["certificates"] else ()
    signer = _find(info["sid"], [*certificates, *extra])
    digest = info["digest_algorithm"]["algorithm"].native
    attributes = {one["type"].dotted: one["values"][0] for one in info["signed_attrs"]}
    if not attributes:
        raise Complaint("the signature has no signed attributes")
    if attributes["1.2.840.113549.1.9.4"].native != hashlib.new(digest, body).digest():
        raise Complaint("messageDigest is not the digest of the content")
    _check(signer, info["signature"].native, info["signed_attrs"].untag().dump(), HASHES[digest])
    return Signed(body, signer, attributes, certificates)


def signed_data(der: bytes) -> cms.SignedData:
    try:
        info = cms.ContentInfo.load(der, strict=True)
        if info["content_type"].native != "signed_data":
            raise Complaint(f"CMS SignedData expected, this is {info['content_type'].native}")
        return info["content"]
    except ValueError as error:
        raise Complaint(f"not a CMS message: {error}") from error


def encrypt(content: bytes, recipients: Sequence[x509.Certificate], cipher: str = "aes128") -> bytes:
    key, iv = os.urandom(KEY_BYTES[cipher]), os.urandom(16 if cipher.startswith("aes") else 8)
    padder = PKCS7(len(iv) * 8).padder()
    worker = Cipher(_algorithm(cipher, key), modes.CBC(iv)).encryptor()
    sealed = worker.update(padder.update(content) + padder.finalize()) + worker.finalize()
    data = cms.EnvelopedData(
        {
            "version": "v0",
            "recipient_infos": [_recipient(one, key) for one in recipients],
            "encrypted_content_info": {
                "content_type": "data",
                "content_encryption_algorithm": {"algorithm": CIPHERS[cipher], "parameters": core.OctetString(iv)},
                "encrypted_content": sealed,
            },
        }
    )
    return bytes(cms.ContentInfo({"content_type": "enveloped_data", "content": data}).dump())


def decrypt(der: bytes, identity: Identity) -> bytes:
    info = cms.ContentInfo.load(der)
    if info["content_type"].native != "enveloped_data":
        raise Complaint(f"CMS EnvelopedData expected, this is {info['content_type'].native}")
    mine = _issuer_and_serial(asn1_x509.Certificate.load(identity.certificate)).dump()
    for choice in info["content"]["recipient_infos"]:
        if choice.chosen["rid"].chosen.dump() == mine:
            key = identity.key.decrypt(choice.chosen["encrypted_key"].native, padding.PKCS1v15())
            return _open(info["content"]["encrypted_content_info"], key)
    raise Complaint("the envelope is not addressed to this certificate (issuer and serial)")


def issued_by(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> bool:
    """Name and signature fit; dates are not looked at."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        x509.load_der_x509_certificate(certificate.dump()).verify_directly_issued_by(
            x509.load_der_x509_certificate(issuer.dump())
        )
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _open(content: cms.EncryptedContentInfo, key: bytes) -> bytes:
    algorithm = content["content_encryption_algorithm"]
    names = {"aes128_cbc": "aes128", "aes256_cbc": "aes256", "tripledes_3key": "3des", "des": "des"}
    names[CIPHERS["des"]] = "des"
    name = names.get(algorithm["algorithm"].native)
    if name is None:
        raise Complaint(f"content encryption {algorithm['algorithm'].native} is unknown to this device")
    iv = algorithm["parameters"].native
    worker = Cipher(_algorithm(name, key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(len(iv) * 8).unpadder()
    opened = worker.update(content["encrypted_content"].native) + worker.finalize()
    return unpadder.update(opened) + unpadder.finalize()


def _algorithm(cipher: str, key: bytes) -> algorithms.AES | TripleDES:
    if cipher.startswith("aes"):
        return algorithms.AES(key)
    return TripleDES(key * 3 if cipher == "des" else key)


def _recipient(certificate: x509.Certificate, key: bytes) -> cms.RecipientInfo:
    public = certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise Complaint("an envelope needs a recipient with an RSA key")
    return cms.RecipientInfo(
        "ktri",
        cms.KeyTransRecipientInfo(
            {
                "version": "v0",
                "rid": cms.RecipientIdentifier(
                    {"issuer_and_serial_number": _issuer_and_serial(asn1_x509.Certificate.load(der(certificate)))}
                ),
                "key_encryption_algorithm": {"algorithm": "rsaes_pkcs1v15"},
                "encrypted_key": public.encrypt(key, padding.PKCS1v15()),
            }
        ),
    )


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _issuer_and_serial(certificate: asn1_x509.Certificate) -> cms.IssuerAndSerialNumber:
    return cms.IssuerAndSerialNumber({"issuer": certificate.issuer, "serial_number": certificate.serial_number})


def _attribute(oid: str, value: core.Asn1Value) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": cms.CMSAttributeType(oid), "values": [value]})


def _find(sid: cms.SignerIdentifier, certificates: Sequence[asn1_x509.Certificate]) -> asn1_x509.Certificate:
    for one in certificates:
        if sid.name == "issuer_and_serial_number":
            chosen = sid.chosen
            if chosen["issuer"] == one.issuer and chosen["serial_number"].native == one.serial_number:
                return one
        elif one.key_identifier == sid.chosen.native:
            return one
    raise Complaint("the signer's certificate is neither in the message nor known")


def _check(signer: asn1_x509.Certificate, signature: bytes, data: bytes, digest: hashes.HashAlgorithm) -> None:
    key = x509.load_der_x509_certificate(signer.dump()).public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digest))
        else:
            raise Complaint(f"a signature key of type {type(key).__name__} is unknown to this device")
    except InvalidSignature as error:
        raise Complaint("the CMS signature does not verify") from error
