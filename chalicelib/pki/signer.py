"""The CA's key as something that only signs: KMS in production, a key in memory for development and tests."""

from dataclasses import dataclass, field
from typing import NoReturn, Protocol, Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.pki import keys
from chalicelib.pki.errors import Unsupported


class Signer(Protocol):
    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo DER of an RSA key; asked for often, so worth remembering."""

    def sign(self, data: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 over `data`, which may exceed the 4096 bytes that KMS hashes itself."""


@dataclass(frozen=True, slots=True)
class LocalSigner:
    key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        return cls(rsa.generate_private_key(65537, 2048))

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, PKCS1v15(), hashes.SHA256())


class SigningKey(rsa.RSAPrivateKey):
    """Passes for a private key where a certificate or a CRL is being signed, and refuses everything else."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def sign(
        self, data: bytes, padding: AsymmetricPadding, algorithm: Prehashed | hashes.HashAlgorithm | NoDigestInfo
    ) -> bytes:
        if not isinstance(padding, PKCS1v15) or not isinstance(algorithm, hashes.SHA256):
            raise Unsupported("the CA key signs only with RSA PKCS #1 v1.5 and SHA-256")
        return self._signer.sign(data)

    def public_key(self) -> rsa.RSAPublicKey:
        key = keys.load(self._signer.public_key)
        if not isinstance(key, rsa.RSAPublicKey):
            raise Unsupported("the CA key is not an RSA key")
        return key

    @property
    def key_size(self) -> int:
        return self.public_key().key_size

    def decrypt(self, ciphertext: bytes, padding: AsymmetricPadding) -> NoReturn:
        raise Unsupported("the CA key only signs")

    def private_numbers(self) -> NoReturn:
        raise Unsupported("the CA key does not leave its keeper")

    def private_bytes(
        self,
        encoding: Encoding,
        format: serialization.PrivateFormat,  # noqa: A002 (named by the class it stands in for)
        encryption_algorithm: serialization.KeySerializationEncryption,
    ) -> NoReturn:
        raise Unsupported("the CA key does not leave its keeper")

    def __copy__(self) -> "SigningKey":
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "SigningKey":
        return self
