"""One request from event to answer: route, size, platform, refusal, log line. Shared by the two device functions."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.errors import MusterError, NotFound, NotManaged
from chalicelib.core.house import House
from chalicelib.gateway import http, log
from chalicelib.platforms.http import Request, Response

Serve = Callable[[House, Request], Response]
Refuse = Callable[[MusterError], Response]
KIBIBYTE = 1024
LONGEST_REFUSAL = 500  # characters: a refusal may name what was sent


@dataclass(frozen=True, slots=True)
class Route:
    """`serve` imports what it needs when it is called. `speaks_mdm`: a refusal may tell the device to unenroll.

    `refuse` words what is refused before `serve` gets it, where the wire has words of its own for that.
    """

    serve: Serve
    cap: int  # bytes of a body
    speaks_mdm: bool = False
    refuse: Refuse | None = None


def handle(function: str, routes: Mapping[str, Route], house: Callable[[], House], event: http.Event) -> dict[str, Any]:
    started = time.perf_counter()
    name, route = _find(routes, http.path_of(event))
    facts: dict[str, str | int] = {"function": function, "route": name, **_known(event)}
    try:
        if route is None:
            raise NotFound("There is nothing here.")
        response = route.serve(house(), http.request_of(event, route.cap))
    except MusterError as error:
        facts |= {"error": type(error).__name__, "reason": str(error)}
        response = _refused(route, error)
    facts |= {"status": response.status, "bytes_out": len(response.body), **response.log}
    log.write(facts | {"ms": round((time.perf_counter() - started) * 1000)})
    return http.event_of(response)


def _find(routes: Mapping[str, Route], path: str) -> tuple[str, Route | None]:
    """A route ends with a slash where one more segment follows."""
    start = path[: path.rfind("/") + 1]
    name = path if path in routes else start
    return (name, routes[name]) if name in routes else ("", None)


def _known(event: http.Event) -> dict[str, str | int]:
    context = event.get("requestContext", {})
    size = len(event.get("body") or "")
    return {
        "method": str(context.get("http", {}).get("method", "")),
        "request_id": str(context.get("requestId", "")),
        "bytes_in": size * 3 // 4 if event.get("isBase64Encoded") else size,
    }


def _refused(route: Route | None, error: MusterError) -> Response:
    if route is not None and route.refuse is not None:
        return route.refuse(error)
    return refusal(error, route is not None and route.speaks_mdm)


def refusal(error: MusterError, speaks_mdm: bool) -> Response:
    """Never 401: it makes a device leave. The code that makes it leave (Apple mdm/errors/unrecognized.device.yaml) goes
    only to one that proved who it is and is not managed: not to everybody when a proxy loses a header."""
    status = 403 if error.status == 401 else error.status
    if speaks_mdm and isinstance(error, NotManaged):
        body = {"code": "com.apple.unrecognized.device", "description": error.public}
        return Response(status, json.dumps(body).encode(), "application/json")
    return Response(status, f"{error.public[:LONGEST_REFUSAL]}\n".encode(), "text/plain; charset=utf-8")
