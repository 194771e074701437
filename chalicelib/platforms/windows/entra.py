"""Tokens of Microsoft Entra ID: who joins the PC, proven by a tenant that the organisation named.

Sources: Microsoft identity platform, "Access tokens"; "Microsoft Entra integration with MDM", for the scope and the
two forms of the audience.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.house import ENTRA
from chalicelib.core.windows_settings import EntraRules
from chalicelib.model.secret import Secret
from chalicelib.platforms import signed_token
from chalicelib.platforms.signed_token import SignedToken

LONGEST_TOKEN = 16_384
LONGEST_NAME = 320
SKEW = 60  # seconds of clock difference that we bear
SCOPE = "mdm_delegation"
FIRST_ISSUER = "https://sts.windows.net"  # of tokens of version 1.0
REFUSAL = "The Entra token is not valid here; sign in to Windows again, or ask your administrator."
EXPIRED = "The Entra token has expired; check the clock of the PC and sign in again."
FOREIGN = "Muster does not know this Entra tenant; an administrator has to name it."
_GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

KeyOf = Callable[[str, str], Any]  # tenant and key id → public key; Unauthenticated if unknown


@dataclass(frozen=True, slots=True)
class Joiner:
    """`name` is the user principal name, or "" where nobody in particular joins. `seed` is this token's alone."""

    object_id: str
    name: str
    seed: Secret[bytes] = field(repr=False)


def verify(token: str, rules: EntraRules, entra_url: str, key_of: KeyOf, now: int) -> Joiner:
    """Nothing is fetched for a token whose words alone refuse it. Unauthenticated."""
    claimed = signed_token.read(token, LONGEST_TOKEN, REFUSAL)
    tenant = _check(claimed, rules, entra_url, now)
    return _joiner(claimed, claimed.prove(key_of(tenant, claimed.key_id)))


def _check(token: SignedToken, rules: EntraRules, entra_url: str, now: int) -> str:
    """The tenant, as it stands in the settings."""
    tenant = token.text("tid").lower()
    if tenant not in rules.tenants or not _GUID.fullmatch(tenant):
        raise Unauthenticated(FOREIGN)
    issuers = {f"{FIRST_ISSUER}/{tenant}/", *(f"{host}/{tenant}/v2.0" for host in (ENTRA, entra_url))}
    if token.text("iss") not in issuers:
        raise Unauthenticated(REFUSAL)
    if token.text("aud") not in rules.audiences or SCOPE not in token.text("scp").split():
        raise Unauthenticated(REFUSAL)
    if not token.moment("nbf", 0) - SKEW <= now < token.moment("exp") + SKEW:
        raise Unauthenticated(EXPIRED)
    return tenant


def _joiner(token: SignedToken, seed: bytes) -> Joiner:
    object_id = token.text("oid").lower()
    name = token.claims.get("upn") or token.claims.get("preferred_username") or ""
    if not _GUID.fullmatch(object_id) or not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise Unauthenticated(REFUSAL)
    if not name.isprintable():
        raise Unauthenticated(REFUSAL)
    return Joiner(object_id, name, Secret(seed))
