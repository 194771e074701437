"""The sealed format: version byte, wrapped data key, nonce, AES-256-GCM ciphertext with the context bound to it."""

import json
import os
import struct
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chalicelib.core.errors import Corrupt
from chalicelib.model.secret import Secret

FORMAT = 1
NONCE, TAG, KEY = 12, 16, 32  # bytes
HEADER = struct.Struct(">BH")  # format, length of the wrapped key
REFUSAL = "The sealed value does not open: it was altered, or it belongs to something else."


def seal(key: bytes, wrapped: bytes, plain: Secret[bytes], context: Mapping[str, str]) -> bytes:
    """`key` is used once; `wrapped` is how the vault finds it again."""
    nonce = os.urandom(NONCE)
    head = HEADER.pack(FORMAT, len(wrapped)) + wrapped
    return head + nonce + AESGCM(key).encrypt(nonce, plain.reveal(), _bound(head, context))


def open_(sealed: bytes, context: Mapping[str, str], unwrap: Callable[[bytes], bytes]) -> Secret[bytes]:
    """Corrupt if anything differs from what was sealed, the context included."""
    if len(sealed) < HEADER.size:
        raise Corrupt(REFUSAL)
    version, length = HEADER.unpack_from(sealed)
    head, rest = sealed[: HEADER.size + length], sealed[HEADER.size + length :]
    if version != FORMAT or len(rest) < NONCE + TAG:
        raise Corrupt(REFUSAL)
    key = unwrap(head[HEADER.size :])
    if len(key) != KEY:
        raise Corrupt(REFUSAL)
    try:
        return Secret(AESGCM(key).decrypt(rest[:NONCE], rest[NONCE:], _bound(head, context)))
    except InvalidTag as problem:
        raise Corrupt(REFUSAL) from problem


def _bound(head: bytes, context: Mapping[str, str]) -> bytes:
    return head + json.dumps(dict(context), sort_keys=True, separators=(",", ":")).encode()
