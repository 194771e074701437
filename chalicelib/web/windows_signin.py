"""The sign-in page of Federated enrollment: a person with an account gets an invitation for one PC (MS-MDE2 §3.2).

Any account that can sign in may enroll a PC, also one without a role: roles are for those who run Muster, and what is
enrolled is under the terms that an administrator set. The window in which Windows shows the page gives up at an HTTP
error (WebAuthenticationStatus.ErrorHttp), so a wrong password is answered with 200 and the form again.
"""

import base64
from hashlib import sha256

from pydantic import SecretStr

from chalicelib.core import invitations, windows_settings
from chalicelib.core.errors import BadRequest, Forbidden, Unauthenticated
from chalicelib.core.house import House
from chalicelib.core.windows_settings import EnrollmentRules
from chalicelib.model.secret import Secret
from chalicelib.web import app_address, privacy
from chalicelib.web.app_address import APP, WEB_APP, AppAddress
from chalicelib.web.headers import page_policy
from chalicelib.web.pages import Visit
from chalicelib.web.rendering import page
from chalicelib.web.routing import Answer, Ask

LONGEST_NAME, LONGEST_PASSWORD = 254, 256
WRONG = "The name or the password is wrong."
CLOSED = "Signing in to enroll a PC is not offered here; ask your administrator for an invitation."
SUBMIT = "document.forms[0].submit();"
_SUBMIT_HASH = f"'sha256-{base64.b64encode(sha256(SUBMIT.encode()).digest()).decode()}'"
_NOTE = "Windows sign-in"


class Arrival(Visit):
    appru: str = ""
    login_hint: str = ""


class SignIn(Visit):
    appru: str = ""
    username: str = ""
    password: SecretStr = SecretStr("")


def show(ask: Ask[Arrival]) -> Answer:
    try:
        app, rules = _asked(ask.house, ask.given.appru)
    except (BadRequest, Forbidden) as refusal:
        return _refused(ask.house, refusal)
    return _form(ask.house, app, rules, ask.given.login_hint)


def enter(ask: Ask[SignIn]) -> Answer:
    try:
        app, rules = _asked(ask.house, ask.given.appru)
        name = _recognised(ask.house, ask.given.username.strip(), ask.given.password)
    except Unauthenticated as wrong:
        return _form(ask.house, app, rules, ask.given.username, str(wrong))
    except (BadRequest, Forbidden) as refusal:
        return _refused(ask.house, refusal)
    try:
        code = invitations.for_person(
            ask.house, f"user:{name}", name, ownership=rules.ownership, groups=rules.groups, note=_NOTE
        )
    except Forbidden as enough:
        return _form(ask.house, app, rules, ask.given.username, str(enough))
    return _handed_over(ask.house, app, code)


def _asked(house: House, appru: str) -> tuple[AppAddress, EnrollmentRules]:
    """BadRequest before anything is read, Forbidden while the page is closed."""
    app = app_address.read(appru, APP, WEB_APP)
    rules = windows_settings.enrollment_rules(house)
    if not rules.federated:
        raise Forbidden(CLOSED)
    return app, rules


def _recognised(house: House, username: str, password: SecretStr) -> str:
    """The name by which the directory knows the person, however they wrote it. Unauthenticated."""
    secret = Secret(password.get_secret_value())
    if not 0 < len(username) <= LONGEST_NAME or not 0 < len(secret.reveal()) <= LONGEST_PASSWORD:
        raise Unauthenticated(WRONG)
    claims = house.identities.verify(house.identities.sign_in(username, secret)["access_token"])
    return str(claims.get("username", claims["sub"]))


def _form(house: House, app: AppAddress, rules: EnrollmentRules, name: str, problem: str = "") -> Answer:
    return page(
        "windows_signin.html", policy=page_policy(form_action="'self'"), organization=house.settings.organization,
        root="../", app=app.text, name=name if len(name) <= LONGEST_NAME and name.isprintable() else "",
        problem=problem, personal=rules.ownership == "personal", privacy=privacy.WINDOWS[rules.ownership],
    )  # fmt: skip


def _handed_over(house: House, app: AppAddress, code: Secret[str]) -> Answer:
    """The form that goes to Windows by itself, or at the button where scripts do not run."""
    return page(
        "windows_signed_in.html", policy=page_policy(form_action=f"{app.scheme}:", script=_SUBMIT_HASH),
        organization=house.settings.organization, root="../", app=app.text, code=code.reveal(), submit=SUBMIT,
    )  # fmt: skip


def _refused(house: House, refusal: BadRequest | Forbidden) -> Answer:
    return page(
        "refused.html", refusal.status, organization=house.settings.organization, root="../", refusal=str(refusal),
        heading="You cannot sign in here", advice="Nothing was changed on your PC.",
    )  # fmt: skip
