"""The registration authority's certificate and key (RFC 8894 §2.1.2): opens SCEP requests, signs replies and profiles.

KMS cannot decrypt the PKCS #1 v1.5 envelopes of SCEP, so this key lives in memory, and at rest encrypted under KMS.
"""

from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.pki import certificate as certificates
from chalicelib.pki.errors import BadMessage, Unsupported, Untrusted


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate in DER and the private key to it."""

    certificate: bytes
    key: rsa.RSAPrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def new_private_key() -> bytes:
    """A fresh RSA key as PKCS #8 DER: encrypt it before it goes anywhere."""
    return rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_key_of(pkcs8: bytes) -> bytes:
    return _spki(_private_key(pkcs8))


def load(certificate: bytes, pkcs8: bytes) -> Credential:
    key = _private_key(pkcs8)
    if certificates.outline(certificate).spki != _spki(key):
        raise Untrusted("the private key does not belong to the certificate")
    return Credential(certificate, key)


def _private_key(pkcs8: bytes) -> rsa.RSAPrivateKey:
    try:
        # Ours, and sealed since we made it: looking whether its primes are prime would cost each cold start 40 ms.
        key = serialization.load_der_private_key(pkcs8, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadMessage("the private key is malformed") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Unsupported("the private key is not an RSA key")
    return key


def _spki(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
