"""Enveloped messages (CMS EnvelopedData, RFC 5652 §6) as SCEP uses them: RSA PKCS #1 v1.5, and a block cipher in CBC.

Some clients still choose single DES, which is opened here (as triple DES with one key three times) but never sent.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import padding as blocks
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, algorithms, modes

from chalicelib.pki import certificate, cms, cms_build, der, keys, oids
from chalicelib.pki.credential import Credential
from chalicelib.pki.errors import BadMessage, CannotDecrypt, Unsupported

CONTEXT_0 = 0xA0


@dataclass(frozen=True, slots=True)
class ContentCipher:
    name: str
    oid: bytes
    key_size: int
    block_size: int


CIPHERS = {
    each.oid: each
    for each in (
        ContentCipher("aes128", der.oid("2.16.840.1.101.3.4.1.2"), 16, 16),
        ContentCipher("aes192", der.oid("2.16.840.1.101.3.4.1.22"), 24, 16),
        ContentCipher("aes256", der.oid("2.16.840.1.101.3.4.1.42"), 32, 16),
        ContentCipher("3des", der.oid("1.2.840.113549.3.7"), 24, 8),
        ContentCipher("des", der.oid("1.3.14.3.2.7"), 8, 8),
    )
}
BY_NAME = {each.name: each for each in CIPHERS.values()}


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope taken apart, not yet opened; each of `keys` is a recipient's identifier and its wrapped key."""

    keys: tuple[tuple[der.Node, bytes], ...]
    cipher: ContentCipher
    iv: bytes
    content: bytes


def parse(message: bytes) -> Sealed:
    fields = der.Fields(cms.content_of(der.parse(message, cms.MAX_MESSAGE), oids.ENVELOPED_DATA))
    fields.take(der.INTEGER)
    fields.optional(CONTEXT_0)
    recipients = tuple(_wrapped(each) for each in fields.take(der.SET).children() if each.tag == der.SEQUENCE)
    info = der.Fields(fields.take())
    info.take(der.OID)
    cipher, iv = _algorithm(info.take(der.SEQUENCE))
    content = info.take()
    if content.tag not in (0x80, CONTEXT_0):
        raise BadMessage("the envelope is empty")
    return Sealed(recipients, cipher, iv, content.octets())


def _wrapped(recipient: der.Node) -> tuple[der.Node, bytes]:
    fields = der.Fields(recipient)
    fields.take(der.INTEGER)
    identifier = fields.take()
    if der.Fields(fields.take()).take(der.OID).body != oids.RSA:
        raise Unsupported("the key encryption algorithm is not supported")
    return identifier, fields.take(der.OCTET_STRING).body


def _algorithm(algorithm: der.Node) -> tuple[ContentCipher, bytes]:
    fields = der.Fields(algorithm)
    cipher = CIPHERS.get(fields.take(der.OID).body)
    if cipher is None:
        raise Unsupported("the content encryption algorithm is not supported")
    iv = fields.take(der.OCTET_STRING).body
    if len(iv) != cipher.block_size:
        raise BadMessage("the initialisation vector has the wrong length")
    return cipher, iv


def unseal(sealed: Sealed, recipients: Sequence[Credential]) -> bytes:
    """Everything that depends on the private key fails as CannotDecrypt; which recipient is named is no secret."""
    credential, wrapped = _recipient(sealed, recipients)
    # A random key stands in for one that does not unwrap (RFC 3218 §2.3.2), and fails where a wrong key would.
    key = secrets.token_bytes(sealed.cipher.key_size)
    try:
        unwrapped = credential.key.decrypt(wrapped, padding.PKCS1v15())
    except ValueError:
        unwrapped = b""
    if len(unwrapped) == sealed.cipher.key_size:
        key = unwrapped
    try:
        return _decrypt(sealed, key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CannotDecrypt("the envelope cannot be opened") from error


def _recipient(sealed: Sealed, recipients: Sequence[Credential]) -> tuple[Credential, bytes]:
    for credential in recipients:
        ours = certificate.outline(credential.certificate)
        for identifier, wrapped in sealed.keys:
            if certificate.names(identifier, ours):
                return credential, wrapped
    raise BadMessage("the envelope is for another recipient")


def _decrypt(sealed: Sealed, key: bytes) -> bytes:
    decryptor = Cipher(_block_cipher(sealed.cipher, key), modes.CBC(sealed.iv)).decryptor()
    unpadder = blocks.PKCS7(sealed.cipher.block_size * 8).unpadder()
    padded = decryptor.update(sealed.content) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()


def seal(content: bytes, recipient: bytes, cipher_name: str) -> bytes:
    """For the holder of the certificate `recipient`, whose key must be RSA."""
    cipher = BY_NAME[cipher_name]
    key, iv = secrets.token_bytes(cipher.key_size), secrets.token_bytes(cipher.block_size)
    to = certificate.outline(recipient)
    info = der.sequence(
        der.integer(0),
        certificate.issuer_and_serial(to),
        der.sequence(der.tlv(der.OID, oids.RSA), cms_build.NULL),
        der.tlv(der.OCTET_STRING, _wrap(key, to.spki)),
    )
    encrypted = der.sequence(
        der.tlv(der.OID, oids.DATA),
        der.sequence(der.tlv(der.OID, cipher.oid), der.tlv(der.OCTET_STRING, iv)),
        der.tlv(0x80, _encrypt(content, cipher, key, iv)),
    )
    return cms_build.content_info(oids.ENVELOPED_DATA, der.sequence(der.integer(0), der.set_of([info]), encrypted))


def _wrap(key: bytes, spki: bytes) -> bytes:
    public = keys.load(spki)
    if not isinstance(public, rsa.RSAPublicKey):
        raise Unsupported("only the holder of an RSA key can be sent an envelope")
    return public.encrypt(key, padding.PKCS1v15())


def _encrypt(content: bytes, cipher: ContentCipher, key: bytes, iv: bytes) -> bytes:
    encryptor = Cipher(_block_cipher(cipher, key), modes.CBC(iv)).encryptor()
    padder = blocks.PKCS7(cipher.block_size * 8).padder()
    padded = padder.update(content) + padder.finalize()
    return encryptor.update(padded) + encryptor.finalize()


def _block_cipher(cipher: ContentCipher, key: bytes) -> BlockCipherAlgorithm:
    if cipher.name == "des":
        return TripleDES(key * 3)
    return TripleDES(key) if cipher.name == "3des" else algorithms.AES(key)
