"""How Windows PCs come in: the sign-in page, Entra tenants and their terms of use, the package that wakes PCs."""

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from chalicelib.core import windows_setup
from chalicelib.core.windows_settings import EnrollmentRules, EntraRules
from chalicelib.core.windows_setup import AUDIENCES_MAX, TENANTS_MAX, TERMS_MAX, PushPackage
from chalicelib.model.device import Ownership
from chalicelib.model.secret import Secret
from chalicelib.web.api.common import Input, Moment, View
from chalicelib.web.routing import Ask, Nothing

Group = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=254)]
Groups = Annotated[tuple[Group, ...], Field(max_length=50)]
Tenant = Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"^{windows_setup.GUID}$")]
Audience = Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"^{windows_setup.AUDIENCE}$")]
Pfn = Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"^{windows_setup.PACKAGE_FAMILY}$")]
Sid = Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"^{windows_setup.PACKAGE_SID}$")]
TERMS = "Plain text; empty: Muster's own words."


class WindowsEnrollment(Input):
    """All of it; what people enroll by signing in gets this ownership and these groups."""

    federated: bool = Field(description="Everybody who can sign in may enroll a PC.")
    ownership: Ownership
    groups: Groups = ()


class WindowsEnrollmentView(View):
    federated: bool
    ownership: Ownership
    groups: list[str]


class WindowsEntra(Input):
    """All of it; without tenants and audiences enrollment with Entra is closed."""

    tenants: Annotated[tuple[Tenant, ...], Field(max_length=TENANTS_MAX)] = Field(description="Tenant ids.")
    audiences: Annotated[tuple[Audience, ...], Field(max_length=AUDIENCES_MAX)] = Field(
        description="Application id or its URI, exactly as the tokens' `aud` has it."
    )
    ownership: Ownership
    groups: Groups = ()


class WindowsEntraView(View):
    tenants: list[str]
    audiences: list[str]
    ownership: Ownership
    groups: list[str]


class WindowsPush(Input):
    pfn: Pfn = Field(description="Package family name.")
    sid: Sid = Field(description="Package SID.")
    secret: SecretStr | None = Field(None, max_length=500, description="Left out: the one that is held stays.")


class WindowsPushView(View):
    pfn: str
    sid: str
    secret_since: Moment = Field(description="When the secret was given; the secret itself is never shown.")


class WindowsTerms(Input):
    text: str = Field(max_length=TERMS_MAX, description=TERMS)


class WindowsTermsView(View):
    text: str = Field(description=TERMS)


def enrollment(ask: Ask[Nothing]) -> WindowsEnrollmentView:
    return _enrollment(windows_setup.enrollment(ask.house, ask.principal))


def set_enrollment(ask: Ask[WindowsEnrollment]) -> WindowsEnrollmentView:
    rules = EnrollmentRules(ask.given.federated, ask.given.ownership, ask.given.groups)
    return _enrollment(windows_setup.set_enrollment(ask.house, ask.principal, rules))


def _enrollment(rules: EnrollmentRules) -> WindowsEnrollmentView:
    return WindowsEnrollmentView.of(rules, groups=list(rules.groups))


def entra(ask: Ask[Nothing]) -> WindowsEntraView:
    return _entra(windows_setup.entra(ask.house, ask.principal))


def set_entra(ask: Ask[WindowsEntra]) -> WindowsEntraView:
    wish = ask.given
    rules = EntraRules(wish.tenants, wish.audiences, wish.ownership, wish.groups)
    return _entra(windows_setup.set_entra(ask.house, ask.principal, rules))


def _entra(rules: EntraRules) -> WindowsEntraView:
    lists = {"tenants": rules.tenants, "audiences": rules.audiences, "groups": rules.groups}
    return WindowsEntraView.of(rules, **{name: list(values) for name, values in lists.items()})


def push(ask: Ask[Nothing]) -> WindowsPushView:
    return WindowsPushView.of(windows_setup.push_package(ask.house, ask.principal))


def set_push(ask: Ask[WindowsPush]) -> WindowsPushView:
    wish = ask.given
    secret = Secret(wish.secret.get_secret_value()) if wish.secret is not None else None
    package: PushPackage = windows_setup.set_push_package(ask.house, ask.principal, wish.pfn, wish.sid, secret)
    return WindowsPushView.of(package)


def terms(ask: Ask[Nothing]) -> WindowsTermsView:
    return WindowsTermsView(text=windows_setup.terms(ask.house, ask.principal))


def set_terms(ask: Ask[WindowsTerms]) -> WindowsTermsView:
    return WindowsTermsView(text=windows_setup.set_terms(ask.house, ask.principal, ask.given.text))
