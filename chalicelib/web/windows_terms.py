"""The terms of use that Windows shows before a PC enrolls with Entra.

Microsoft: "Microsoft Entra integration with MDM", sections on the terms of use. Windows sends an Entra token along,
which is not looked at: the page is the same for everybody and tells nothing about anybody, the answer to it is posted
without the token, and nobody gets in by it. Enrollment itself verifies the token. For the same reason OpaqueBlob, which
must not be empty, says no more than "accepted": whatever it said, a PC could say without having seen the page.
Windows 11 shows the page in a frame while a PC is set up, so it may be framed: the worst that a click can do is to let
Windows go on. While a PC joins there is no way to decline, so Windows wants no button for it.
"""

import re
from urllib.parse import urlencode

from pydantic import Field

from chalicelib.core import windows_settings
from chalicelib.core.errors import BadRequest
from chalicelib.web import app_address, privacy
from chalicelib.web.app_address import WEB_APP, AppAddress
from chalicelib.web.headers import page_policy
from chalicelib.web.pages import Visit
from chalicelib.web.rendering import page
from chalicelib.web.routing import Answer, Ask

VERSION = "1.0"
JOINING = "azureadjoin"
ACCEPTED = "accepted"
CLOSED = ("unauthorized_client", "Enrollment with Entra is closed here.")
UNSUPPORTED = ("invalid_request", "unsupported version")
_GUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Question(Visit):
    redirect_uri: str = ""
    request_id: str = Field("", alias="client-request-id")
    version: str = Field(VERSION, alias="api-version")
    mode: str = ""


class Decision(Visit):
    redirect_uri: str = ""
    request_id: str = Field("", alias="client-request-id")
    decision: str = ""


def show(ask: Ask[Question]) -> Answer:
    given, house = ask.given, ask.house
    try:
        address = app_address.read(given.redirect_uri, WEB_APP)
    except BadRequest as refusal:
        return _refused(ask, refusal)
    if given.version != VERSION:
        return _error(address, given.request_id, *UNSUPPORTED)
    rules = windows_settings.entra_rules(house)
    if not (rules.tenants and rules.audiences):
        return _error(address, given.request_id, *CLOSED)
    return page(
        "windows_terms.html", policy=page_policy(form_action=f"'self' {WEB_APP}:", framed=True),
        organization=house.settings.organization, root="../", address=address.text, request_id=_known(given.request_id),
        terms=windows_settings.terms(house), may_decline=given.mode.lower() != JOINING,
        personal=rules.ownership == "personal", privacy=privacy.WINDOWS[rules.ownership],
    )  # fmt: skip


def decide(ask: Ask[Decision]) -> Answer:
    given = ask.given
    try:
        address = app_address.read(given.redirect_uri, WEB_APP)
    except BadRequest as refusal:
        return _refused(ask, refusal)
    if given.decision == "accept":
        return _back(address, given.request_id, IsAccepted="true", OpaqueBlob=ACCEPTED)
    return _back(address, given.request_id, IsAccepted="false")


def _error(address: AppAddress, request_id: str, error: str, description: str) -> Answer:
    return _back(address, request_id, error=error, error_description=description)


def _back(address: AppAddress, request_id: str, **said: str) -> Answer:
    query = urlencode(said | ({"client-request-id": request_id} if _known(request_id) else {}))
    return Answer(status=302, headers={"Location": f"{address.text}{'&' if address.has_query else '?'}{query}"})


def _known(request_id: str) -> str:
    return request_id if _GUID.fullmatch(request_id) else ""


def _refused(ask: Ask[Question] | Ask[Decision], refusal: BadRequest) -> Answer:
    return page(
        "refused.html", refusal.status, organization=ask.house.settings.organization, root="../", refusal=str(refusal),
        heading="There is nothing to accept here", advice="Nothing was changed on your PC.",
    )  # fmt: skip
