"""The token endpoint and the bearer check: google-auth's own tokens are taken, wrong ones are not."""

from __future__ import annotations

from typing import Any

import pytest
from google.auth import crypt, jwt
from google.oauth2 import service_account
from googleapiclient.errors import HttpError

DEVICE = "https://www.googleapis.com/auth/admin.directory.device.chromeos"


def test_google_auth_takes_the_key_as_it_is(customer: Any) -> None:
    """The assertion that google-auth itself builds from the key file."""
    credentials = service_account.Credentials.from_service_account_info(
        customer.key, scopes=["https://www.googleapis.com/auth/androidmanagement"]
    )
    assertion = credentials._make_authorization_grant_assertion()
    status, said = customer.grant(assertion.decode())
    assert (status, said["expires_in"], said["token_type"]) == (200, 3599, "Bearer")


WRONG: dict[str, dict[str, Any]] = {
    "stranger": {"iss": "nobody@example.com"},
    "audience": {"aud": "https://example.com/token"},
    "too-long": {"exp": 9_999_999_999},
    "no-exp": {"exp": None},
    "no-iat": {"iat": None},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG.keys())
def test_wrong_claims_are_an_invalid_grant(customer: Any, claims: dict[str, Any]) -> None:
    status, said = customer.grant(customer.assertion(**claims))
    assert (status, said["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(("begins", "ends"), [(120, 600), (-4000, -400), (0, 3700)], ids=["future", "past", "long"])
def test_the_time_frame_of_an_assertion_is_narrow(customer: Any, begins: int, ends: int) -> None:
    now = int(customer.control.advance(0))
    status, said = customer.grant(customer.assertion(iat=now + begins, exp=now + ends))
    assert (status, said["error"]) == (400, "invalid_grant")


def test_another_key_does_not_sign_for_the_account(customer: Any) -> None:
    other = type(customer)(customer.google)
    signer = crypt.RSASigner.from_string(other.key["private_key"], customer.key["private_key_id"])
    now = int(customer.control.advance(0))
    claims = {"iss": customer.key["client_email"], "aud": "https://oauth2.googleapis.com/token", "iat": now,
              "exp": now + 600, "scope": "https://www.googleapis.com/auth/androidmanagement"}  # fmt: skip
    status, said = customer.grant(jwt.encode(signer, claims).decode())
    assert (status, said["error_description"]) == (400, "Invalid JWT Signature.")


def test_a_scope_is_needed(customer: Any) -> None:
    assert customer.grant(customer.assertion(scope="openid"))[1]["error"] == "invalid_scope"


def test_another_grant_is_not_supported(customer: Any) -> None:
    assert customer.grant(customer.assertion(), "password")[1]["error"] == "unsupported_grant_type"


def test_nonsense_is_refused(customer: Any) -> None:
    assert customer.grant("not.a.token")[0] == 400


def test_a_person_is_spoken_for_only_with_delegation(customer: Any) -> None:
    asked = {"sub": "admin@example.com", "scope": DEVICE}
    status, said = customer.grant(customer.assertion(**asked))
    assert (status, said["error"]) == (401, "unauthorized_client")
    customer.control.delegate(customer.key["client_id"], [DEVICE], ["admin@example.com"])
    assert customer.grant(customer.assertion(**asked))[0] == 200
    assert customer.grant(customer.assertion(**asked | {"scope": DEVICE + ".readonly"}))[0] == 401
    assert customer.grant(customer.assertion(**asked | {"sub": "eve@example.com"}))[1]["error"] == "invalid_grant"


def refused(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return caught.value.status_code, caught.value.reason


def test_an_access_token_dies_after_an_hour_of_the_clock(bound: Any, control: Any) -> None:
    assert bound.enterprises.get(name=bound.name).execute()["name"] == bound.name
    control.advance(3598)
    bound.enterprises.get(name=bound.name).execute()
    control.advance(2)
    assert refused(bound.enterprises.get(name=bound.name))[0] == 401


def test_a_revoked_account_is_out_at_once(bound: Any, control: Any) -> None:
    control.revoke(bound.customer.key["client_email"])
    assert refused(bound.enterprises.get(name=bound.name))[0] == 401
    assert bound.customer.grant(bound.customer.assertion())[0] == 400


def test_a_token_without_the_scope_is_refused(bound: Any) -> None:
    api = bound.customer.client(scope="https://www.googleapis.com/auth/cloud-platform")
    status, reason = refused(api.enterprises().get(name=bound.name))
    assert (status, reason) == (403, "Request had insufficient authentication scopes.")


def test_no_token_no_answer(bound: Any) -> None:
    bound.api._http.token = ""
    assert refused(bound.enterprises.get(name=bound.name))[0] == 401
