"""The function that brings devices in: profiles, SCEP, WSTEP, CRL. The only one that may sign with the CA key."""

from typing import Any

from chalicelib.core.errors import MusterError
from chalicelib.core.house import House
from chalicelib.gateway import http, log, routes
from chalicelib.gateway.routes import KIBIBYTE, Route
from chalicelib.platforms.http import Request, Response


def _profile(house: House, request: Request) -> Response:
    from chalicelib.platforms.apple import enrollment_endpoints

    return enrollment_endpoints.profile(house, request)


def _ota(house: House, request: Request) -> Response:
    from chalicelib.platforms.apple import enrollment_endpoints

    return enrollment_endpoints.ota(house, request)


def _crl(house: House, request: Request) -> Response:
    from chalicelib.platforms.apple import enrollment_endpoints

    return enrollment_endpoints.revocations(house, request)


def _scep(house: House, request: Request) -> Response:
    from chalicelib.platforms.apple import scep

    return scep.serve(house, request)


def _windows(house: House, request: Request) -> Response:
    from chalicelib.platforms.windows import enrollment_endpoints

    return enrollment_endpoints.enroll(house, request)


def _fault(error: MusterError) -> Response:
    from chalicelib.platforms.windows import faults

    return faults.response(error)


ROUTES = {
    "/apple/profile/": Route(_profile, KIBIBYTE),
    "/apple/ota/": Route(_ota, 64 * KIBIBYTE),
    "/apple/scep": Route(_scep, 64 * KIBIBYTE),
    "/windows/enrollment": Route(_windows, 512 * KIBIBYTE, refuse=_fault),
    "/crl": Route(_crl, KIBIBYTE),
}


PUBLISH_CRL = "publish-crl"  # what a schedule sends as {"task": …}


def handle(event: http.Event, context: object) -> dict[str, Any]:
    if event.get("task") == PUBLISH_CRL:
        return publish_crl(_house())
    return routes.handle("signer", ROUTES, _house, event)


def publish_crl(house: House) -> dict[str, Any]:
    """Once an hour, so that the list is fresh even where nobody asked for it."""
    from chalicelib.core import issuance

    size = len(issuance.publish_crl(house))
    log.write({"function": "signer", "message": PUBLISH_CRL, "bytes_out": size})
    return {"bytes": size}


def _house() -> House:
    from chalicelib import wiring  # at the first event: it brings the AWS client

    return wiring.house()
