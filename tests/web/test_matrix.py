"""Who may ask what: every route and every role, against a table written by hand."""

import re

import pytest

from chalicelib.core.access import PERMISSIONS
from chalicelib.web.routes import ROUTES
from chalicelib.web.routing import PUBLIC, Route
from tests.web.staging import Plane

EVERYBODY = "nobody admin helpdesk auditor token"
SIGNED_IN = "admin helpdesk auditor token"
OPERATORS = "admin helpdesk token"
PEOPLE = "admin helpdesk"  # operators, but no machine
ADMINS = "admin token"
ADMIN_PERSON = "admin"

EXPECTED = {
    "GET /": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /static/{name}": EVERYBODY,
    "GET /enroll/{code}": EVERYBODY,
    "GET /enroll/{code}/qr.svg": EVERYBODY,
    "GET /enroll/{code}/qr.png": EVERYBODY,
    "GET /windows/signin": EVERYBODY,
    "POST /windows/signin": EVERYBODY,
    "GET /windows/terms": EVERYBODY,
    "POST /windows/terms": EVERYBODY,
    "GET /android/callback": EVERYBODY,
    "GET /api/v1/health": EVERYBODY,
    "GET /api/v1/version": EVERYBODY,
    "GET /api/v1/openapi.json": EVERYBODY,
    "POST /api/v1/sessions": EVERYBODY,
    "POST /api/v1/sessions/refresh": EVERYBODY,
    "GET /api/v1/me": SIGNED_IN,
    "POST /api/v1/invitations": OPERATORS,
    "GET /api/v1/invitations": SIGNED_IN,
    "GET /api/v1/invitations/{invitation_id}": SIGNED_IN,
    "DELETE /api/v1/invitations/{invitation_id}": OPERATORS,
    "GET /api/v1/devices": SIGNED_IN,
    "GET /api/v1/devices/{device_id}": SIGNED_IN,
    "PATCH /api/v1/devices/{device_id}": ADMINS,
    "DELETE /api/v1/devices/{device_id}": ADMIN_PERSON,
    "POST /api/v1/devices/{device_id}/retire": ADMIN_PERSON,
    "GET /api/v1/devices/{device_id}/actions": SIGNED_IN,
    "POST /api/v1/devices/{device_id}/commands": OPERATORS,
    "GET /api/v1/devices/{device_id}/commands": SIGNED_IN,
    "GET /api/v1/devices/{device_id}/commands/{command_id}": SIGNED_IN,
    "DELETE /api/v1/devices/{device_id}/commands/{command_id}": OPERATORS,
    "GET /api/v1/devices/{device_id}/escrow": OPERATORS,
    "POST /api/v1/devices/{device_id}/escrow/{kind}/reveal": PEOPLE,
    "GET /api/v1/findings": SIGNED_IN,
    "POST /api/v1/reports": SIGNED_IN,
    "GET /api/v1/reports": SIGNED_IN,
    "GET /api/v1/reports/{report_id}": SIGNED_IN,
    "GET /api/v1/reports/{report_id}/download": SIGNED_IN,
    "GET /api/v1/audit": "admin auditor token",
    "GET /api/v1/audit/export": "admin auditor token",
    "POST /api/v1/settings/push-certificate/request": ADMIN_PERSON,
    "PUT /api/v1/settings/push-certificate": ADMIN_PERSON,
    "GET /api/v1/settings/push-certificate": SIGNED_IN,
    "POST /api/v1/settings/apple/ade/key": ADMIN_PERSON,
    "PUT /api/v1/settings/apple/ade": ADMIN_PERSON,
    "GET /api/v1/settings/apple/ade": SIGNED_IN,
    "GET /api/v1/settings/posture": SIGNED_IN,
    "PUT /api/v1/settings/posture": ADMINS,
    "GET /api/v1/settings/apple/ota-anchors": SIGNED_IN,
    "PUT /api/v1/settings/apple/ota-anchors": ADMIN_PERSON,
    "DELETE /api/v1/settings/apple/ota-anchors": ADMIN_PERSON,
    "GET /api/v1/settings/windows/enrollment": SIGNED_IN,
    "PUT /api/v1/settings/windows/enrollment": ADMIN_PERSON,
    "GET /api/v1/settings/windows/entra": SIGNED_IN,
    "PUT /api/v1/settings/windows/entra": ADMIN_PERSON,
    "GET /api/v1/settings/windows/terms": SIGNED_IN,
    "PUT /api/v1/settings/windows/terms": ADMINS,
    "GET /api/v1/settings/windows/wns": SIGNED_IN,
    "PUT /api/v1/settings/windows/wns": ADMIN_PERSON,
    "GET /api/v1/settings/google": SIGNED_IN,
    "PUT /api/v1/settings/google": ADMIN_PERSON,
    "DELETE /api/v1/settings/google": ADMIN_PERSON,
    "GET /api/v1/settings/android": SIGNED_IN,
    "POST /api/v1/settings/android/sign-up": ADMIN_PERSON,
    "PUT /api/v1/settings/android/enterprise": ADMIN_PERSON,
    "GET /api/v1/settings/android/policies/{mode}": SIGNED_IN,
    "PUT /api/v1/settings/android/policies/{mode}": ADMINS,
    "GET /api/v1/warnings": SIGNED_IN,
    "POST /api/v1/tokens": ADMIN_PERSON,
    "GET /api/v1/tokens": ADMIN_PERSON,
    "DELETE /api/v1/tokens/{token_id}": ADMIN_PERSON,
}


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_the_table_names_every_route_and_no_other() -> None:
    assert sorted(map(name, ROUTES)) == sorted(EXPECTED)


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_every_route_declares_a_permission_that_exists(route: Route) -> None:
    assert route.permission == PUBLIC or route.permission in PERMISSIONS


@pytest.mark.parametrize("who", EVERYBODY.split())
@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_who_may(plane: Plane, route: Route, who: str) -> None:
    path = re.sub(r"{\w+}", "unknown", route.path)
    reply = plane.call(route.method, path, {} if route.takes_body else None, who=None if who == "nobody" else who)
    allowed = who in EXPECTED[name(route)].split()
    assert reply.status < 500
    assert (reply.status not in (401, 403)) is allowed, reply.content
    if not allowed:
        assert reply.status == (401 if who == "nobody" else 403)


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.method not in ("GET",) and route.permission != PUBLIC], ids=name
)
def test_who_may_not_changes_nothing_and_reads_no_more_than_who_it_is(plane: Plane, route: Route) -> None:
    meter = plane.house.store.meter
    meter.reset()
    path = re.sub(r"{\w+}", "unknown", route.path)
    assert (
        plane.call(route.method, path, {"broken": 1}, who="auditor").status == 403 or "auditor" in EXPECTED[name(route)]
    )
    assert meter.total("dynamodb").write_units == 0
    assert plane.call(route.method, path, {"broken": 1}, who=None).status == 401
    assert meter.total("kms").calls == 0


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer muster_unknown", "Bearer a.b.c"])
def test_what_is_no_bearer_token_is_401(plane: Plane, value: str) -> None:
    reply = plane.call("GET", "/api/v1/devices", who=None, authorization=value)
    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
