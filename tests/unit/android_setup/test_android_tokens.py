"""Enrollment tokens: one for each invitation, sealed, no longer than it lives, and a QR code with no surprises."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core import google_settings, invitations
from chalicelib.core.errors import Gone, Unprocessable
from chalicelib.core.google_settings import NotConnected
from chalicelib.model.device import Ownership
from chalicelib.model.enrollment import Invitation
from chalicelib.model.records import RememberedRequest
from chalicelib.model.secret import Secret
from chalicelib.platforms.android import tokens
from chalicelib.platforms.google.client import GoogleBusy
from tests.unit.android_setup.conftest import ADMIN, Site

EXTRA = "android.app.extra.PROVISIONING_"


def invite(site: Site, **terms: Any) -> Invitation:
    return invitations.create(site.house, ADMIN, **{"ownership": Ownership.CORPORATE, **terms})[0]


def asked(site: Site) -> list[dict[str, Any]]:
    return [one["body"] for one in site.asked("POST", "/enrollmentTokens")]


@pytest.mark.parametrize(
    ("ownership", "way", "usage"),
    [
        (Ownership.PERSONAL, "", "PERSONAL_USAGE_ALLOWED"),
        (Ownership.CORPORATE, "", "PERSONAL_USAGE_DISALLOWED"),
        (Ownership.CORPORATE, tokens.WORK_PROFILE, "PERSONAL_USAGE_ALLOWED"),
        (Ownership.CORPORATE, tokens.DEDICATED, "PERSONAL_USAGE_DISALLOWED_USERLESS"),
    ],
)
def test_what_google_is_asked(bound: Site, ownership: Ownership, way: str, usage: str) -> None:
    invitation = invite(bound, ownership=ownership, life=7200)
    token = tokens.enrollment(bound.house, invitation, way)
    [body] = asked(bound)
    assert int(body.pop("duration").removesuffix("s")) in range(7190, 7201)
    assert body == {
        "additionalData": invitation.id, "allowPersonalUsage": usage, "oneTimeOnly": True,
        "policyName": f"{google_settings.enterprise(bound.house)}/policies/arriving",
    }  # fmt: skip
    assert token.expires_at - invitation.expires_at in range(-10, 10)


def test_a_phone_enrolls_with_the_link_and_tells_the_invitation(bound: Site) -> None:
    invitation = invite(bound, ownership=Ownership.PERSONAL)
    token = tokens.enrollment(bound.house, invitation)
    assert token.link.reveal().startswith("https://enterprise.google.com/android/enroll?et=")
    name = bound.control.enroll(link=token.link.reveal())["device"]
    assert bound.control.state()["devices"][name]["enrollmentTokenData"] == invitation.id


def test_a_phone_enrolls_with_the_qr_code(bound: Site) -> None:
    token = tokens.enrollment(bound.house, invite(bound))
    code = tokens.qr(token.qr_code, {"WIFI_SSID": "Büro", "WIFI_PASSWORD": "not so secret"})
    name = bound.control.enroll(qr_code=code.reveal())["device"]
    assert bound.control.state()["devices"][name]["managementMode"] == "DEVICE_OWNER"


def test_an_invitation_for_many_gets_a_token_for_many(bound: Site) -> None:
    token = tokens.enrollment(bound.house, invite(bound, max_uses=3))
    assert asked(bound)[0]["oneTimeOnly"] is False
    for _ in range(2):
        bound.control.enroll(token=token.value.reveal())


def test_it_is_the_same_token_while_it_is_good(bound: Site) -> None:
    invitation = invite(bound, life=3600)
    first = tokens.enrollment(bound.house, invitation)
    assert tokens.enrollment(bound.house, invitation) == first
    assert len(asked(bound)) == 1
    assert tokens.enrollment(bound.house, invite(bound)).name != first.name
    assert tokens.enrollment(bound.house, invitation, tokens.DEDICATED).name != first.name


def test_a_spoiled_token_is_replaced(bound: Site) -> None:
    invitation = invite(bound)
    first = tokens.enrollment(bound.house, invitation)
    second = tokens.enrollment(bound.house, invitation, fresh=True)
    assert second.name != first.name
    assert tokens.enrollment(bound.house, invitation) == second
    assert [one["path"].removeprefix("/v1/") for one in bound.asked("DELETE")] == [first.name]


@pytest.mark.parametrize("changed", [{"digest": "of another enterprise"}, {"expires_at": 1}], ids=str)
def test_a_token_that_is_good_no_more_is_not_handed_out(bound: Site, changed: dict[str, Any]) -> None:
    invitation = invite(bound)
    first = tokens.enrollment(bound.house, invitation)
    key = f"android-token {invitation.id} PERSONAL_USAGE_DISALLOWED"
    held = bound.house.store.get(RememberedRequest, key)
    bound.house.store.replace(replace(held, **changed))
    assert tokens.enrollment(bound.house, invitation).name != first.name


def test_it_is_sealed_and_goes_with_its_invitation(bound: Site) -> None:
    invitation = invite(bound)
    token = tokens.enrollment(bound.house, invitation)
    held = bound.house.store.get(RememberedRequest, f"android-token {invitation.id} PERSONAL_USAGE_DISALLOWED")
    assert token.value.reveal() not in repr(held) + repr(token)
    assert held.expires_at == token.expires_at
    with pytest.raises(Gone):
        tokens.enrollment(bound.house, replace(invitation, revoked=True))
    bound.clock.ahead += invitations.DEFAULT_LIFE + 1
    with pytest.raises(Gone, match="expired"):
        tokens.enrollment(bound.house, invitation)


def test_the_last_seconds_of_an_invitation(bound: Site) -> None:
    invitation = replace(invite(bound), expires_at=bound.clock() + 5)
    tokens.enrollment(bound.house, invitation)
    assert asked(bound)[0]["duration"] == "60s"


def test_of_two_at_once_one_token_is_kept(bound: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    invitation = invite(bound)
    honest = tokens.call

    def slow(house: Any, api: Any, method: str, *rest: Any) -> Any:
        answer = honest(house, api, method, *rest)
        if method == "POST":
            monkeypatch.setattr(tokens, "call", honest)
            won.append(tokens.enrollment(house, invitation))
        return answer

    won: list[tokens.Token] = []
    monkeypatch.setattr(tokens, "call", slow)
    assert [tokens.enrollment(bound.house, invitation)] == won
    assert len(bound.asked("DELETE", "/enrollmentTokens/")) == 1


def test_a_withdrawn_invitation_takes_its_tokens_along(bound: Site) -> None:
    invitation = invite(bound)
    token = tokens.enrollment(bound.house, invitation)
    tokens.withdraw(bound.house, invitation.id)
    tokens.withdraw(bound.house, invitation.id)
    assert [one["path"].removeprefix("/v1/") for one in bound.asked("DELETE")] == [token.name]
    with pytest.raises(Exception, match="not known"):
        bound.control.enroll(token=token.value.reveal())


def test_without_an_enterprise(site: Site) -> None:
    with pytest.raises(NotConnected, match="muster android sign-up"):
        tokens.enrollment(site.house, invite(site))


def test_google_is_busy(bound: Site) -> None:
    bound.control.fault("POST /androidmanagement*/enrollmentTokens", 429, retry_after=7)
    invitation = invite(bound)
    with pytest.raises(GoogleBusy) as busy:
        tokens.enrollment(bound.house, invitation)
    assert busy.value.after == 7
    assert tokens.enrollment(bound.house, invitation).value.reveal()


@pytest.mark.parametrize(
    ("ownership", "way"), [("personal", "dedicated"), ("personal", "fully-managed"), ("corporate", "moon")]
)
def test_ways_that_do_not_exist(bound: Site, ownership: str, way: str) -> None:
    with pytest.raises(Unprocessable):
        tokens.enrollment(bound.house, invite(bound, ownership=Ownership(ownership)), way)
    assert asked(bound) == []


CODE = Secret('{"android.app.extra.PROVISIONING_DEVICE_ADMIN_COMPONENT_NAME": "ours",\n "b": {"c": "d"}}')


def test_the_qr_code_without_extras_is_googles_to_the_letter() -> None:
    assert tokens.qr(CODE) is CODE
    assert tokens.qr(CODE, {}) is CODE


def test_extras_are_added_and_nothing_is_taken_away() -> None:
    extras = {"LOCALE": "de_AT", "TIME_ZONE": "Europe/Vienna", "LEAVE_ALL_SYSTEM_APPS_ENABLED": True,
              "WIFI_SSID": "Büro", "WIFI_SECURITY_TYPE": "WPA", "WIFI_PASSWORD": "canary",
              "WIFI_HIDDEN": False}  # fmt: skip
    made = tokens.qr(CODE, extras)
    assert json.loads(made.reveal()) == json.loads(CODE.reveal()) | {
        EXTRA + name: value for name, value in extras.items()
    }
    assert "canary" not in repr(made)
    assert "Büro" in made.reveal()


@pytest.mark.parametrize(
    "extras",
    [
        {"DEVICE_ADMIN_COMPONENT_NAME": "theirs"},
        {"ADMIN_EXTRAS_BUNDLE": "x"},
        {"DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION": "https://evil.example/x.apk"},
        {f"{EXTRA}LOCALE": "de_AT"},
        {"SKIP_ENCRYPTION": True},
        {"LOCALE": True},
        {"LEAVE_ALL_SYSTEM_APPS_ENABLED": "true"},
        {"LOCALE": ""},
        {"LOCALE": "a\nb"},
        {"WIFI_SSID": "x" * 201},
        {"WIFI_PASSWORD": "secret"},
    ],
    ids=str,
)
def test_other_extras_are_refused(extras: dict[str, Any]) -> None:
    with pytest.raises(Unprocessable) as refusal:
        tokens.qr(CODE, extras)
    assert "secret" not in str(refusal.value)
