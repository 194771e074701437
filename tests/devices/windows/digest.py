"""The MD5 digest with which either side proves itself (OMA-TS-DM_Security 5.3)."""

from __future__ import annotations

import base64
import hashlib


def digest(name: str, secret: str, nonce: bytes) -> str:
    inner = base64.b64encode(hashlib.md5(f"{name}:{secret}".encode()).digest())
    return base64.b64encode(hashlib.md5(inner + b":" + nonce).digest()).decode()


def basic(name: str, secret: str) -> str:
    return base64.b64encode(f"{name}:{secret}".encode()).decode()
