"""A fake Microsoft Entra: access tokens of versions 1.0 and 2.0, and the keys that signed them (RFC 7517)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.devices.apple.identity import new_key
from tests.devices.apple.transport import Reply
from tests.devices.windows.loopback import Loopback


@dataclass
class _Key:
    kid: str = field(default_factory=lambda: secrets.token_urlsafe(20))
    private: rsa.RSAPrivateKey = field(default_factory=new_key)

    def public(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA", "use": "sig", "kid": self.kid, "x5t": self.kid, "alg": "RS256",
            "n": _encode(numbers.n.to_bytes(256, "big")), "e": _encode(numbers.e.to_bytes(3, "big")),
        }  # fmt: skip


class FakeEntra:
    """with FakeEntra() as entra: entra.url serves /{tid}/discovery/v2.0/keys; issuers are Microsoft's own names."""

    def __init__(self, tenant: str = "", *, port: int = 0, served: tuple[str, str] | None = None) -> None:
        self.tenant = tenant or str(uuid.uuid4())
        self._keys = [_Key()]
        self.published: list[_Key] | None = None  # another set than the one that signs
        self.requests: list[str] = []
        self.failing = 0  # so many of the next key requests are answered with 503
        self._door = Loopback(self._answer, ("login.microsoftonline.com",), port, served)
        self.url, self.ca_pem = self._door.url, self._door.ca_pem

    def __enter__(self) -> Self:
        self._door.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._door.__exit__(*exception)

    @property
    def keys_url(self) -> str:
        return f"{self.url}/{self.tenant}/discovery/v2.0/keys"

    @property
    def kid(self) -> str:
        return self._keys[-1].kid

    def roll_over(self, *, keep: bool = True) -> str:
        """A new key signs from now on; its kid. The old one stays published only with keep."""
        self._keys = [*(self._keys if keep else []), _Key()]
        return self.kid

    def token(self, *, audience: str, upn: str = "ada@example.com", version: int = 2, **claims: Any) -> str:
        """A right token; claims replace, None takes one away: entra.token(audience=…, scp=None, exp=0)."""
        return self.sign(self.claims(audience, upn, version) | claims)

    def claims(self, audience: str, upn: str, version: int = 2) -> dict[str, Any]:
        now = int(time.time())
        issuer = {1: f"https://sts.windows.net/{self.tenant}/",
                  2: f"https://login.microsoftonline.com/{self.tenant}/v2.0"}[version]  # fmt: skip
        person = {"upn": upn, "unique_name": upn} if version == 1 else {"preferred_username": upn, "upn": upn}
        client = {"appid" if version == 1 else "azp": "29d9ed98-a469-4536-ade2-f981bc1d605e"}  # Windows' broker
        return {
            "aud": audience, "iss": issuer, "iat": now, "nbf": now - 5, "exp": now + 3600, "tid": self.tenant,
            "oid": str(uuid.uuid5(uuid.NAMESPACE_URL, upn)), "sub": _encode(hashlib.sha256(upn.encode()).digest()),
            "scp": "mdm_delegation", "ver": f"{version}.0", "uti": _encode(secrets.token_bytes(16)),
            **person, **client,
        }  # fmt: skip

    def sign(
        self, claims: Mapping[str, Any], *, algorithm: str = "RS256", kid: str | None = None, key: _Key | None = None
    ) -> str:
        """Any wrong variant: algorithm none or HS256 (with the public key as the secret), another kid or key."""
        signer = key or self._keys[-1]
        header = {"typ": "JWT", "alg": algorithm, "kid": signer.kid if kid is None else kid}
        said = {name: value for name, value in claims.items() if value is not None}
        signed = f"{_encode(json.dumps(header).encode())}.{_encode(json.dumps(said).encode())}"
        return f"{signed}.{_encode(_signature(signer, algorithm, signed.encode()))}"

    @staticmethod
    def stranger() -> _Key:
        """A key that no tenant of Microsoft's ever had."""
        return _Key()

    @staticmethod
    def tampered(token: str, **claims: Any) -> str:
        """Other claims under the old signature."""
        head, body, tail = token.split(".")
        said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) | claims
        return f"{head}.{_encode(json.dumps(said).encode())}.{tail}"

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.requests.append(path)
        if self.failing:
            self.failing -= 1
            return Reply(503, {"Content-Type": "text/plain"}, b"later")
        known = (self.tenant, "common", "organizations")
        if method != "GET" or urlsplit(path).path not in [f"/{one}/discovery/v2.0/keys" for one in known]:
            return Reply(404, {"Content-Type": "application/json"}, b'{"error":"invalid_tenant"}')
        keys = self._keys if self.published is None else self.published
        content = json.dumps({"keys": [one.public() for one in keys]}).encode()
        return Reply(
            200, {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "max-age=86400"}, content
        )


def _signature(key: _Key, algorithm: str, signed: bytes) -> bytes:
    if algorithm == "none":
        return b""
    if algorithm == "HS256":
        form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return hmac.new(key.private.public_key().public_bytes(*form), signed, "sha256").digest()
    kinds = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}
    return key.private.sign(signed, padding.PKCS1v15(), kinds[algorithm])


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
