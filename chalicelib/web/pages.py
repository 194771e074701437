"""Pages for people: the enrollment page with its QR codes, the landing page, their styles."""

import re
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from chalicelib.core import invitations
from chalicelib.core.errors import Gone, NotFound
from chalicelib.model.enrollment import Invitation
from chalicelib.web import pc, privacy
from chalicelib.web import visitor as visitors
from chalicelib.web.api.invitations import link_to
from chalicelib.web.rendering import page
from chalicelib.web.routing import Answer, Ask
from chalicelib.web.version import VERSION

STATIC = {"muster.css": "text/css; charset=utf-8", "muster.svg": "image/svg+xml"}
_HERE = Path(__file__).parent
_CODE = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_REFUSED = "This invitation cannot be used"
_ADVICE = "Nothing was changed on your device. The person who sent you the link can make a new one in a moment."


class Visit(BaseModel):
    """A page ignores what others append to its link."""

    model_config = ConfigDict(extra="ignore", defer_build=True, hide_input_in_errors=True)


def landing(ask: Ask[Visit]) -> Answer:
    return page("landing.html", organization=ask.house.settings.organization, version=VERSION, root="")


def enroll(ask: Ask[Visit]) -> Answer:
    organization = ask.house.settings.organization
    try:
        code, invitation = _invited(ask)
    except (NotFound, Gone) as refusal:
        return page(
            "refused.html", refusal.status, organization=organization, refusal=str(refusal), root="../",
            heading=_REFUSED, advice=_ADVICE,
        )  # fmt: skip
    visitor = visitors.recognise(ask.headers.get("user-agent", ""))
    return page(
        "enroll.html", organization=organization, code=code, link=link_to(ask.house, code), root="../",
        profile=f"{ask.house.settings.device_url.rstrip('/')}/apple/profile/{code}", invitation=invitation,
        left=invitation.max_uses - invitation.uses, until=_until(invitation), visitor=visitor,
        way_in=pc.way_in(ask.house),
        privacy=(privacy.WINDOWS if visitor.is_pc else privacy.APPLE)[invitation.ownership],
    )  # fmt: skip


def qr_svg(ask: Ask[Visit]) -> Answer:
    from chalicelib.web import qr

    return Answer(qr.svg(link_to(ask.house, _invited(ask)[0])).encode(), media="image/svg+xml")


def qr_png(ask: Ask[Visit]) -> Answer:
    from chalicelib.web import qr

    return Answer(qr.png(link_to(ask.house, _invited(ask)[0])), media="image/png")


def static(ask: Ask[Visit]) -> Answer:
    name = ask.path["name"]
    if name not in STATIC:
        raise NotFound("There is no such file.")
    content = (_HERE / "static" / name).read_bytes()
    return Answer(content, media=STATIC[name], headers={"Cache-Control": "public, max-age=3600"})


def _invited(ask: Ask[Visit]) -> tuple[str, Invitation]:
    """Refuses what cannot be a code before it reads anything."""
    code = ask.path["code"].strip().lower()
    if not _CODE.fullmatch(code):
        raise NotFound("This invitation is not known; check the link.")
    return code, invitations.open_invitation(ask.house, code)


def _until(invitation: Invitation) -> str:
    return datetime.fromtimestamp(invitation.expires_at, UTC).strftime("%-d %B %Y, %H:%M UTC")
