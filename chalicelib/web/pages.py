"""Pages for people: the enrollment page with its QR codes, the landing page, their styles."""

import functools
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from chalicelib.core import invitations
from chalicelib.core.errors import Gone, NotFound
from chalicelib.model.enrollment import Invitation
from chalicelib.web import visitor
from chalicelib.web.api.invitations import link_to
from chalicelib.web.routing import Answer, Ask
from chalicelib.web.version import VERSION

if TYPE_CHECKING:
    import jinja2

HTML = "text/html; charset=utf-8"
STATIC = {"muster.css": "text/css; charset=utf-8", "muster.svg": "image/svg+xml"}
_HERE = Path(__file__).parent
_CODE = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")


class Visit(BaseModel):
    """A page ignores what others append to its link."""

    model_config = ConfigDict(extra="ignore", defer_build=True)


def landing(ask: Ask[Visit]) -> Answer:
    return _page("landing.html", organization=ask.house.settings.organization, version=VERSION, root="")


def enroll(ask: Ask[Visit]) -> Answer:
    organization = ask.house.settings.organization
    try:
        code, invitation = _invited(ask)
    except (NotFound, Gone) as refusal:
        return _page("refused.html", refusal.status, organization=organization, refusal=str(refusal), root="../")
    return _page(
        "enroll.html", organization=organization, code=code, link=link_to(ask.house, code), root="../",
        profile=f"{ask.house.settings.device_url.rstrip('/')}/apple/profile/{code}", invitation=invitation,
        left=invitation.max_uses - invitation.uses, until=_until(invitation),
        visitor=visitor.recognise(ask.headers.get("user-agent", "")), privacy=visitor.PRIVACY[invitation.ownership],
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


def _page(template: str, status: int = 200, **values: Any) -> Answer:
    return Answer(_templates().get_template(template).render(values).encode(), status, media=HTML)


@functools.cache
def _templates() -> "jinja2.Environment":
    import jinja2  # 70 ms that the API does not need

    loader = jinja2.FileSystemLoader(_HERE / "templates")
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
