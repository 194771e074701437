"""Settings of the organisation: posture rules, anchors of over-the-air enrollment; and what is about to expire."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.core import expiry, settings
from chalicelib.core.posture import Rules
from chalicelib.model.device import Platform
from chalicelib.web.api.common import Input, Moment, View
from chalicelib.web.routing import Answer, Ask, Nothing

Version = Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"^{settings.VERSION}$")]
_DAYS = settings.SEEN_WITHIN


class PostureRules(Input):
    """All rules; what is left out of `os_minimum` has no minimum."""

    seen_within_days: int = Field(ge=_DAYS.start, lt=_DAYS.stop)
    os_minimum: dict[Platform, Version] = Field(description="Platform → oldest version that is accepted.")
    passcode_required: bool
    encryption_required: bool


class PostureView(View):
    seen_within_days: int
    os_minimum: dict[str, str]
    passcode_required: bool
    encryption_required: bool


class NewAnchors(Input):
    pem: str = Field(min_length=1, max_length=200_000, description="1 to 10 certificates; nothing else of it is kept.")


class Anchors(View):
    pem: str
    fingerprints: list[str] = Field(description="SHA-256 of each certificate, hex.")


class Warned(View):
    subject: str
    not_after: Moment
    days_left: int
    level: int = Field(description="The threshold reached: 60, 30, 14, 7 or 1 days, or 0 when it is over.")
    detail: str


class Warnings(View):
    items: list[Warned]


def posture(ask: Ask[Nothing]) -> PostureView:
    return PostureView.of(settings.posture_rules(ask.house, ask.principal))


def set_posture(ask: Ask[PostureRules]) -> PostureView:
    wish = ask.given.model_dump()
    minimum = {platform.value: version for platform, version in ask.given.os_minimum.items()}
    rules = Rules(**{**wish, "os_minimum": minimum})
    return PostureView.of(settings.set_posture_rules(ask.house, ask.principal, rules))


def anchors(ask: Ask[Nothing]) -> Anchors:
    return _anchors(settings.ota_anchors(ask.house, ask.principal))


def set_anchors(ask: Ask[NewAnchors]) -> Anchors:
    return _anchors(settings.set_ota_anchors(ask.house, ask.principal, ask.given.pem))


def clear_anchors(ask: Ask[Nothing]) -> Answer:
    settings.clear_ota_anchors(ask.house, ask.principal)
    return Answer(status=204)


def _anchors(pem: str) -> Anchors:
    return Anchors(pem=pem, fingerprints=settings.fingerprints(pem))


def warnings(ask: Ask[Nothing]) -> Warnings:
    return Warnings(items=[Warned.of(one) for one in expiry.expiries(ask.house)])
