"""The keys that Entra signs with (OpenID Connect Discovery 1.0, `jwks_uri`)."""

from typing import Any

from chalicelib.core.house import House
from chalicelib.platforms import key_ring
from chalicelib.platforms.key_ring import Issuer
from chalicelib.platforms.windows.entra import REFUSAL, KeyOf

AWAY = "Microsoft's signing keys cannot be fetched at the moment; try again in a few minutes."


def key_of(house: House) -> KeyOf:
    """Of a tenant that the settings name: its key with this id. Unauthenticated (unknown), Unavailable."""
    ring, settings = key_ring.ring(house), house.settings

    def key(tenant: str, key_id: str) -> Any:
        url = f"{settings.entra_url}/{tenant}/discovery/v2.0/keys"
        return ring.key(Issuer(url, settings.microsoft_trust, AWAY, REFUSAL), key_id)

    return key
