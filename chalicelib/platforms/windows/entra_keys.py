"""The keys that Entra signs with, fetched seldom (RFC 7517; OpenID Connect Discovery 1.0, `jwks_uri`)."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from chalicelib.core.errors import Unauthenticated, Unavailable
from chalicelib.core.house import House, Settings
from chalicelib.platforms.windows.entra import ALGORITHM, REFUSAL

TIMEOUT = 5.0  # seconds to connect, and again between two packets
LARGEST = 256 * 1024
MOST_KEYS = 64
SMALLEST_KEY = 2048
LIVE = 6 * 3600  # seconds: keys that are withdrawn are not believed for longer
COOLDOWN = 60  # seconds between two fetches: a flood of unknown key ids must not become a flood of fetches
AWAY = "Microsoft's signing keys cannot be fetched at the moment; try again in a few minutes."


@dataclass(slots=True)
class _Held:
    asked_at: int
    fetched_at: int
    keys: Mapping[str, Any]


class KeyRing:
    """Of one process. What has been fetched stays good for a while if Microsoft does not answer."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._held: dict[str, _Held] = {}

    def key(self, tenant: str, key_id: str) -> Any:
        """Unauthenticated (unknown), Unavailable (it cannot be known now)."""
        now = self.house.clock()
        held = self._held.setdefault(tenant, _Held(-COOLDOWN, -LIVE, {}))
        fresh = now - held.fetched_at < LIVE
        if not (fresh and key_id in held.keys) and now - held.asked_at >= COOLDOWN:
            held.asked_at = now
            held.keys, held.fetched_at = _fetch(self.house.settings, tenant), now
            fresh = True
        if not fresh:
            raise Unavailable(AWAY)
        if key_id not in held.keys:
            raise Unauthenticated(REFUSAL)
        return held.keys[key_id]


_ring: KeyRing | None = None


def ring(house: House) -> KeyRing:
    global _ring
    if _ring is None or _ring.house is not house:
        _ring = KeyRing(house)
    return _ring


def _fetch(settings: Settings, tenant: str) -> Mapping[str, Any]:
    """Follows no redirect. Unavailable."""
    parts = urlsplit(settings.entra_url)
    if parts.scheme != "https":
        raise Unavailable("Entra is asked over HTTPS only; correct MUSTER_ENTRA_URL.")
    trust = ssl.create_default_context(cadata=settings.microsoft_trust or None)
    connection = http.client.HTTPSConnection(parts.netloc, timeout=TIMEOUT, context=trust)
    try:
        connection.request("GET", f"{parts.path}/{tenant}/discovery/v2.0/keys", headers={"accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read(LARGEST + 1)
    except (OSError, http.client.HTTPException) as problem:
        raise Unavailable(AWAY) from problem
    finally:
        connection.close()
    if answer.status != 200 or len(body) > LARGEST:
        raise Unavailable(AWAY)
    return _keys(body)


def _keys(body: bytes) -> Mapping[str, Any]:
    """RSA keys for signatures by their ids; whatever else is there is for others."""
    try:
        listed = json.loads(body)["keys"]
        found = [each for each in listed if isinstance(each, dict)][:MOST_KEYS]
    except (ValueError, TypeError, LookupError, RecursionError) as problem:
        raise Unavailable(AWAY) from problem
    usable = [each for each in found if isinstance(each.get("kid"), str) and each.get("use", "sig") == "sig"]
    loaded = {each["kid"]: _load(each) for each in usable}
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
