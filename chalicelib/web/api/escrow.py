"""Escrowed secrets: what is held, and revealing it to a person with a reason."""

import base64
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.core import escrow
from chalicelib.web.api.common import Input, Moment, View
from chalicelib.web.routing import Ask, Nothing

Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=escrow.REASON_MIN, max_length=escrow.REASON_MAX)
]


class HeldView(View):
    kind: str
    number: int
    created_at: Moment
    confirmed: bool
    note: str


class Held(View):
    items: list[HeldView]


class RevealRequest(Input):
    reason: Reason = Field(description="Why; it goes into the audit trail before the secret is shown.")
    number: int = Field(0, ge=0, description="A version; 0 is the newest.")


class Revealed(View):
    """`value` is text, or base64 where the secret is not printable."""

    kind: str
    value: str
    encoding: Literal["text", "base64"]


def index(ask: Ask[Nothing]) -> Held:
    held = escrow.listing(ask.house, ask.principal, ask.path["device_id"])
    return Held(items=[HeldView.of(secret) for secret in held])


def reveal(ask: Ask[RevealRequest]) -> Revealed:
    kind, wish = ask.path["kind"], ask.given
    secret = escrow.reveal(ask.house, ask.principal, ask.path["device_id"], kind, wish.reason, wish.number).reveal()
    if secret.isascii() and (text := secret.decode("ascii")).isprintable():
        return Revealed(kind=kind, value=text, encoding="text")
    return Revealed(kind=kind, value=base64.b64encode(secret).decode(), encoding="base64")
