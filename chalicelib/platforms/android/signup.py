"""How an Android enterprise comes to be: a sign-up at Google in the browser, and the way back to us.

Google: Android Management API, "Create an enterprise"; methods signupUrls.create and enterprises of the discovery
document androidmanagement.v1. Whoever comes back shows a secret of ours, which lives an hour and makes one enterprise:
nobody else can bind theirs to this Muster. Each step is written down, so that one that broke off goes on by a reload.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chalicelib.core import access, google_settings, google_setup, ids, settings
from chalicelib.core.errors import AlreadyExists, Conflict, Forbidden, Gone, Stale, Unavailable, Unprocessable
from chalicelib.core.google_settings import NOT_CONNECTED, Connection, NotConnected
from chalicelib.core.house import House
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.people import Principal
from chalicelib.model.records import Setting
from chalicelib.platforms.android import policy_shared
from chalicelib.platforms.google.client import ANDROID, GoogleBusy, GoogleRefused, call, quoted

SIGNUP = "android.signup"
CALLBACK = "/android/callback"
LIFE = 3_600  # seconds
PATIENCE = 60  # seconds for which a callback keeps others away from Google
LONGEST_NAME = 100
LONGEST_TOKEN = 2_000
TOLD = ("ENROLLMENT", "STATUS_REPORT", "COMMAND")
AGAIN = "Start again with `muster android sign-up`."
FORBIDDEN, ABSENT, INVALID = "PERMISSION_DENIED", "NOT_FOUND", "INVALID_ARGUMENT"  # Google's words
MAY_NOT_PUBLISH = (
    "Give android-cloud-policy@system.gserviceaccount.com the role Pub/Sub Publisher on the topic, and the service "
    "account the role Android Management User."
)


@dataclass(frozen=True, slots=True)
class SignUp:
    """Where an administrator signs the organisation up, until when."""

    url: str
    expires_at: int


def start(house: House, principal: Principal) -> SignUp:
    """A sign-up that was begun before is forgotten. Conflict while an enterprise is bound."""
    access.authorize(principal, "trust.write")
    account = _connection(house)
    _check_free(house)
    state, expires_at = ids.code(), house.clock() + LIFE
    back = f"{house.settings.console_url.rstrip('/')}{CALLBACK}?{urlencode({'state': state})}"
    told = call(house, ANDROID, "POST", "/v1/signupUrls", {"projectId": account.project, "callbackUrl": back})
    value = {
        "state": ids.digest(state),
        "signup": str(told["name"]),
        "by": principal.name,
        "ip": principal.ip,
        "expires_at": expires_at,
    }

    def attempt() -> None:
        held = house.store.find(Setting, SIGNUP)
        what = event(house, principal, "android.signup.started", f"setting:{SIGNUP}", expires_at=expires_at)
        house.store.commit(settings.writing(held, SIGNUP, value), audit=what)

    retry_stale(attempt)
    return SignUp(str(told["url"]), expires_at)


def finish(house: House, state: str, enterprise_token: str) -> str:
    """The name of the enterprise; the same again for who comes twice. Gone, Conflict, Forbidden, GoogleBusy."""
    held = _begun(house, state)
    if held.value.get("done"):
        return str(held.value["enterprise"])
    principal = _starter(house, held.value)
    if not held.value.get("enterprise"):
        held = _created(house, held, enterprise_token)
    name = str(held.value["enterprise"])
    google_setup.bind(house, principal, name)
    policy_shared.settle(house)
    _note(house, held, {**held.value, "done": True})
    return name


def _begun(house: House, state: str) -> Setting:
    held = house.store.find(Setting, SIGNUP)
    if held is None or not hmac.compare_digest(str(held.value["state"]), ids.digest(state)):
        raise Gone(f"This sign-up is not known, or another one was begun after it. {AGAIN}")
    if held.value["expires_at"] <= house.clock():
        raise Gone(f"This sign-up took longer than an hour. {AGAIN}")
    return held


def _starter(house: House, value: Mapping[str, Any]) -> Principal:
    """Whoever began it, with the role that they have now."""
    role = house.identities.role_of(str(value["by"]))
    if role is None:
        raise Forbidden("Whoever began this sign-up has no role in Muster any more.")
    principal = Principal(str(value["by"]), role, person=True, ip=str(value["ip"]))
    access.authorize(principal, "trust.write")
    return principal


def _created(house: House, held: Setting, token: str) -> Setting:
    """The sign-up with its enterprise, whose name is kept before anything else is done with it."""
    if not re.fullmatch(rf"[!-~]{{1,{LONGEST_TOKEN}}}", token):
        raise Unprocessable(f"Google sent no token along. {AGAIN}")
    _check_free(house)
    account, claimed = _connection(house), _claimed(house, held)
    query = {"projectId": account.project, "signupUrlName": str(held.value["signup"]), "enterpriseToken": token}
    body = {**_told(account), "enterpriseDisplayName": house.settings.organization[:LONGEST_NAME]}
    try:
        made = call(house, ANDROID, "POST", "/v1/enterprises", query, body)
    except (GoogleBusy, GoogleRefused) as failure:
        _note(house, claimed, held.value)
        raise _explained(failure) from failure
    return _note(house, claimed, {**held.value, "enterprise": str(made["name"])})


def _claimed(house: House, held: Setting) -> Setting:
    """Of two callbacks at once the second waits: Google takes a token once. Unavailable."""
    if held.value.get("claimed_until", 0) > house.clock():
        raise Unavailable("This sign-up is being finished; reload the page in a minute.")
    try:
        return _note(house, held, {**held.value, "claimed_until": house.clock() + PATIENCE})
    except (Stale, AlreadyExists):
        raise Unavailable("This sign-up is being finished; reload the page in a moment.") from None


def _note(house: House, held: Setting, value: Mapping[str, Any]) -> Setting:
    return house.store.replace(Setting(held.name, value, held.version))


def _explained(failure: GoogleBusy | GoogleRefused) -> GoogleBusy | GoogleRefused:
    """With what to do, where Google's reason is one of ours to know."""
    if not isinstance(failure, GoogleRefused):
        return failure
    advice = {FORBIDDEN: MAY_NOT_PUBLISH, INVALID: f"The sign-up was used or is too old. {AGAIN}"}.get(failure.reason)
    return type(failure)(failure.code, failure.reason, advice=advice) if advice else failure


def adopt(house: House, principal: Principal, name: str) -> str:
    """Binds an enterprise that exists, and has Google tell our topic of it; harmless where it is bound already.

    Unprocessable where Google knows no such enterprise of ours, Conflict while another one is bound.
    """
    access.authorize(principal, "trust.write")
    if not re.fullmatch(google_setup.ENTERPRISE_NAME, name):
        raise Unprocessable("The name of an enterprise looks like enterprises/LC0123abcd.")
    account = _connection(house)
    _check_free(house, name)
    path = f"/v1/{quoted(name)}"
    try:
        call(house, ANDROID, "GET", path)
    except GoogleRefused as refusal:
        if refusal.reason not in (FORBIDDEN, ABSENT):
            raise
        raise Unprocessable(f"{refusal} The project {account.project} has no enterprise {name}.") from refusal
    told = _told(account)
    try:
        call(house, ANDROID, "PATCH", path, {"updateMask": ",".join(told)}, told)
    except GoogleRefused as refusal:
        if refusal.reason != FORBIDDEN:
            raise
        raise GoogleRefused(refusal.code, refusal.reason, advice=MAY_NOT_PUBLISH) from refusal
    google_setup.bind(house, principal, name)
    policy_shared.settle(house)
    return name


def _told(account: Connection) -> dict[str, Any]:
    return {"pubsubTopic": account.topic, "enabledNotificationTypes": list(TOLD)}


def _connection(house: House) -> Connection:
    account = google_settings.connection(house)
    if account is None:
        raise NotConnected(NOT_CONNECTED)
    return account


def _check_free(house: House, name: str = "") -> None:
    bound = google_settings.enterprise(house)
    if bound not in ("", name):
        raise Conflict(f"{bound} is in use and its devices belong to it.")
