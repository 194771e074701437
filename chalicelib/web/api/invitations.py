"""Invitations: a link and a QR code that let devices enroll."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.core import invitations
from chalicelib.core.house import House
from chalicelib.core.invitations import DEFAULT_LIFE, MAX_LIFE, MAX_SERIALS, MAX_USES, MIN_LIFE
from chalicelib.model.device import Ownership
from chalicelib.model.enrollment import Invitation
from chalicelib.web.api.common import Id, Input, Listing, Moment, Paging, Text, View, Words, listed
from chalicelib.web.routing import Answer, Ask, Nothing

Serial = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class NewInvitation(Input):
    ownership: Ownership = Field(Ownership.CORPORATE, description="It decides what may be asked of the devices.")
    expires_in: int = Field(DEFAULT_LIFE, ge=MIN_LIFE, le=MAX_LIFE, description="Seconds.")
    max_uses: int = Field(1, ge=1, le=MAX_USES)
    user: Text = Field("", description="Whom the devices are assigned to, an email address as a rule.")
    groups: list[Text] = Field(default_factory=list, max_length=50)
    serials: list[Serial] = Field(default_factory=list, max_length=MAX_SERIALS, description="Empty: any.")
    replaces: Id = Field("", description="The device whose enrollment this invitation may take over.")
    note: Words = ""


class InvitationView(View):
    id: str
    ownership: Ownership
    state: Literal["open", "expired", "used-up", "revoked"]
    created_at: Moment
    created_by: str
    expires_at: Moment
    max_uses: int
    uses: int
    user: str
    groups: list[str]
    serials: list[str]
    replaces: str
    note: str


class CreatedInvitation(InvitationView):
    """The link holds the code, which is shown this once and not kept."""

    link: str
    qr_svg: str


class Invitations(Listing):
    items: list[InvitationView]


def state_of(invitation: Invitation, now: int) -> str:
    if invitation.revoked:
        return "revoked"
    if invitation.expires_at <= now:
        return "expired"
    return "used-up" if invitation.uses >= invitation.max_uses else "open"


def link_to(house: House, code: str) -> str:
    return f"{house.settings.console_url.rstrip('/')}/enroll/{code}"


def create(ask: Ask[NewInvitation]) -> Answer:
    from chalicelib.web import qr  # its library is needed here and on the page only

    wish, house = ask.given, ask.house
    invitation, code = invitations.create(
        house, ask.principal, ownership=wish.ownership, life=wish.expires_in, max_uses=wish.max_uses, user=wish.user,
        groups=wish.groups, serials=wish.serials, replaces=wish.replaces, note=wish.note,
    )  # fmt: skip
    link = link_to(house, code)
    view = CreatedInvitation.of(invitation, state="open", link=link, qr_svg=qr.svg(link))
    return Answer(view, headers={"Location": f"/api/v1/invitations/{invitation.id}"})


def index(ask: Ask[Paging]) -> Invitations:
    page = ask.house.store.listing(Invitation, ask.given.limit, ask.given.cursor)
    return listed(Invitations, page, [_view(ask.house, invitation) for invitation in page.items])


def show(ask: Ask[Nothing]) -> InvitationView:
    return _view(ask.house, ask.house.store.get(Invitation, ask.path["invitation_id"]))


def revoke(ask: Ask[Nothing]) -> InvitationView:
    return _view(ask.house, invitations.revoke(ask.house, ask.principal, ask.path["invitation_id"]))


def _view(house: House, invitation: Invitation) -> InvitationView:
    return InvitationView.of(invitation, state=state_of(invitation, house.clock()))
