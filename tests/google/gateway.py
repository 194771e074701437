"""From a request to an answer: /HOST/PATH finds a service, the document finds the method, all is checked both ways."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.google import faults, oauth, query
from tests.google.documents import Document, Method, document
from tests.google.errors import Refusal, absent, invalid
from tests.google.service import Call, Service
from tests.google.world import World


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False  # the connection breaks instead


@dataclass(slots=True)
class Asked:
    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def said(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(
        status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=UTF-8", **(headers or {})}
    )


class Gateway:
    def __init__(self, world: World, services: tuple[Service, ...]) -> None:
        self._world = world
        self._services = {service.host: service for service in services}

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(target)
        _, host, *rest = parts.path.split("/", 2)
        asked = Asked(method, host, "/" + "".join(rest), parts.query, headers, body)
        entry = self._logged(asked)
        with self._world.lock:
            service = self._services.get(host)
            fault = faults.due(self._world, method, f"/{host}{asked.path}", parse_qs(asked.query),
                               legacy=bool(service and service.legacy))  # fmt: skip
        if fault.delay:
            time.sleep(fault.delay)
        if fault.drop == "before":
            return Answer(0, lost=True)
        found = self._faulty(fault) if fault.status else self._locked(asked, service, entry)
        entry["status"] = found.status
        return Answer(0, lost=True) if fault.drop == "after" else found

    def _faulty(self, fault: faults.Fault) -> Answer:
        return said(fault.status, fault.body, fault.headers)

    def _logged(self, asked: Asked) -> dict[str, Any]:
        """The log holds no bearer token and no assertion."""
        entry: dict[str, Any] = {"method": asked.method, "host": asked.host, "path": asked.path, "query": asked.query}
        entry["at"] = self._world.clock.stamp()
        entry["body"] = _readable(asked.body) if asked.host != "oauth2.googleapis.com" else "(grant)"
        self._world.requests.append(entry)
        return entry

    def _locked(self, asked: Asked, service: Service | None, entry: dict[str, Any]) -> Answer:
        with self._world.lock:
            if asked.method != "GET":
                self._world.dirty.set()
            if service is None:
                return self._plain(asked)
            try:
                return said(200, self._served(asked, service, entry))
            except Refusal as refusal:
                return said(refusal.code, refusal.body(legacy=service.legacy))
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                self._world.broken.append(
                    traceback.format_exc(limit=-3)
                )  # a fault of the fake: no test may pass with it
                return said(500, Refusal(500, "INTERNAL", repr(error)).body(legacy=service.legacy))

    def _plain(self, asked: Asked) -> Answer:
        """What is no service of a discovery document."""
        where = asked.method, asked.host + asked.path
        if where == ("POST", "oauth2.googleapis.com/token"):
            try:
                return said(200, oauth.grant(self._world, asked.body), {"Cache-Control": "no-store"})
            except oauth.Denied as denied:
                return said(denied.code, denied.body)
        fresh = {"Cache-Control": "public, max-age=21600, must-revalidate, no-transform"}
        if where == ("GET", "www.googleapis.com/oauth2/v3/certs"):
            return said(200, self._world.keys.jwks(), fresh)
        if where == ("GET", "www.googleapis.com/oauth2/v1/certs"):
            return said(200, self._world.keys.certificates(), fresh)
        return said(404, absent(f"The requested URL {asked.path} was not found on this server.").body())

    def _served(self, asked: Asked, service: Service, entry: dict[str, Any]) -> dict[str, Any]:
        rules = document(service.document)
        method, arguments = self._method(asked, service, rules)
        entry["id"] = method.id
        who = oauth.caller(self._world, service, method, asked.headers)
        entry["caller"] = who.email
        faults.quota(self._world, service.host)
        common = rules.said.get("parameters", {})
        asked_for = query.typed(asked.query, method.said, common)
        call = Call(method.said, arguments, asked_for, _body(asked, method, rules), who)
        handler = service.handlers.get(method.id)
        if handler is None:
            raise Refusal(501, "UNIMPLEMENTED", f"The fake does not do {method.id}.")
        return self._proven(handler(self._world, call), method, rules)

    def _method(self, asked: Asked, service: Service, rules: Document) -> tuple[Method, dict[str, str]]:
        found = [(one, args) for one in rules.methods if (args := one.arguments(asked.method, asked.path)) is not None]
        found.sort(key=lambda pair: pair[0].id not in service.handlers)
        if not found:
            raise absent("Method not found.")
        return found[0]

    def _proven(self, answer: dict[str, Any], method: Method, rules: Document) -> dict[str, Any]:
        reference = method.said.get("response", {}).get("$ref")
        try:
            if reference:
                rules.check(reference, answer)
        except ValueError as error:
            self._world.broken.append(f"{method.id}: {error}")
            raise Refusal(500, "INTERNAL", f"The fake broke Google's schema: {error}") from error
        return answer


def _body(asked: Asked, method: Method, rules: Document) -> dict[str, Any]:
    reference = method.said.get("request", {}).get("$ref")
    if not asked.body:
        return {}
    if not asked.headers.get("content-type", "").startswith("application/json"):
        raise invalid("Invalid content type: a body has to be application/json.")
    try:
        value = json.loads(asked.body)
    except ValueError as error:
        raise invalid("Invalid JSON payload received. Parsing terminated before end of input.") from error
    if not isinstance(value, dict) or (reference is None and value):
        raise invalid('Invalid JSON payload received. Unknown name "": Root element must be a message.')
    if reference is None:
        return {}
    value = rules.writable(reference, value)
    try:
        rules.check(reference, value)
    except ValueError as error:
        raise invalid(str(error)) from error
    return dict(value)


def _readable(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return "(not JSON)"
