"""How Muster is connected to Google: the service account, the topic, who may push; Android and ChromeOS share it."""

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from chalicelib.core import google_key, google_settings, google_setup
from chalicelib.core.google_settings import MY_CUSTOMER
from chalicelib.core.google_setup import Shown
from chalicelib.core.house import House
from chalicelib.model.secret import Secret
from chalicelib.web.api.common import Input, Moment, Text, View
from chalicelib.web.routing import Answer, Ask, Nothing

Topic = Annotated[str, StringConstraints(strip_whitespace=True, max_length=420)]


class NewGoogleConnection(Input):
    """All of it; only the key may be left out, once one is held."""

    key: SecretStr | None = Field(
        None, max_length=google_key.LARGEST, description="The service account's key file, the JSON text as it is."
    )
    topic: Topic = Field(description="projects/P/topics/T, where Google publishes what happens to devices.")
    push_email: Text = Field(description="The service account that the push subscription signs with.")
    customer: Text = Field(MY_CUSTOMER, description="Google's customer, for ChromeOS.")
    admin: Text = Field("", description="In whose name ChromeOS is managed; empty: it is not.")


class GoogleView(View):
    connected: bool
    project: str = ""
    client_email: str = ""
    client_id: str = ""
    key_id: str = ""
    key_since: Moment = Field(None, description="When the key was given; the key itself is never shown.")
    topic: str = ""
    push_email: str = ""
    push_endpoint: str = Field(description="What the push subscription has as its endpoint and as its audience.")
    customer: str = ""
    admin: str = ""
    enterprise: str = Field("", description="enterprises/…; empty before the sign-up for Android.")


def show(ask: Ask[Nothing]) -> GoogleView:
    return _view(ask.house, google_setup.connection(ask.house, ask.principal))


def connect(ask: Ask[NewGoogleConnection]) -> GoogleView:
    wish = ask.given
    key = Secret(wish.key.get_secret_value().encode()) if wish.key is not None else None
    shown = google_setup.connect(
        ask.house, ask.principal, key,
        topic=wish.topic, push_email=wish.push_email, customer=wish.customer, admin=wish.admin,
    )  # fmt: skip
    return _view(ask.house, shown)


def disconnect(ask: Ask[Nothing]) -> Answer:
    google_setup.disconnect(ask.house, ask.principal)
    return Answer()


def _view(house: House, shown: Shown) -> GoogleView:
    told = {
        "connected": shown.connection is not None,
        "enterprise": shown.enterprise,
        "push_endpoint": google_settings.audience(house),
    }
    if shown.connection is None:
        return GoogleView.model_validate(told)
    return GoogleView.of(shown.connection, key_since=shown.key_since, **told)
