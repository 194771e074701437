"""The function that devices talk to day by day: check-in and commands; and, before it all, discovery."""

from typing import Any

from chalicelib.core.errors import MusterError
from chalicelib.core.house import House
from chalicelib.gateway import http, routes
from chalicelib.gateway.routes import KIBIBYTE, Route
from chalicelib.platforms.http import Request, Response


def _apple(house: House, request: Request) -> Response:
    from chalicelib.platforms.apple import service

    return service.serve(house, request)


def _windows(house: House, request: Request) -> Response:
    from chalicelib.platforms.windows import service

    return service.serve(house, request)


def _discovery(house: House, request: Request) -> Response:
    from chalicelib.platforms.windows import enrollment_endpoints

    return enrollment_endpoints.discover(house, request)


def _policy(house: House, request: Request) -> Response:
    from chalicelib.platforms.windows import enrollment_endpoints

    return enrollment_endpoints.policy(house, request)


def _fault(error: MusterError) -> Response:
    from chalicelib.platforms.windows import faults

    return faults.response(error)


ROUTES = {
    "/apple/checkin": Route(_apple, 1024 * KIBIBYTE, speaks_mdm=True),
    "/apple/connect": Route(_apple, 4096 * KIBIBYTE, speaks_mdm=True),
    "/EnrollmentServer/Discovery.svc": Route(_discovery, 512 * KIBIBYTE, refuse=_fault),  # the protocol fixes the path
    "/windows/manage": Route(_windows, 5 * 1024 * KIBIBYTE),
    "/windows/policy": Route(_policy, 512 * KIBIBYTE, refuse=_fault),
}


def handle(event: http.Event, context: object) -> dict[str, Any]:
    return routes.handle("gateway", ROUTES, _house, event)


def _house() -> House:
    from chalicelib import wiring  # at the first event: it brings the AWS client

    return wiring.house()
