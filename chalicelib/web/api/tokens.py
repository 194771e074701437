"""API tokens: for machines; they expire, and never do what needs a person."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.core import access
from chalicelib.model.people import ApiToken, Role
from chalicelib.web.api.common import Input, Listing, Moment, Paging, View, listed
from chalicelib.web.routing import Answer, Ask, Nothing

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class NewToken(Input):
    name: Name
    role: Role = Role.AUDITOR
    days: int = Field(90, ge=1, le=access.TOKEN_DAYS_MAX)


class TokenView(View):
    id: str
    name: str
    role: Role
    created_by: str
    created_at: Moment
    expires_at: Moment
    revoked: bool


class CreatedToken(TokenView):
    """`token` is shown this once; only its digest is kept."""

    token: str


class Tokens(Listing):
    items: list[TokenView]


def create(ask: Ask[NewToken]) -> Answer:
    wish = ask.given
    token, secret = access.create_token(ask.house, ask.principal, wish.name, wish.role, wish.days)
    return Answer(CreatedToken.of(token, token=secret))


def index(ask: Ask[Paging]) -> Tokens:
    page = ask.house.store.listing(ApiToken, ask.given.limit, ask.given.cursor)
    return listed(Tokens, page, [TokenView.of(token) for token in page.items])


def revoke(ask: Ask[Nothing]) -> Answer:
    access.revoke_token(ask.house, ask.principal, ask.path["token_id"])
    return Answer(status=204)
