"""Identifiers: ULIDs (sortable by age), secrets for links and tokens, and their digests."""

import hashlib
import secrets
import threading
import time

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_last = 0
_lock = threading.Lock()


def ulid(now: int) -> str:
    """26 characters that sort by age: 48 bits of milliseconds, 80 random bits. https://github.com/ulid/spec

    Of two made by one process in one second (`now`, epoch seconds), the later sorts behind the earlier.
    """
    global _last
    moment = max(now * 1000, min(time.time_ns() // 1_000_000, now * 1000 + 999))
    with _lock:
        number = moment << 80 | secrets.randbits(80)
        if _last >> 80 >= moment and (_last >> 80) // 1000 == now:
            number = _last + 1
        _last = number
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def command_id(priority: int, now: int) -> str:
    """Priority digit (0 first, 9 last) and a ULID: open commands sort by it, and the key is known from the id alone."""
    return f"{priority}{ulid(now)}"


def code() -> str:
    """A secret of 130 bits that survives being read aloud: 26 characters without I, L, O and U."""
    return "".join(secrets.choice(_CROCKFORD) for _ in range(26)).lower()


def code_from(seed: bytes) -> str:
    """A code that follows from `seed` alone: as secret as that is."""
    number = int.from_bytes(hashlib.sha256(seed).digest(), "big")
    return "".join(_CROCKFORD[number >> 5 * place & 31] for place in range(26)).lower()


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def invitation_id(invitation_code: str) -> str:
    """The first 32 hex digits of SHA-256: finds the invitation without keeping its code."""
    return digest(invitation_code.strip().lower())[:32]
