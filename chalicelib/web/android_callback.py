"""The page to which Google sends an administrator back after the sign-up for Android.

Google: Android Management API, "Create an enterprise": the callback gets `enterpriseToken` besides what it had. Nobody
is signed in here; the `state` that Muster sent along shows that this is the browser that it sent.
"""

from pydantic import Field

from chalicelib.core.errors import MusterError
from chalicelib.web.api import android
from chalicelib.web.pages import Visit
from chalicelib.web.rendering import page
from chalicelib.web.routing import Answer, Ask

_LATER = 503


class Return(Visit):
    state: str = Field("", max_length=200)
    enterprise_token: str = Field("", alias="enterpriseToken", max_length=4_000)


def finish(ask: Ask[Return]) -> Answer:
    given, organization = ask.given, ask.house.settings.organization
    try:
        name = android.signups(ask.house).finish(ask.house, given.state, given.enterprise_token)
    except MusterError as refusal:
        if refusal.public != str(refusal):
            raise  # it went wrong inside, which is logged and not shown
        later = refusal.status == _LATER
        return page(
            "refused.html", refusal.status, organization=organization, root="../", refusal=refusal.public,
            heading="Android is not set up yet",
            advice="Reload this page in a minute." if later else "Whoever began the sign-up can begin another one.",
        )  # fmt: skip
    return page("android_signed_up.html", organization=organization, root="../", enterprise=name)
