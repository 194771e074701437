"""Tokens of Microsoft Entra ID: who joins the PC, proven by a tenant that the organisation named.

Sources: RFC 7519, RFC 7517, RFC 8725; Microsoft identity platform, "Access tokens"; "Microsoft Entra integration with
MDM", for the scope and the two forms of the audience.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.house import ENTRA
from chalicelib.core.windows_settings import EntraRules
from chalicelib.model.secret import Secret

ALGORITHM = "RS256"
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
    import jwt  # only this way of enrolling needs it

    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated(REFUSAL)
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != ALGORITHM or not isinstance(header.get("kid"), str):
            raise Unauthenticated(REFUSAL)
        claimed: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
        tenant = _check(claimed, rules, entra_url, now)
        key = key_of(tenant, header["kid"])
        proven = jwt.decode_complete(token, key, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)
    except jwt.InvalidTokenError as problem:
        raise Unauthenticated(REFUSAL) from problem
    if proven["payload"] != claimed:
        raise Unauthenticated(REFUSAL)
    # The text of a signature can be varied without breaking it, its bytes and what it covers cannot.
    return _joiner(claimed, token.rpartition(".")[0].encode() + proven["signature"])


_SIGNATURE_ONLY: Any = {
    "verify_aud": False,
    "verify_exp": False,  # times are checked against our own clock
    "verify_iat": False,
    "verify_iss": False,
    "verify_nbf": False,
    "verify_jti": False,
    "verify_sub": False,
}


def _check(claims: Mapping[str, Any], rules: EntraRules, entra_url: str, now: int) -> str:
    """The tenant, as it stands in the settings."""
    tenant = _text(claims, "tid").lower()
    if tenant not in rules.tenants or not _GUID.fullmatch(tenant):
        raise Unauthenticated(FOREIGN)
    issuers = {f"{FIRST_ISSUER}/{tenant}/", *(f"{host}/{tenant}/v2.0" for host in (ENTRA, entra_url))}
    if _text(claims, "iss") not in issuers:
        raise Unauthenticated(REFUSAL)
    if _text(claims, "aud") not in rules.audiences or SCOPE not in _text(claims, "scp").split():
        raise Unauthenticated(REFUSAL)
    if not _moment(claims, "nbf", 0) - SKEW <= now < _moment(claims, "exp") + SKEW:
        raise Unauthenticated(EXPIRED)
    return tenant


def _joiner(claims: Mapping[str, Any], seed: bytes) -> Joiner:
    object_id = _text(claims, "oid").lower()
    name = claims.get("upn") or claims.get("preferred_username") or ""
    if not _GUID.fullmatch(object_id) or not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise Unauthenticated(REFUSAL)
    if not name.isprintable():
        raise Unauthenticated(REFUSAL)
    return Joiner(object_id, name, Secret(seed))


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise Unauthenticated(REFUSAL)
    return value


def _moment(claims: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = claims.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unauthenticated(REFUSAL)
    return value
