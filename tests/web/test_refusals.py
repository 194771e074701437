"""Bad requests: the right status, a problem (RFC 9457), nothing changed, nothing repeated that may be secret."""

import json

import pytest

from chalicelib.web.routes import ROUTES
from tests.web.staging import Plane

INVITE = "/api/v1/invitations"


def problem(reply, status: int) -> dict:
    assert reply.status == status, reply.content
    assert reply.headers["content-type"] == "application/problem+json"
    found = json.loads(reply.content)
    assert {"type", "title", "status", "detail", "instance"} <= set(found)
    assert found["status"] == status
    return found


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe{}", 400),
        (b"[]", 422),
        (b'"text"', 422),
        (b'{"note": NaN}', 400),
        (b'{"max_uses": 1e999}', 422),
        (b'{"note": "a", "note": "b"}', 400),
        (b'{"note": "\\ud800"}', 400),
        (b'{"\\udfff": 1}', 400),
        (b'{"max_uses": ' + b"9" * 5000 + b"}", 400),
        (b'{"note": ' + b"[" * 30 + b"]" * 30 + b"}", 400),
        (b"[" * 100_000, 400),
        (b'{"groups": [' + b"1," * 60_000 + b"1]}", 400),
        (b'{"surprise": 1}', 422),
        (b'{"max_uses": 0}', 422),
        (b'{"expires_in": 299}', 422),
        (b'{"ownership": "stolen"}', 422),
    ],
)
def test_malformed_bodies(plane: Plane, body: bytes, status: int) -> None:
    before = len(plane.api("GET", "/invitations").json["items"])
    problem(plane.call("POST", INVITE, raw=body), status)
    assert len(plane.api("GET", "/invitations").json["items"]) == before


def test_a_body_over_the_cap_is_refused_before_it_is_parsed(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.web import body

    monkeypatch.setattr(body, "parse", lambda _: pytest.fail("it was parsed"))
    problem(plane.call("POST", INVITE, raw=b'{"note":"' + b"x" * 1_048_576 + b'"}'), 413)


def test_nor_is_it_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.core.errors import TooLarge
    from chalicelib.web import body

    monkeypatch.setattr(body.base64, "b64decode", lambda *_, **__: pytest.fail("it was decoded"))
    with pytest.raises(TooLarge):
        body.raw({"body": "QUFB" * 400_000, "isBase64Encoded": True})


def test_a_get_may_not_carry_a_huge_body_either(plane: Plane) -> None:
    problem(plane.call("GET", INVITE, raw=b"x" * 1_100_000), 413)


def test_an_unknown_caller_s_body_is_not_even_looked_at(plane: Plane) -> None:
    problem(plane.call("POST", INVITE, raw=b"{", who=None), 401)


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"]
)
def test_other_media_types(plane: Plane, media: str) -> None:
    problem(plane.call("POST", INVITE, raw=b"{}", content_type=media), 415)


def test_a_charset_is_fine(plane: Plane) -> None:
    assert plane.call("POST", INVITE, raw=b"{}", content_type="application/json; charset=utf-8").status == 201


def test_another_method_is_405_and_names_those_that_there_are(plane: Plane) -> None:
    reply = plane.call("PUT", "/api/v1/devices")
    problem(reply, 405)
    assert "GET" in reply.headers["allow"]


def test_unknown_query_parameters_are_refused_not_ignored(plane: Plane) -> None:
    found = problem(plane.api("GET", "/devices?platfrom=ios"), 422)
    assert found["errors"][0]["pointer"] == "/platfrom"


def test_each_wrong_field_is_named(plane: Plane) -> None:
    found = problem(plane.api("POST", "/invitations", {"max_uses": 0, "serials": ["ok", ""]}), 422)
    assert {mistake["pointer"] for mistake in found["errors"]} == {"/max_uses", "/serials/1"}


@pytest.mark.parametrize("cursor", ["x", "e30", "WyJhIl0", "%00", "a" * 3000])
def test_foreign_cursors(plane: Plane, cursor: str) -> None:
    assert plane.api("GET", f"/devices?cursor={cursor}").status in (400, 422)


def test_secrets_are_not_repeated(plane: Plane, caplog: pytest.LogCaptureFixture) -> None:
    secret = "hunter2-canary" * 30
    reply = plane.call("POST", "/api/v1/sessions", {"username": "admin", "password": secret}, who=None)
    problem(reply, 422)
    assert b"hunter2" not in reply.content
    assert "hunter2" not in caplog.text


def test_a_failure_of_ours_is_a_problem_without_its_cause(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(type(plane.house.store), "listing", broken)
    reply = plane.call("GET", "/api/v1/devices")
    problem(reply, 500)
    assert b"canary" not in reply.content


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_answer_carries_the_security_headers(plane: Plane, route) -> None:
    headers = plane.call(route.method, route.path.replace("{", "").replace("}", "")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers
    if route.path != "/static/{name}":
        assert headers["cache-control"] == "no-store"


def test_nothing_is_offered_across_origins(plane: Plane) -> None:
    reply = plane.call("GET", "/api/v1/devices", origin="https://evil.example")
    assert not [name for name in reply.headers if name.startswith("access-control")]
