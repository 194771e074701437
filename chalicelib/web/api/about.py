"""About this deployment: alive, which version, what it serves."""

import json

from chalicelib.web.api.common import View
from chalicelib.web.routing import Answer, Ask, Nothing
from chalicelib.web.version import VERSION


class Health(View):
    status: str


class Version(View):
    name: str
    version: str
    organization: str


def health(ask: Ask[Nothing]) -> Health:
    """Says that the people plane answers. It reads nothing: anyone may ask as often as they like."""
    return Health(status="ok")


def version(ask: Ask[Nothing]) -> Version:
    return Version(name="Muster", version=VERSION, organization=ask.house.settings.organization)


def openapi(ask: Ask[Nothing]) -> Answer:
    from chalicelib.web import openapi as generator  # needs the table of routes, which needs this module

    return Answer(json.dumps(generator.document(ask.house)).encode())
