"""The function that devices talk to day by day: check-in and commands."""

from typing import Any

from chalicelib.core.house import House
from chalicelib.gateway import http, routes
from chalicelib.gateway.routes import KIBIBYTE, Route
from chalicelib.platforms.http import Request, Response


def _apple(house: House, request: Request) -> Response:
    from chalicelib.platforms.apple import service

    return service.serve(house, request)


ROUTES = {
    "/apple/checkin": Route(_apple, 1024 * KIBIBYTE, speaks_mdm=True),
    "/apple/connect": Route(_apple, 4096 * KIBIBYTE, speaks_mdm=True),
}


def handle(event: http.Event, context: object) -> dict[str, Any]:
    return routes.handle("gateway", ROUTES, _house, event)


def _house() -> House:
    from chalicelib import wiring  # at the first event: it brings the AWS client

    return wiring.house()
