"""The token endpoint: the JWT-bearer grant (RFC 7523) as oauth2.googleapis.com judges it, and the bearer check."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.google.documents import Method
from tests.google.errors import Refusal, forbidden
from tests.google.service import Caller, Service
from tests.google.world import World

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token",
             "https://accounts.google.com/o/oauth2/token")  # fmt: skip
LIFE = 3599
LONGEST = 3600
SKEW = 5  # seconds of difference between two clocks of one machine
TIMES = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)
UNAUTHORIZED = (
    "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the "
    "scopes requested."
)
NO_TOKEN = "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential."  # noqa: E501 - Google's sentence
BAD_TOKEN = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."  # noqa: E501 - Google's sentence


class Denied(Exception):
    """An OAuth error (RFC 6749 §5.2)."""

    def __init__(self, error: str, text: str, code: int = 400) -> None:
        super().__init__(text)
        self.code, self.body = code, {"error": error, "error_description": text}


def grant(world: World, form: bytes) -> dict[str, Any]:
    fields = {name: values[0] for name, values in parse_qs(form.decode("utf-8", "replace")).items()}
    if fields.get("grant_type") != GRANT:
        raise Denied("unsupported_grant_type", f"Invalid grant_type: {fields.get('grant_type', '')}")
    claims, account = _verified(world, fields.get("assertion", ""))
    _in_time(claims, world.clock.now())
    if claims.get("aud") not in AUDIENCES:
        raise Denied("invalid_grant", f"Invalid JWT: Failed audience check. The right audience is {AUDIENCES[0]}")
    scopes = _scopes(claims)
    subject = claims.get("sub", "")
    if subject and subject != account["email"]:
        _delegated(world, account["client_id"], subject, scopes)
    else:
        subject = ""
    token = "ya29.c." + secrets.token_urlsafe(96)
    world.tokens[token] = {
        "email": account["email"], "client": account["client_id"], "project": account["project"], "subject": subject,
        "scopes": scopes, "ends": world.clock.now() + LIFE,
    }  # fmt: skip
    return {"access_token": token, "expires_in": LIFE, "token_type": "Bearer"}


def caller(world: World, service: Service, method: Method, headers: Mapping[str, str]) -> Caller:
    """Who calls, if the bearer token is alive and good for one of the method's scopes."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Refusal(401, "UNAUTHENTICATED", NO_TOKEN, reason="CREDENTIALS_MISSING" if not service.legacy else "")
    said = world.tokens.get(token.strip())
    if said is None or said["ends"] <= world.clock.now():
        raise Refusal(401, "UNAUTHENTICATED", BAD_TOKEN)
    wanted = set(method.said.get("scopes") or service.scopes)
    if not wanted & set(said["scopes"]):
        reason = "insufficientPermissions" if service.legacy else "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
        text = "Request had insufficient authentication scopes."
        raise Refusal(403, "PERMISSION_DENIED", text, reason=reason)
    if service.delegated and not said["subject"]:
        raise forbidden("Not Authorized to access this resource/api")
    return Caller(said["email"], said["client"], said["project"], said["subject"], frozenset(said["scopes"]))


def _verified(world: World, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        head, body, tail = assertion.split(".")
        header, claims = json.loads(_decoded(head)), json.loads(_decoded(body))
        signature = _decoded(tail)
    except (ValueError, binascii.Error) as error:
        raise Denied("invalid_grant", "Bad Request") from error
    account = world.table("accounts").get(claims.get("iss", ""))
    if account is None:
        raise Denied("invalid_grant", "Invalid grant: account not found")
    kid = header.get("kid")
    keys = [account["keys"].get(kid)] if kid else list(account["keys"].values())
    if header.get("alg") != "RS256" or not any(_signed(text, f"{head}.{body}", signature) for text in keys if text):
        raise Denied("invalid_grant", "Invalid JWT Signature.")
    return claims, account


def _signed(text: str, signed: str, signature: bytes) -> bool:
    key = serialization.load_pem_public_key(text.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _in_time(claims: Mapping[str, Any], now: float) -> None:
    begins, ends = claims.get("iat"), claims.get("exp")
    if not isinstance(begins, int | float) or not isinstance(ends, int | float):
        raise Denied("invalid_grant", TIMES)
    if begins > now + SKEW or ends <= now - SKEW or not 0 < ends - begins <= LONGEST:
        raise Denied("invalid_grant", TIMES)


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    scopes = str(claims.get("scope", "")).split()
    if not scopes or not all(scope.startswith("https://www.googleapis.com/auth/") for scope in scopes):
        raise Denied("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    return scopes


def _delegated(world: World, client: str, subject: str, scopes: list[str]) -> None:
    granted = world.table("delegations").get(client)
    if granted is None or not set(scopes) <= set(granted["scopes"]):
        raise Denied("unauthorized_client", UNAUTHORIZED, 401)
    if "@" not in subject or (granted["subjects"] and subject not in granted["subjects"]):
        raise Denied("invalid_grant", "Invalid email or User ID")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
