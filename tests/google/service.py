"""One service of Google: its host, its discovery document, and the functions that answer its methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.google.world import World


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a bearer token was given to; subject is the person a delegated token speaks for."""

    email: str
    client: str
    project: str
    subject: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Call:
    method: Mapping[str, Any]
    args: Mapping[str, str]
    query: Mapping[str, Any]
    body: dict[str, Any]
    caller: Caller


Handler = Callable[["World", Call], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Service:
    host: str
    document: str
    handlers: Mapping[str, Handler]
    delegated: bool = False  # only people may call: a token needs a subject
    legacy: bool = False  # the older error shape
    scopes: tuple[str, ...] = ()  # where the document names none
