"""How Windows PCs come in, as administrators set it: checked, audited, and the secret never seen again."""

from typing import Any

import pytest

from chalicelib.core import audit, escrow, windows_settings
from chalicelib.core.escrow import ORGANIZATION
from chalicelib.core.windows_settings import EnrollmentRules, EntraRules
from chalicelib.model.device import Ownership
from chalicelib.model.records import Setting
from chalicelib.platforms.windows import wns_token
from tests.web.staging import ADMIN, TIME, Plane, Reply

TENANT, APPLICATION = "5f2f4c56-6b0d-4f0e-9d52-0c9a0d3f7b11", "0a9b5c1e-7d3f-4b61-8e6f-4b5f3c2d1e00"
ENROLLMENT = {"federated": True, "ownership": "personal", "groups": ["pcs"]}
ENTRA = {"tenants": [TENANT], "audiences": [APPLICATION], "ownership": "corporate", "groups": ["joined"]}
SID = "ms-app://s-1-15-2-1004590054-1212876345-3190498744-3243106-2468465212-1929451513-2166462344"
PUSH = {"pfn": "Example.Push_8wekyb3d8bbwe", "sid": SID}
SECRET = "canary-8Q~abc.def_GHI"


def put(plane: Plane, name: str, body: Any, **more: Any) -> Reply:
    return plane.api("PUT", f"/settings/windows/{name}", body, **more)


def get(plane: Plane, name: str) -> Any:
    return plane.api("GET", f"/settings/windows/{name}", who="auditor").json


def trail(plane: Plane) -> list[tuple[str, dict[str, Any]]]:
    """What was changed, the latest first."""
    found = [entry.event for entry in audit.recent(plane.house, ADMIN, 100)]
    changed = [one for one in found if one.action == "settings.changed"]
    assert all(one.actor == "user:admin" for one in changed)
    return [(one.target.removeprefix("setting:"), dict(one.details)) for one in changed]


def test_at_first_nothing_is_open(plane: Plane) -> None:
    assert get(plane, "enrollment") == {"federated": False, "ownership": "corporate", "groups": []}
    assert get(plane, "entra") == {"tenants": [], "audiences": [], "ownership": "corporate", "groups": []}
    assert get(plane, "wns") == {"pfn": "", "sid": "", "secret_since": None}
    assert get(plane, "terms") == {"text": ""}


def test_the_sign_in_page_is_opened_and_closed(plane: Plane) -> None:
    assert put(plane, "enrollment", ENROLLMENT).json == ENROLLMENT == get(plane, "enrollment")
    assert windows_settings.enrollment_rules(plane.house) == EnrollmentRules(True, Ownership.PERSONAL, ("pcs",))
    assert put(plane, "enrollment", ENROLLMENT).status == 200
    assert trail(plane) == [("windows.enrollment", {"before": {}, "after": ENROLLMENT})]
    closed = {"federated": False, "ownership": "personal"}
    assert put(plane, "enrollment", closed).json == {**closed, "groups": []}
    assert {"before": ENROLLMENT, "after": {**closed, "groups": []}} in [details for _, details in trail(plane)]


def test_entra_tenants_are_named(plane: Plane) -> None:
    audiences = [
        APPLICATION.upper(),
        "https://devices.example.test",
        f"api://{APPLICATION}",
        "https://devices.example.test/",
    ]
    body = {**ENTRA, "tenants": [TENANT.upper(), TENANT.upper()], "audiences": audiences}
    kept = {**ENTRA, "audiences": [APPLICATION, *audiences[1:]]}
    assert put(plane, "entra", body).json == kept == get(plane, "entra")
    rules = EntraRules((TENANT,), (APPLICATION, *audiences[1:]), Ownership.CORPORATE, ("joined",))
    assert windows_settings.entra_rules(plane.house) == rules
    assert trail(plane) == [("windows.entra", {"before": {}, "after": kept})]
    closed = {**ENTRA, "tenants": [], "audiences": []}
    assert put(plane, "entra", closed).json == closed


@pytest.mark.parametrize(
    ("name", "good", "change"),
    [
        ("enrollment", ENROLLMENT, {"federated": None}),
        ("enrollment", ENROLLMENT, {"ownership": "stolen"}),
        ("enrollment", ENROLLMENT, {"groups": [" "]}),
        ("enrollment", ENROLLMENT, {"groups": ["g"] * 51}),
        ("enrollment", ENROLLMENT, {"surprise": 1}),
        ("entra", ENTRA, {"tenants": ["example.test"]}),
        ("entra", ENTRA, {"tenants": ["common"]}),
        ("entra", ENTRA, {"tenants": [TENANT + "\n-"]}),
        ("entra", ENTRA, {"tenants": []}),
        ("entra", ENTRA, {"audiences": []}),
        ("entra", ENTRA, {"tenants": ["9188040d-6c67-4c5b-b112-36a304b66dad"]}),
        ("entra", ENTRA, {"tenants": [TENANT] * 21}),
        ("entra", ENTRA, {"audiences": ["http://devices.example.test"]}),
        ("entra", ENTRA, {"audiences": ["https://"]}),
        ("entra", ENTRA, {"audiences": ["*"]}),
        ("wns", {**PUSH, "secret": SECRET}, {"pfn": "Example.Push"}),
        ("wns", {**PUSH, "secret": SECRET}, {"pfn": "Example.Push_8wekyb3d8bbwi"}),
        ("wns", {**PUSH, "secret": SECRET}, {"sid": SID.removeprefix("ms-app://")}),
        ("wns", {**PUSH, "secret": SECRET}, {"sid": "ms-app://s-1-15-2-1"}),
        ("wns", {**PUSH, "secret": SECRET}, {"secret": ""}),
        ("wns", {**PUSH, "secret": SECRET}, {"secret": "two words"}),
        ("wns", {**PUSH, "secret": SECRET}, {"secret": "ä" * 20}),
        ("wns", {**PUSH, "secret": SECRET}, {"secret": "x" * 501}),
        ("terms", {"text": "x"}, {"text": "x" * 20_001}),
        ("terms", {"text": "x"}, {"text": "a\x00b"}),
        ("terms", {"text": "x"}, {"text": "a\u202eb"}),
    ],
    ids=lambda part: str(part)[:60],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(plane: Plane, name: str, good: dict[str, Any], change: dict[str, Any]) -> None:
    reply = put(plane, name, {**good, **change})
    assert reply.status == 422, reply.content
    assert plane.house.store.find(Setting, f"windows.{name}") is None
    assert SECRET.encode() not in reply.content
    assert put(plane, name, good).status == 200


def test_the_secret_goes_into_escrow_and_is_not_seen_again(plane: Plane, caplog: pytest.LogCaptureFixture) -> None:
    reply = put(plane, "wns", {**PUSH, "secret": SECRET})
    assert reply.json == {**PUSH, "secret_since": "2027-01-15T08:00:00Z"} == get(plane, "wns")
    assert plane.house.store.get(Setting, "windows.wns").value == PUSH
    held = escrow.current(plane.house, ORGANIZATION, wns_token.KIND)
    assert held is not None
    assert held.reveal() == SECRET.encode()
    assert trail(plane) == [("windows.wns", {"before": {}, "after": PUSH, "secret": "replaced"})]
    everything = str(audit.recent(plane.house, ADMIN, 100)) + reply.content.decode() + caplog.text
    assert SECRET not in everything


def test_a_new_secret_alone_is_seen_by_the_pusher(plane: Plane) -> None:
    put(plane, "wns", {**PUSH, "secret": SECRET})
    before = plane.house.store.get(Setting, "windows.wns").version
    plane.clock.now += 60
    assert put(plane, "wns", {**PUSH, "secret": "another"}).json["secret_since"] == "2027-01-15T08:01:00Z"
    assert plane.house.store.get(Setting, "windows.wns").version > before
    held = escrow.current(plane.house, ORGANIZATION, wns_token.KIND)
    assert held is not None
    assert held.reveal() == b"another"


def test_without_a_secret_the_one_held_stays_with_its_sid(plane: Plane) -> None:
    assert put(plane, "wns", PUSH).status == 422
    put(plane, "wns", {**PUSH, "secret": SECRET})
    renamed = {**PUSH, "pfn": "Example.Other_8wekyb3d8bbwe"}
    plane.clock.now += 60
    assert put(plane, "wns", renamed).json == {**renamed, "secret_since": "2027-01-15T08:00:00Z"}
    assert put(plane, "wns", renamed).status == 200
    assert [details["secret"] for _, details in trail(plane)] == ["kept", "replaced"]
    other = SID[:-1] + "5"
    assert put(plane, "wns", {**renamed, "sid": other}).status == 422
    assert get(plane, "wns")["sid"] == SID
    assert windows_settings.push_package(plane.house) == renamed["pfn"]


def test_the_terms(plane: Plane) -> None:
    assert put(plane, "terms", {"text": " First\r\n\r\nSecond\n"}, who="token").json == {"text": "First\n\nSecond"}
    assert windows_settings.terms(plane.house) == "First\n\nSecond" == get(plane, "terms")["text"]
    assert put(plane, "terms", {"text": ""}).json == {"text": ""}
    assert plane.house.store.find(Setting, "windows.terms") is None
    [(name, details)] = trail_of_terms(plane)
    assert name == "windows.terms"
    assert details["before"]["characters"] == len("First\n\nSecond")
    assert details["after"] == {"characters": 0, "sha256": ""}


def trail_of_terms(plane: Plane) -> list[tuple[str, dict[str, Any]]]:
    events = [entry.event for entry in audit.recent(plane.house, ADMIN, 100)]
    return [(one.target.removeprefix("setting:"), dict(one.details)) for one in events if one.actor == "user:admin"]


def test_the_moment_is_that_of_the_secret(plane: Plane) -> None:
    put(plane, "wns", {**PUSH, "secret": SECRET})
    [held] = escrow.versions(plane.house, ORGANIZATION, windows_settings.WNS_SECRET)
    assert held.created_at == TIME
