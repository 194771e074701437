"""A certificate with its private key, as a device keeps it in its keychain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class Identity:
    """certificate in DER, RSA key."""

    certificate: bytes
    key: rsa.RSAPrivateKey

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and other.certificate == self.certificate

    def __hash__(self) -> int:
        return hash(self.certificate)

    @cached_property
    def x509(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.certificate)

    @property
    def common_name(self) -> str:
        return str(self.x509.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)

    @property
    def sha256(self) -> str:
        return self.x509.fingerprint(hashes.SHA256()).hex()

    @property
    def certificate_pem(self) -> bytes:
        return self.x509.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @classmethod
    def from_der(cls, certificate: bytes, key_pem: str) -> Identity:
        # Its own keychain: checking that the primes are prime takes longer than all the rest of a message.
        key = serialization.load_pem_private_key(key_pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("a simulated identity has an RSA key")
        return cls(certificate, key)

    @classmethod
    def from_pem(cls, certificate_pem: bytes, key_pem: bytes) -> Identity:
        der = x509.load_pem_x509_certificate(certificate_pem).public_bytes(serialization.Encoding.DER)
        return cls.from_der(der, key_pem.decode())


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)
