"""Signing in with the user directory, and who one is then."""

from typing import Literal

from pydantic import Field, SecretStr

from chalicelib.core import access
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.web.api.common import Input, View
from chalicelib.web.routing import Ask, Nothing


class Credentials(Input):
    username: str = Field(min_length=1, max_length=254)
    password: SecretStr = Field(min_length=1, max_length=256)


class Refresh(Input):
    refresh_token: SecretStr = Field(min_length=1, max_length=8192)


class Session(View):
    access_token: str
    refresh_token: str = Field(description="For POST /api/v1/sessions/refresh; it outlives the access token.")
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.")


class Me(View):
    name: str
    role: Role
    person: bool = Field(description="False for an API token.")
    permissions: list[str]


def create(ask: Ask[Credentials]) -> Session:
    tokens = ask.house.identities.sign_in(ask.given.username, Secret(ask.given.password.get_secret_value()))
    return Session.model_validate({"token_type": "Bearer", **tokens})


def refresh(ask: Ask[Refresh]) -> Session:
    tokens = ask.house.identities.refresh(Secret(ask.given.refresh_token.get_secret_value()))
    return Session.model_validate({"token_type": "Bearer", **tokens})


def me(ask: Ask[Nothing]) -> Me:
    principal = ask.principal
    return Me.of(principal, permissions=[name for name in sorted(access.PERMISSIONS) if _may(principal, name)])


def _may(principal: Principal, permission: str) -> bool:
    in_role = principal.role in access.PERMISSIONS[permission]
    return in_role and (principal.person or permission not in access.PERSON_ONLY)
