"""Files, evidence, queue, vault and signer in memory."""

import hashlib
import hmac
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from chalicelib.core.errors import AlreadyExists, BadRequest, NotFound
from chalicelib.core.ports import Message
from chalicelib.model.secret import Secret
from chalicelib.storage import envelope
from chalicelib.storage.capacity import Meter

LONGEST_LINK = 300


class MemoryBlobs:
    """`files` maps key → (body, content type)."""

    def __init__(self, meter: Meter | None = None, clock: Callable[[], int] = lambda: int(time.time())) -> None:
        self.files: dict[str, tuple[bytes, str]] = {}
        self._meter, self._clock, self._key = meter or Meter(), clock, os.urandom(32)

    def put(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        self._meter.record("s3.put", size=len(body))
        self.files[key] = (body, content_type)

    def get(self, key: str) -> bytes:
        self._meter.record("s3.get")
        if key not in self.files:
            raise NotFound("There is no such file.")
        return self.files[key][0]

    def link(self, key: str, seconds: int, filename: str) -> str:
        if not 0 < seconds <= LONGEST_LINK:
            raise BadRequest(f"A link lives between 1 and {LONGEST_LINK} seconds.")
        until = self._clock() + seconds
        proof = hmac.new(self._key, f"{key}\n{until}".encode(), hashlib.sha256).hexdigest()
        return f"memory://blobs/{quote(key)}?until={until}&name={quote(filename)}&proof={proof}"


class MemoryEvidence:
    """`files` maps key → body."""

    def __init__(self, meter: Meter | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self._meter = meter or Meter()

    def put(self, key: str, body: bytes, content_type: str) -> None:
        self._meter.record("s3.put", size=len(body))
        if self.files.setdefault(key, body) != body:
            raise AlreadyExists("This piece of evidence exists with another content; it is kept as it was.")


class MemoryQueue:
    """`messages` holds what was sent and not yet drained."""

    def __init__(self, meter: Meter | None = None) -> None:
        self.messages: list[Message] = []
        self._meter, self._lock = meter or Meter(), threading.Lock()

    def send(self, *messages: Message) -> None:
        with self._lock:
            for _ in range(0, len(messages), 10):
                self._meter.record("sqs.send")
            self.messages.extend(messages)

    def drain(self) -> list[Message]:
        with self._lock:
            drained, self.messages = self.messages, []
        return drained


class MemoryVault:
    def __init__(self, meter: Meter | None = None) -> None:
        self._master, self._meter = os.urandom(32), meter or Meter()

    def seal(self, plain: Secret[bytes], context: Mapping[str, str]) -> bytes:
        self._meter.record("kms.generate_data_key")
        salt = os.urandom(16)
        return envelope.seal(self._derive(salt), salt, plain, context)

    def open(self, sealed: bytes, context: Mapping[str, str]) -> Secret[bytes]:
        self._meter.record("kms.decrypt")
        return envelope.open_(sealed, context, self._derive)

    def _derive(self, salt: bytes) -> bytes:
        return hmac.new(self._master, salt, hashlib.sha256).digest()


class MemorySigner:
    def __init__(self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, meter: Meter | None = None) -> None:
        self._key, self._meter = key, meter or Meter()

    @property
    def public_key_der(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.DER, form)

    def sign(self, data: bytes) -> bytes:
        self._meter.record("kms.sign")
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """One per process: making one takes a tenth of a second, too long for every test."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())
