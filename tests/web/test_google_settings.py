"""The connection to Google and what Android needs, as administrators set it: checked, audited, keys never seen."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core import audit, google_settings
from chalicelib.model.people import Role
from tests.google.process import FakeGoogle
from tests.web import google_staging
from tests.web.google_staging import CANARY, PLAIN, WIFI, Office
from tests.web.staging import ADMIN, Plane

CORPORATE = "/settings/android/policies/corporate"


@pytest.fixture(scope="module")
def google() -> Iterator[FakeGoogle]:
    with google_staging.fake() as running:
        yield running


@pytest.fixture
def office(plane: Plane, google: FakeGoogle) -> Office:
    return google_staging.office(plane, google)


@pytest.fixture
def bound(office: Office) -> Office:
    office.connect()
    assert office.sign_up().status == 200
    return office


def changes(plane: Plane) -> list[tuple[str, str]]:
    """Who changed which setting."""
    found = [entry.event for entry in audit.recent(plane.house, ADMIN, 100)]
    return [(one.actor, one.target) for one in found if one.action == "settings.changed"]


def test_at_first_nothing_is_connected(plane: Plane) -> None:
    found = plane.api("GET", "/settings/google", who="auditor").json
    assert found["connected"] is False
    assert found["push_endpoint"] == "https://devices.example.test/google/push"
    assert {found[name] for name in ("project", "client_email", "topic", "enterprise")} == {""}
    assert found["key_since"] is None
    assert plane.api("GET", "/settings/android", who="auditor").json == {"enterprise": ""}


def test_connecting_and_changing_and_forgetting(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    plane = office.plane
    reply = office.connect()
    key = office.key["private_key"]
    assert reply.json == plane.api("GET", "/settings/google", who="auditor").json
    assert reply.json["connected"] is True
    assert reply.json["project"] == office.project
    assert reply.json["key_since"] == "2027-01-15T08:00:00Z"
    assert reply.json["topic"] == office.ways["topic"]
    assert key.splitlines()[1] not in reply.content.decode() + str(audit.recent(plane.house, ADMIN, 100)) + caplog.text
    changed = plane.api("PUT", "/settings/google", {**office.ways, "admin": "director@example.com"})
    assert changed.json == {**reply.json, "admin": "director@example.com"}
    assert changes(plane) == [("user:admin", "setting:google")] * 2
    assert plane.api("DELETE", "/settings/google").status == 204
    assert plane.api("GET", "/settings/google").json["connected"] is False
    assert google_settings.connection(plane.house) is None


@pytest.mark.parametrize(
    "change",
    [{"key": "{}"}, {"key": ""}, {"key": "x" * 20_000}, {"topic": "muster"}, {"push_email": "a@b.c"},
     {"customer": "ours"}, {"admin": "nobody"}, {"surprise": 1}, {"key": None}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_makes_no_connection(office: Office, change: dict[str, Any]) -> None:
    body = {**office.ways, "key": json.dumps(office.key), **change}
    reply = office.plane.api("PUT", "/settings/google", body)
    assert reply.status == 422
    assert b"PRIVATE KEY" not in reply.content
    assert google_settings.connection(office.plane.house) is None


def test_signing_up_for_android(office: Office) -> None:
    plane = office.plane
    assert plane.api("POST", "/settings/android/sign-up").status == 409
    office.connect()
    begun = plane.api("POST", "/settings/android/sign-up")
    assert begun.status == 201
    assert begun.json["expires_at"] == "2027-01-15T09:00:00Z"
    back = office.come_back(begun.json["url"])
    page = plane.call("GET", back, who=None)
    name = google_settings.enterprise(plane.house)
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert name.encode() in page.content
    assert plane.api("GET", "/settings/android").json == {"enterprise": name}
    assert plane.api("GET", "/settings/google").json["enterprise"] == name
    assert changes(plane).count(("user:admin", "setting:android.enterprise")) == 1
    assert plane.call("GET", back, who=None).status == 200
    assert plane.api("POST", "/settings/android/sign-up").status == 409


@pytest.mark.parametrize("query", ["", "?state=x&enterpriseToken=y", "?enterpriseToken=y", "?state=<script>"])
def test_a_stranger_at_the_callback(office: Office, query: str) -> None:
    office.connect()
    office.plane.api("POST", "/settings/android/sign-up")
    page = office.plane.call("GET", f"/android/callback{query}", who=None)
    assert page.status == 410
    assert b"Android is not set up yet" in page.content
    assert b"<script>" not in page.content
    assert google_settings.enterprise(office.plane.house) == ""


def test_overlong_parameters_are_not_looked_at(office: Office) -> None:
    assert office.plane.call("GET", f"/android/callback?state={'x' * 201}", who=None).status == 422


def test_the_callback_while_google_is_busy(office: Office) -> None:
    office.connect()
    back = office.come_back(office.plane.api("POST", "/settings/android/sign-up").json["url"])
    office.control.fault("POST /androidmanagement*/v1/enterprises", 503)
    page = office.plane.call("GET", back, who=None)
    assert page.status == 503
    assert b"Reload this page" in page.content
    assert office.plane.call("GET", back, who=None).status == 200


def test_whoever_began_it_has_lost_the_role(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.connect()
    back = office.come_back(office.plane.api("POST", "/settings/android/sign-up").json["url"])
    monkeypatch.setattr(office.plane.house.identities, "role_of", lambda _: Role.AUDITOR)
    assert office.plane.call("GET", back, who=None).status == 403
    assert google_settings.enterprise(office.plane.house) == ""


def test_an_enterprise_that_exists(bound: Office) -> None:
    name = google_settings.enterprise(bound.plane.house)
    path = "/settings/android/enterprise"
    assert bound.plane.api("PUT", path, {"name": name}).json == {"enterprise": name}
    assert bound.plane.api("PUT", path, {"name": "enterprises/LC1"}).status == 409
    assert bound.plane.api("PUT", path, {"name": "../LC1"}).status == 422


def test_a_policy_is_shown_and_set(bound: Office) -> None:
    plane = bound.plane
    first = plane.api("GET", CORPORATE, who="auditor").json
    assert (first["version"], first["pushed"], first["problem"]) == (0, True, "")
    made = plane.api("PUT", CORPORATE, {"document": PLAIN, "version": 0}, who="token").json
    assert made == {
        "mode": "corporate", "version": 1, "digest": made["digest"], "document": PLAIN, "per_device": False,
        "pushed": True, "problem": "",
    }  # fmt: skip
    assert plane.api("GET", CORPORATE).json == made
    name = f"{google_settings.enterprise(plane.house)}/policies/corporate"
    assert bound.control.state()["policies"][name] == {"name": name, "version": "2", **PLAIN}


def test_nobodys_edit_is_lost(bound: Office) -> None:
    plane = bound.plane
    plane.api("PUT", CORPORATE, {"document": PLAIN, "version": 0})
    late = plane.api("PUT", CORPORATE, {"document": WIFI, "version": 0})
    assert late.status == 409
    assert "read it again" in late.json["detail"]
    assert plane.api("PUT", CORPORATE, {"document": WIFI}).status == 422
    assert plane.api("GET", CORPORATE).json["document"] == PLAIN


def test_what_is_secret_in_a_policy_stays_so(bound: Office, caplog: pytest.LogCaptureFixture) -> None:
    plane = bound.plane
    made = plane.api("PUT", CORPORATE, {"document": WIFI, "version": 0})
    bad = json.loads(json.dumps(WIFI))
    bad["openNetworkConfiguration"]["NetworkConfigurations"][0]["Type"] = CANARY
    refused = plane.api("PUT", CORPORATE, {"document": bad, "version": 1})
    assert (made.status, refused.status) == (200, 422)
    seen = made.content + refused.content + plane.api("GET", CORPORATE).content
    assert CANARY not in seen.decode() + str(audit.recent(plane.house, ADMIN, 100)) + caplog.text
    assert b"***" in made.content
    again = plane.api("PUT", CORPORATE, {"document": made.json["document"], "version": 1})
    assert again.status == 422
    assert "write the secret itself" in again.json["detail"]


def test_google_refuses_a_policy(bound: Office) -> None:
    bound.control.fault("PATCH /androidmanagement*/policies/corporate", 400, reason="INVALID_ARGUMENT", message="No.")
    made = bound.plane.api("PUT", CORPORATE, {"document": PLAIN, "version": 0})
    assert made.status == 200
    assert made.json["pushed"] is False
    assert "No." in made.json["problem"]


def test_there_are_three_modes(bound: Office) -> None:
    assert bound.plane.api("GET", "/settings/android/policies/moon").status == 422


def test_where_android_is_not_offered(bound: Office) -> None:
    plane = bound.plane
    plane.house = replace(plane.house, platforms={})
    for method, path, body in (
        ("POST", "/settings/android/sign-up", None),
        ("PUT", "/settings/android/enterprise", {"name": "enterprises/LC1"}),
        ("GET", CORPORATE, None),
        ("PUT", CORPORATE, {"document": PLAIN, "version": 0}),
    ):
        reply = plane.api(method, path, body)
        assert reply.status == 404
        assert "does not manage Android" in reply.json["detail"]
    assert plane.call("GET", "/android/callback?state=x", who=None).status == 404
