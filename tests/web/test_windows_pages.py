"""The pages that Windows shows while a PC enrolls: sign-in and terms of use, by hand and with the simulated PC."""

import base64
import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from cryptography.x509.oid import NameOID

from chalicelib.core import audit, ids, invitations
from chalicelib.core.ports import Create
from chalicelib.model.device import Ownership
from chalicelib.model.enrollment import Enrollment, Invitation
from chalicelib.model.people import Role
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret
from tests.devices.apple.transport import Reply as DeviceReply
from tests.devices.windows import WindowsPC, browser
from tests.web.staging import ADMIN, PASSWORD, Plane, Reply
from tests.web.test_pages import PAYLOADS, Page
from tests.wire.apple_inprocess import InProcess

APP = "ms-app://windows.immersivecontrolpanel"
BROKER = "ms-appx-web://ContosoMdm/ToUResponse"
TENANT, APPLICATION = "5f2f4c56-6b0d-4f0e-9d52-0c9a0d3f7b11", "0a9b5c1e-7d3f-4b61-8e6f-4b5f3c2d1e00"
REQUEST = "34be581c-6ebd-49d6-a4e1-150eff4b7213"
CONSOLE = "https://console.example.test"
NO_ADDRESS = [
    "",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "https://evil.example/",
    "http://evil.example/",
    "//evil.example/",
    "/windows/terms",
    "ms-app:",
    "ms-app://",
    "ms-app:alert",
    "ms-apps://x",
    " ms-app://x",
    "ms-app://x ",
    "ms-app://x\r\nSet-Cookie: a=b",
    "ms-appx-web://x\n",
    "ms-app://user@evil.example",
    "ms-app://x:80/",
    "ms-app://x#https://evil.example",
    "ms-app://x\\y",
    'ms-app://x"><script>alert(1)</script>',
    "ms-app://x'onclick=alert(1)",
    "ms-app://\uff58",
    "ms-app://" + "x" * 600,
    "ms-app://x https://evil.example",
]


def opened(plane: Plane, **value: Any) -> None:
    rules = {"federated": True, "ownership": "corporate", "groups": [], **value}
    plane.house.store.commit(Create(Setting("windows.enrollment", rules)))


def entra(plane: Plane, **value: Any) -> None:
    rules = {"tenants": [TENANT], "audiences": [APPLICATION], "ownership": "corporate", "groups": [], **value}
    plane.house.store.commit(Create(Setting("windows.entra", rules)))


def get(plane: Plane, path: str, **query: str) -> Reply:
    return plane.call("GET", f"{path}?{urlencode(query)}", who=None)


def post(plane: Plane, path: str, **fields: str) -> Reply:
    form = urlencode(fields).encode()
    return plane.call("POST", path, raw=form, who=None, content_type="application/x-www-form-urlencoded")


def sign_in(plane: Plane, **fields: str) -> Reply:
    sent = {"appru": APP, "username": "helpdesk", "password": PASSWORD, **fields}
    return post(plane, "/windows/signin", **sent)


def inputs(reply: Reply) -> dict[str, str]:
    return {
        attributes["name"]: attributes.get("value", "") for tag, attributes in Page(reply).elements if tag == "input"
    }


def form(reply: Reply) -> dict[str, str]:
    [found] = [attributes for tag, attributes in Page(reply).elements if tag == "form"]
    return found


def policy(reply: Reply) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in reply.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


# -- who may open which page


@pytest.mark.parametrize("appru", NO_ADDRESS, ids=repr)
def test_only_an_app_of_windows_is_handed_anything(plane: Plane, appru: str) -> None:
    opened(plane)
    plane.house.store.meter.reset()
    replies = get(plane, "/windows/signin", appru=appru), sign_in(plane, appru=appru)
    for reply in replies:
        assert reply.status == 400
        assert "start in Settings" in Page(reply).text
        assert appru == "" or appru.encode() not in reply.content
        assert "form" not in {tag for tag, _ in Page(reply).elements}
    assert plane.house.store.meter.total("").calls == 0


@pytest.mark.parametrize("address", [*NO_ADDRESS, APP, APP + "/"], ids=repr)
def test_the_terms_lead_nowhere_but_back_to_windows(plane: Plane, address: str) -> None:
    entra(plane)
    for reply in (
        get(plane, "/windows/terms", redirect_uri=address),
        post(plane, "/windows/terms", redirect_uri=address, decision="accept"),
        post(plane, "/windows/terms", redirect_uri=address, decision="decline"),
    ):
        assert reply.status == 400
        assert "location" not in reply.headers


def test_the_sign_in_page_is_closed_until_it_is_opened(plane: Plane) -> None:
    for reply in (get(plane, "/windows/signin", appru=APP), sign_in(plane)):
        assert reply.status == 403
        assert "is not offered here" in Page(reply).text
    assert plane.house.store.listing(Invitation).items == ()
    plane.house.store.commit(Create(Setting("windows.enrollment", {"federated": False})))
    assert get(plane, "/windows/signin", appru=APP).status == 403


# -- sign-in


def test_the_form(plane: Plane) -> None:
    opened(plane, ownership="personal")
    reply = get(plane, "/windows/signin", appru=APP, login_hint="ada@example.test")
    page = Page(reply)
    assert reply.status == 200
    assert inputs(reply) == {"appru": APP, "username": "ada@example.test", "password": ""}
    assert (form(reply)["method"], form(reply)["action"]) == ("post", "signin")
    assert "erase the whole PC" in page.text
    assert "script" not in {tag for tag, _ in page.elements}
    assert policy(reply)["form-action"] == "'self'"
    assert policy(reply)["frame-ancestors"] == "'none'"
    assert "script-src" not in policy(reply)
    assert reply.headers["cache-control"] == "no-store"
    labelled = {attributes["for"] for tag, attributes in page.elements if tag == "label"}
    assert labelled == {"username", "password"}


@pytest.mark.parametrize("hint", [*PAYLOADS, '"><script>alert(1)</script>', "' autofocus onfocus=alert(1) x='"])
def test_the_hint_stays_text(plane: Plane, hint: str) -> None:
    opened(plane)
    for reply in (
        get(plane, "/windows/signin", appru=APP, login_hint=hint),
        sign_in(plane, username=hint, password="wrong"),
    ):
        assert inputs(reply)["username"] == hint
        assert "script" not in {tag for tag, _ in Page(reply).elements}
        assert not [name for _, attributes in Page(reply).elements for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("hint", ["x" * 255, "a\x00b", "a\nb"], ids=["long", "nul", "lines"])
def test_a_hint_that_is_no_name_is_left_out(plane: Plane, hint: str) -> None:
    opened(plane)
    assert inputs(get(plane, "/windows/signin", appru=APP, login_hint=hint))["username"] == ""


def test_who_signs_in_is_given_an_invitation_that_windows_takes_away(plane: Plane) -> None:
    opened(plane, ownership="personal", groups=["pcs"])
    reply = sign_in(plane)
    code = inputs(reply)["wresult"]
    assert reply.status == 200
    assert form(reply) == {"method": "post", "action": APP}
    [invitation] = plane.house.store.listing(Invitation).items
    assert invitation == invitations.open_invitation(plane.house, code)
    assert (invitation.user, invitation.created_by) == ("helpdesk", "user:helpdesk")
    assert (invitation.ownership, invitation.groups) == (Ownership.PERSONAL, ("pcs",))
    assert (invitation.max_uses, invitation.expires_at) == (1, plane.clock() + 3600)
    [event] = [one.event for one in audit.recent(plane.house, ADMIN, 20) if one.event.action == "invitation.created"]
    assert (event.actor, event.target) == ("user:helpdesk", f"invitation:{ids.invitation_id(code)}")
    assert code not in str(event)


def test_who_signs_in_again_and_again_is_told_when_to_go_on(plane: Plane) -> None:
    opened(plane)
    for _ in range(10):
        assert "wresult" in inputs(sign_in(plane))
    reply = sign_in(plane)
    assert (reply.status, "wresult" in inputs(reply)) == (200, False)
    assert "10 invitations within a day. Try again after" in Page(reply).text
    assert len(plane.house.store.listing(Invitation).items) == 10


def test_it_goes_by_itself_or_by_the_button(plane: Plane) -> None:
    opened(plane)
    reply = sign_in(plane, appru="ms-appx-web://Some.App/Path")
    page, rules = Page(reply), policy(reply)
    [script] = re.findall(r"<script>(.*?)</script>", reply.content.decode())
    assert "submit()" in script
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["form-action"] == "ms-appx-web:"
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert reply.headers["cache-control"] == "no-store"
    assert "button" in {tag for tag, _ in page.elements}
    assert "Continue" in page.text


def test_the_scheme_in_the_policy_is_that_of_the_app_however_it_is_written(plane: Plane) -> None:
    opened(plane)
    reply = sign_in(plane, appru="MS-App://S-1-15-2-1")
    assert form(reply)["action"] == "MS-App://S-1-15-2-1"
    assert policy(reply)["form-action"] == "ms-app:"


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "canary horse battery"},
        {"password": ""},
        {"password": "x" * 257},
        {"username": ""},
        {"username": "nobody"},
        {"username": "x" * 255},
    ],
    ids=lambda wrong: ",".join(f"{name}:{len(value)}" for name, value in wrong.items()),
)
def test_a_wrong_password_is_asked_for_again(plane: Plane, wrong: dict[str, str], caplog: Any) -> None:
    opened(plane)
    reply = sign_in(plane, **wrong)
    assert reply.status == 200  # the window of Windows would close at an error
    assert "The name or the password is wrong." in Page(reply).text
    found = inputs(reply)
    assert (found["appru"], found["password"], "wresult" in found) == (APP, "", False)
    assert plane.house.store.listing(Invitation).items == ()
    assert b"horse" not in reply.content
    assert "horse" not in caplog.text


def test_a_password_is_no_part_of_any_answer(plane: Plane) -> None:
    opened(plane)
    for reply in (sign_in(plane), sign_in(plane, username="nobody"), sign_in(plane, appru="https://x")):
        assert PASSWORD.encode() not in reply.content


def test_an_account_that_is_disabled_does_not_enroll_and_one_without_a_role_does(plane: Plane) -> None:
    opened(plane)
    plane.house.identities.change_user("helpdesk", role=Role.HELPDESK, enabled=False)
    assert "wresult" not in inputs(sign_in(plane))
    plane.house.identities.create_user("mara", Secret(PASSWORD), Role.AUDITOR)
    plane.house.identities.change_user("mara", role=None)
    assert "wresult" in inputs(sign_in(plane, username="mara"))
    [invitation] = plane.house.store.listing(Invitation).items
    assert invitation.user == "mara"


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"{}", "application/json", 415),
        (b"appru=%ff", "application/x-www-form-urlencoded", 400),
        (b"appru=\xff", "application/x-www-form-urlencoded", 400),
        (b"appru=a&appru=b", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f%d=1" % number for number in range(21)), "application/x-www-form-urlencoded", 400),
        (b"username=" + b"x" * 17_000, "application/x-www-form-urlencoded", 413),
    ],
    ids=["json", "broken text", "not ascii", "twice", "many", "long"],
)
def test_what_is_no_form(plane: Plane, body: bytes, media: str, status: int) -> None:
    opened(plane)
    for path in ("/windows/signin", "/windows/terms"):
        reply = plane.call("POST", path, raw=body, who=None, content_type=media)
        assert reply.status == status
        assert json.loads(reply.content)["status"] == status


# -- terms of use


def test_the_terms_name_what_management_can_do(plane: Plane) -> None:
    entra(plane)
    query = {"client-request-id": REQUEST, "api-version": "1.0"}
    reply = get(plane, "/windows/terms", redirect_uri=BROKER, **query)
    page = Page(reply)
    assert reply.status == 200
    for words in ("Example will manage this PC", "erase it, if it is lost", "Accept", "Decline"):
        assert words in page.text
    assert policy(reply)["form-action"] == "'self' ms-appx-web:"
    assert "script-src" not in policy(reply)
    assert "frame-ancestors" not in policy(reply)  # Windows 11 shows it in a frame
    assert inputs(reply) == {"redirect_uri": BROKER, "client-request-id": REQUEST}


def test_the_terms_are_those_of_the_organisation_and_of_the_ownership(plane: Plane) -> None:
    entra(plane, ownership="personal")
    plane.api("PUT", "/settings/windows/terms", {"text": "First </div><script>x</script>\n\nSecond"})
    page = Page(get(plane, "/windows/terms", redirect_uri=BROKER))
    assert "First </div><script>x</script>\n\nSecond" in page.text
    assert "script" not in {tag for tag, _ in page.elements}
    assert "erase the whole PC" in page.text


def test_joining_cannot_be_declined(plane: Plane) -> None:
    entra(plane)
    page = Page(get(plane, "/windows/terms", redirect_uri=BROKER, mode="azureadjoin"))
    assert "Accept" in page.text
    assert "Decline" not in page.text


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        ("accept", {"IsAccepted": ["true"], "OpaqueBlob": ["accepted"], "client-request-id": [REQUEST]}),
        ("decline", {"IsAccepted": ["false"], "client-request-id": [REQUEST]}),
        ("", {"IsAccepted": ["false"], "client-request-id": [REQUEST]}),
    ],
)
def test_the_decision_goes_back_to_windows(plane: Plane, decision: str, told: dict[str, list[str]]) -> None:
    for address in (BROKER, f"{BROKER}?state=1"):
        reply = post(plane, "/windows/terms", redirect_uri=address, decision=decision, **{"client-request-id": REQUEST})
        place = urlsplit(reply.headers["location"])
        assert reply.status == 302
        assert reply.headers["location"].startswith(address)
        assert parse_qs(place.query) == told | ({"state": ["1"]} if "?" in address else {})


@pytest.mark.parametrize("request_id", ["", "x", f"{REQUEST}&IsAccepted=true", f"{REQUEST}\r\nX: y"], ids=repr)
def test_a_request_id_that_is_none_is_dropped(plane: Plane, request_id: str) -> None:
    reply = post(plane, "/windows/terms", redirect_uri=BROKER, **{"client-request-id": request_id})
    assert reply.headers["location"] == f"{BROKER}?IsAccepted=false"


def test_what_cannot_be_agreed_on_is_told_to_windows(plane: Plane) -> None:
    closed = get(plane, "/windows/terms", redirect_uri=BROKER)
    assert closed.status == 302
    assert parse_qs(urlsplit(closed.headers["location"]).query)["error"] == ["unauthorized_client"]
    entra(plane)
    newer = get(plane, "/windows/terms", redirect_uri=BROKER, **{"api-version": "9.0"})
    assert parse_qs(urlsplit(newer.headers["location"]).query)["error"] == ["invalid_request"]


def test_the_terms_are_no_oracle_for_tokens(plane: Plane) -> None:
    """The page is the same whatever token comes along."""
    entra(plane)
    path = f"/windows/terms?redirect_uri={quote(BROKER)}"
    pages = {plane.call("GET", path, who=who).content for who in (None, "admin", "rubbish", plane.tokens["token"])}
    assert len(pages) == 1


# -- the simulated PC


class Everything:
    """Both planes by their addresses, as a PC reaches them."""

    def __init__(self, plane: Plane) -> None:
        plane.clock.now = int(time.time())  # the PC looks at its own clock
        self.plane, self.devices = plane, InProcess(plane.house)

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> DeviceReply:
        if not url.startswith(CONSOLE):
            return self.devices(method, url, headers, body)
        reply = self.plane.http.request(method, url.removeprefix(CONSOLE), headers=dict(headers), body=body)
        return DeviceReply(
            reply.status_code, {name.lower(): value for name, value in reply.headers.items()}, reply.body
        )


@pytest.fixture
def everything(plane: Plane) -> Everything:
    return Everything(plane)


def only(plane: Plane, pc: WindowsPC) -> Invitation:
    [invitation] = plane.house.store.listing(Invitation).items
    [name] = pc.identity.x509.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    held = plane.house.store.get(Enrollment, str(name.value))
    assert held.invitation_id == invitation.id
    assert invitation.uses == 1
    return invitation


def test_a_pc_enrolls_by_the_link_of_the_invitation_page(plane: Plane, everything: Everything) -> None:
    opened(plane)  # who has a code is not asked to sign in
    _, code = invitations.create(plane.house, ADMIN, ownership=Ownership.CORPORATE)
    pc = WindowsPC(transport=everything)
    pc.enroll(f"{CONSOLE}/enroll/{code}", sync=False)
    assert only(plane, pc).created_by == ADMIN.actor


def test_a_pc_enrolls_by_signing_in(plane: Plane, everything: Everything) -> None:
    opened(plane)
    pc = WindowsPC(transport=everything)
    pc.enroll_federated("https://devices.example.test", "auditor", PASSWORD, sync=False)
    assert only(plane, pc).user == "auditor"


def test_a_pc_gets_its_answer_from_the_terms(plane: Plane, everything: Everything) -> None:
    entra(plane)
    query = {"client-request-id": REQUEST, "api-version": "1.0"}
    window = browser.Browser(everything)
    assert browser.accept_terms(window, f"{CONSOLE}/windows/terms", BROKER, query, "a.b.c") == "accepted"


def test_the_pages_stand_below_a_stage_as_well(plane: Plane) -> None:
    """Their forms and styles are relative: an API without a domain of its own has a path in front."""
    opened(plane)
    plane.house = replace(plane.house, settings=replace(plane.house.settings, console_url=f"{CONSOLE}/main"))
    reply = get(plane, "/windows/signin", appru=APP)
    assert b'href="../static/muster.css"' in reply.content
    assert form(reply)["action"] == "signin"
