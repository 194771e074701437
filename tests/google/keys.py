"""Google's own signing keys: the set at /oauth2/v3/certs, and tokens signed with them (RFC 7515, RFC 7517)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID


class Keys:
    """The last key signs; all kept ones are published."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self._kept = kept
        self._stranger = rsa_key()
        self._loaded: dict[str, rsa.RSAPrivateKey] = {}
        if not kept:
            self.rotate()
            self.rotate()

    @property
    def kid(self) -> str:
        return next(reversed(self._kept))

    def rotate(self, *, keep: bool = True) -> str:
        if not keep:
            self._kept.clear()
        while len(self._kept) > 1:
            del self._kept[next(iter(self._kept))]
        self._kept[secrets.token_hex(20)] = pem(rsa_key())
        return self.kid

    def jwks(self) -> dict[str, Any]:
        return {"keys": [_public(kid, self._key(kid)) for kid in self._kept]}

    def certificates(self) -> dict[str, str]:
        """The older form at /oauth2/v1/certs: X.509 in PEM."""
        return {kid: _certificate(self._key(kid)) for kid in self._kept}

    def sign(self, claims: Mapping[str, Any], **wrong: Any) -> str:
        """A token; `wrong` makes a forged one: key="stranger", algorithm="none"|"HS256", kid="…"."""
        algorithm = wrong.get("algorithm") or "RS256"
        key = self._stranger if wrong.get("key") == "stranger" else self._key(self.kid)
        head = {"alg": algorithm, "kid": wrong.get("kid") or self.kid, "typ": "JWT"}
        signed = f"{encode(json.dumps(head).encode())}.{encode(json.dumps(dict(claims)).encode())}"
        return f"{signed}.{encode(_signature(key, algorithm, signed.encode()))}"

    def _key(self, kid: str) -> rsa.RSAPrivateKey:
        if kid not in self._loaded:
            self._loaded[kid] = read_key(self._kept[kid])
        return self._loaded[kid]


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(*form).decode()


def read_key(text: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(text.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("only RSA keys are kept")
    return key


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _public(kid: str, key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    modulus, exponent = numbers.n.to_bytes(256, "big"), numbers.e.to_bytes(3, "big")
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": encode(modulus), "e": encode(exponent)}


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.system.gserviceaccount.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _signature(key: rsa.RSAPrivateKey, algorithm: str, signed: bytes) -> bytes:
    if algorithm == "none":
        return b""
    if algorithm == "HS256":
        return hmac.new(public_pem(key).encode(), signed, hashlib.sha256).digest()
    return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
