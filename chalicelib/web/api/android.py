"""Android: the enterprise that the organisation signs up for at Google, and its policies by mode."""

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import Field

from chalicelib.core import google_setup
from chalicelib.core.errors import NotFound
from chalicelib.core.house import House
from chalicelib.model.people import Principal
from chalicelib.web.api.common import Input, Moment, Text, View
from chalicelib.web.routing import Ask, Nothing

DOCUMENT = "Google's names, as in the Policy of the Android Management API; {device.serial} and its like are filled in."


class SignUps(Protocol):
    """What the Android platform offers under `signup`: its module platforms/android/signup.py."""

    def start(self, house: House, principal: Principal) -> Any: ...

    def finish(self, house: House, state: str, enterprise_token: str) -> str: ...

    def adopt(self, house: House, principal: Principal, name: str) -> str: ...


class Policies(Protocol):
    """What it offers under `policies`: its module platforms/android/policies.py."""

    def show(self, house: House, principal: Principal, mode: str) -> Any: ...

    def set_policy(
        self, house: House, principal: Principal, mode: str, document: Mapping[str, Any], version: int
    ) -> Any: ...


class AndroidView(View):
    enterprise: str = Field(description="enterprises/…; empty before the sign-up.")


class AndroidSignUp(View):
    url: str = Field(description="Where an administrator signs the organisation up, in a browser, once.")
    expires_at: Moment


class AndroidEnterprise(Input):
    name: Text = Field(description="enterprises/…, one that the service account's project owns already.")


class NewAndroidPolicy(Input):
    document: dict[str, Any] = Field(description=DOCUMENT)
    version: int = Field(ge=0, description="The one that was read: another one by now is a conflict. 0: the default.")


class AndroidPolicyView(View):
    mode: str
    version: int = Field(description="0 while the default is in use.")
    digest: str
    document: dict[str, Any] = Field(description="Secrets in it are shown as ***.")
    per_device: bool = Field(description="It has placeholders, so that each device gets a policy of its own.")
    pushed: bool = Field(description="Google has this version of a policy that devices share.")
    problem: str = Field(description="Why Google was not told, though it is set; empty where nothing went wrong.")


def show(ask: Ask[Nothing]) -> AndroidView:
    return AndroidView(enterprise=google_setup.connection(ask.house, ask.principal).enterprise)


def sign_up(ask: Ask[Nothing]) -> AndroidSignUp:
    return AndroidSignUp.of(signups(ask.house).start(ask.house, ask.principal))


def use(ask: Ask[AndroidEnterprise]) -> AndroidView:
    return AndroidView(enterprise=signups(ask.house).adopt(ask.house, ask.principal, ask.given.name))


def policy(ask: Ask[Nothing]) -> AndroidPolicyView:
    return AndroidPolicyView.of(_policies(ask.house).show(ask.house, ask.principal, ask.path["mode"]))


def set_policy(ask: Ask[NewAndroidPolicy]) -> AndroidPolicyView:
    wish, mode = ask.given, ask.path["mode"]
    made = _policies(ask.house).set_policy(ask.house, ask.principal, mode, wish.document, wish.version)
    return AndroidPolicyView.of(made)


def signups(house: House) -> SignUps:
    made: SignUps = _offered(house, "signup")
    return made


def _policies(house: House) -> Policies:
    made: Policies = _offered(house, "policies")
    return made


def _offered(house: House, name: str) -> Any:
    found = getattr(house.platforms.get("android"), name, None)
    if found is None:
        raise NotFound("This deployment does not manage Android devices.")
    return found
