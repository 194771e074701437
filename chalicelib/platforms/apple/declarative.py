"""Declarative management: a device fetches what it should be and reports what it is (Apple declarative/protocol)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.device import Device
from chalicelib.model.enrollment import Declaration
from chalicelib.platforms.apple import declarations
from chalicelib.platforms.apple.actions import declarations as build
from chalicelib.platforms.apple.checkin import DeclarativeManagement
from chalicelib.platforms.http import Response

JSON_TYPE = "application/json"
_MANIFEST = {
    "activation": "Activations",
    "configuration": "Configurations",
    "asset": "Assets",
    "management": "Management",
}


def answer(house: House, poll: Poll, message: DeclarativeManagement) -> Response:
    """An endpoint is one word, or `declaration/<kind>/<identifier>`, where the identifier may hold slashes."""
    endpoint, _, rest = message.endpoint.partition("/")
    handler = _ENDPOINTS.get(endpoint)
    if handler is None or bool(rest) != (endpoint == "declaration"):
        raise NotFound("There is no such endpoint of declarative management.")
    return handler(house, poll, message, rest)


def tokens(house: House, device: Device) -> bytes:
    return _tokens(house, declarations.token(declarations.of_device(house, device)))


def _tokens(house: House, token: str) -> bytes:
    now = datetime.fromtimestamp(house.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"SyncTokens": {"DeclarationsToken": token, "Timestamp": now}}).encode()


def _held(house: House, poll: Poll, message: DeclarativeManagement) -> list[Declaration]:
    """A user channel has none yet: everything is declared to the device."""
    if message.channel.user_id:
        return []
    return declarations.of_device(house, house.store.get(Device, poll.enrollment.device_id))


def _told(house: House, poll: Poll, message: DeclarativeManagement, token: str) -> None:
    """The device asks, so it speaks declarative management, and knows this token from now on."""
    bound = poll.enrollment
    if message.channel.user_id or (bound.declarative and bound.declarations_token == token):
        return
    try:
        house.store.replace(replace(bound, declarative=True, declarations_token=token))
    except Stale:  # a parallel request was faster; the device asks for the items next, and the inventory once a day
        return


def _answer_tokens(house: House, poll: Poll, message: DeclarativeManagement, rest: str) -> Response:
    token = declarations.token(_held(house, poll, message))
    _told(house, poll, message, token)
    return Response(body=_tokens(house, token), content_type=JSON_TYPE)


def _answer_items(house: House, poll: Poll, message: DeclarativeManagement, rest: str) -> Response:
    held = _held(house, poll, message)
    token = declarations.token(held)
    manifest: dict[str, list[dict[str, str]]] = {name: [] for name in _MANIFEST.values()}
    for declaration in held:
        item = {"Identifier": declaration.identifier, "ServerToken": declaration.server_token}
        manifest[_MANIFEST[declaration.kind]].append(item)
    _told(house, poll, message, token)
    body = json.dumps({"Declarations": manifest, "DeclarationsToken": token}).encode()
    return Response(body=body, content_type=JSON_TYPE)


def _answer_declaration(house: House, poll: Poll, message: DeclarativeManagement, rest: str) -> Response:
    kind, _, identifier = rest.partition("/")
    for declaration in _held(house, poll, message):
        if (declaration.kind, declaration.identifier) == (kind, identifier):
            return Response(body=json.dumps(build.body(declaration)).encode(), content_type=JSON_TYPE)
    raise NotFound("There is no such declaration.")


def _take_status(house: House, poll: Poll, message: DeclarativeManagement, rest: str) -> Response:
    from chalicelib.platforms.apple import status

    if not message.channel.user_id:
        status.take(house, poll.enrollment.device_id, message.data)
    return Response()


_ENDPOINTS: Mapping[str, Callable[[House, Poll, DeclarativeManagement, str], Response]] = {
    "tokens": _answer_tokens,
    "declaration-items": _answer_items,
    "declaration": _answer_declaration,
    "status": _take_status,
}
