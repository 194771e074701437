"""The organisation's server at Apple Business or School Manager: a key for it, and the link."""

from typing import Any, Protocol

from pydantic import Field

from chalicelib.core.errors import NotFound
from chalicelib.core.house import House
from chalicelib.model.people import Principal
from chalicelib.web.api.common import Input, Moment, View, offered
from chalicelib.web.routing import Ask, Nothing

NAME = "SHA-256 of the public key, hex."


class Ade(Protocol):
    """What the Apple platform offers under `ade`: its module platforms/apple/ade.py."""

    def create_key(self, house: House, principal: Principal) -> Any: ...

    def link(self, house: House, principal: Principal, server_uuid: str, certificate: str | None = None) -> Any: ...

    def current(self, house: House) -> Any: ...


class AdeKey(View):
    certificate: str = Field(description="PEM: the server's public key for Apple Business or School Manager.")
    key: str = Field(description=NAME)


class NewAdeLink(Input):
    server_uuid: str = Field(max_length=36, description="As Apple's device enrollment service tells it.")
    certificate: str | None = Field(None, max_length=20_000, description="PEM: whose key signs; else the newest key.")


class AdeLink(View):
    server_uuid: str
    key: str = Field(description=NAME)
    linked_at: Moment


def create_key(ask: Ask[Nothing]) -> AdeKey:
    return AdeKey.of(_ade(ask.house).create_key(ask.house, ask.principal))


def link(ask: Ask[NewAdeLink]) -> AdeLink:
    wish = ask.given
    return AdeLink.of(_ade(ask.house).link(ask.house, ask.principal, wish.server_uuid, wish.certificate))


def show(ask: Ask[Nothing]) -> AdeLink:
    found = _ade(ask.house).current(ask.house)
    if found is None:
        raise NotFound("No server at Apple is linked yet; start with `muster apple ade key`.")
    return AdeLink.of(found)


def _ade(house: House) -> Ade:
    made: Ade = offered(house, "apple", "ade")
    return made
