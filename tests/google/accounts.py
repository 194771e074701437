"""Service accounts, their keys as Google hands them out, and what they may do in a customer's name."""

from __future__ import annotations

import secrets
from typing import Any

from tests.google.keys import pem, public_pem, rsa_key
from tests.google.world import World

HOSTS = "https://www.googleapis.com"


def create(world: World, email: str, project: str) -> dict[str, Any]:
    """A fresh key; an account keeps its number and loses no older key."""
    key, kid = rsa_key(), secrets.token_hex(20)
    account = world.table("accounts").setdefault(
        email, {"email": email, "project": project, "client_id": world.digits(21), "keys": {}}
    )
    account["keys"][kid] = public_pem(key)
    return {
        "type": "service_account", "project_id": account["project"], "private_key_id": kid, "private_key": pem(key),
        "client_email": email, "client_id": account["client_id"],
        "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://oauth2.googleapis.com/token",
        "auth_provider_x509_cert_url": f"{HOSTS}/oauth2/v1/certs",
        "client_x509_cert_url": f"{HOSTS}/robot/v1/metadata/x509/{email.replace('@', '%40')}",
        "universe_domain": "googleapis.com",
    }  # fmt: skip


def revoke(world: World, email: str, kid: str = "") -> None:
    """One key, or the account with all of them; access tokens in use end with the account."""
    accounts = world.table("accounts")
    if kid:
        accounts[email]["keys"].pop(kid, None)
        return
    accounts.pop(email, None)
    for token in [token for token, said in world.tokens.items() if said["email"] == email]:
        del world.tokens[token]


def delegate(world: World, client: str, scopes: list[str], subjects: list[str]) -> None:
    """Domain-wide delegation as an administrator grants it; no subjects named: anybody of the domain."""
    world.table("delegations")[client] = {"scopes": scopes, "subjects": subjects}
