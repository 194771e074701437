"""The keys that others sign their tokens with, fetched seldom (JWK Sets, RFC 7517)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.errors import Unauthenticated, Unavailable
from chalicelib.core.house import House
from chalicelib.core.ports import Clock
from chalicelib.platforms import outgoing
from chalicelib.platforms.signed_token import ALGORITHM

TIMEOUT = 5.0  # seconds to connect, and again between two packets
LARGEST = 256 * 1024
MOST_KEYS = 64
SMALLEST_KEY = 2048
LIVE = 6 * 3600  # seconds: keys that are withdrawn are not believed for longer
COOLDOWN = 60  # seconds between two fetches: a flood of unknown key ids must not become a flood of fetches


@dataclass(frozen=True, slots=True)
class Issuer:
    """Where its keys lie. `away` is said while they cannot be fetched, `refusal` where a key is none of them."""

    url: str
    trust: str
    away: str
    refusal: str


@dataclass(slots=True)
class _Held:
    asked_at: int = -COOLDOWN
    fetched_at: int = -LIVE
    keys: Mapping[str, Any] = field(default_factory=dict)


class KeyRing:
    """Of one process. What has been fetched stays good for a while if the issuer does not answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}

    def key(self, issuer: Issuer, key_id: str) -> Any:
        """Unauthenticated (unknown), Unavailable (it cannot be known now)."""
        now = self._clock()
        held = self._held.setdefault(issuer.url, _Held())
        fresh = now - held.fetched_at < LIVE
        if not (fresh and key_id in held.keys) and now - held.asked_at >= COOLDOWN:
            held.asked_at = now
            held.keys, held.fetched_at = _fetch(issuer), now
            fresh = True
        if not fresh:
            raise Unavailable(issuer.away)
        if key_id not in held.keys:
            raise Unauthenticated(issuer.refusal)
        return held.keys[key_id]


_ring: tuple[House, KeyRing] | None = None


def ring(house: House) -> KeyRing:
    """The one of this process."""
    global _ring
    if _ring is None or _ring[0] is not house:
        _ring = house, KeyRing(house.clock)
    return _ring[1]


def _fetch(issuer: Issuer) -> Mapping[str, Any]:
    try:
        answer = outgoing.fetch(issuer.url, trust=issuer.trust, timeout=TIMEOUT, largest=LARGEST)
    except outgoing.NoAnswer as problem:
        raise Unavailable(issuer.away) from problem
    if answer.status != 200:
        raise Unavailable(issuer.away)
    try:
        listed = json.loads(answer.body)["keys"]
        found = [each for each in listed if isinstance(each, dict)][:MOST_KEYS]
    except (ValueError, TypeError, LookupError, RecursionError) as problem:
        raise Unavailable(issuer.away) from problem
    return _usable(found)


def _usable(found: list[dict[str, Any]]) -> Mapping[str, Any]:
    """RSA keys for signatures by their ids; whatever else is there is for others."""
    meant = [each for each in found if isinstance(each.get("kid"), str) and each.get("use", "sig") == "sig"]
    loaded = {each["kid"]: _load(each) for each in meant}
    return {key_id: key for key_id, key in loaded.items() if key is not None}


def _load(key: Mapping[str, Any]) -> Any:
    """None for a key that is malformed or weak, or none of RSA."""
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    try:
        loaded = PyJWK({name: key.get(name) for name in ("kty", "n", "e")}, ALGORITHM).key
    except (PyJWTError, ValueError, TypeError):
        return None
    return loaded if loaded.key_size >= SMALLEST_KEY else None
