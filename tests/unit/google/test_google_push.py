"""Who may push: the one token that Pub/Sub signs for us, and every other. google-auth makes and judges them, too."""

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from google.auth.transport.requests import Request
from google.oauth2 import id_token

from chalicelib.core import google_setup
from chalicelib.core.errors import Unauthenticated, Unavailable
from chalicelib.core.house import House
from chalicelib.platforms import key_ring
from chalicelib.platforms.google import oidc
from chalicelib.storage.memory.house import SETTINGS
from tests.unit.google import stand_in
from tests.unit.google.stand_in import (
    ADMIN,
    PUSHER,
    SIGNER,
    Clock,
    Reply,
    StandIn,
    b64url,
    jwk,
    push_claims,
    push_token,
)

AUDIENCE = f"{SETTINGS.device_url}/google/push"
OTHER = SIGNER + 1
KID = {"kid": f"google-{SIGNER}"}


def verify(house: House, token: str) -> None:
    oidc.verify(house, f"Bearer {token}")


def refused(house: House, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        verify(house, token)
    assert not any(part and part in str(caught.value) for part in token.split("."))
    return str(caught.value)


def by_hand(header: dict[str, Any], claims: Any, sign: Callable[[bytes], bytes]) -> str:
    covered = ".".join(b64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{covered}.{b64url(sign(covered.encode()))}"


def rs256(number: int = SIGNER) -> Callable[[bytes], bytes]:
    return lambda data: stand_in.key(number).sign(data, padding.PKCS1v15(), hashes.SHA256())


def google_believes(google: StandIn, token: str) -> bool:
    """google-auth's own check, with the keys from the same place."""
    with requests.Session() as session:
        session.verify, session.trust_env = google.trust_file, False
        try:
            id_token.verify_token(token, Request(session), AUDIENCE, google.url + stand_in.KEYS)
        except ValueError:
            return False
    return True


def test_a_push_of_our_subscription(house: House, google: StandIn, clock: Clock) -> None:
    token = push_token(clock())
    verify(house, token)
    assert google_believes(google, token)
    assert [each.path for each in google.seen][:1] == [stand_in.KEYS]


@pytest.mark.parametrize(
    "more",
    [
        {"iss": "https://evil.example"},
        {"iss": "https://accounts.google.com.evil.example"},
        {"email": "somebody@other-project.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"email_verified": "true"},
    ],
)
def test_googles_library_alone_would_believe_it(
    house: House, google: StandIn, clock: Clock, more: dict[str, Any]
) -> None:
    token = push_token(clock(), **more)
    assert google_believes(google, token)
    refused(house, token)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"iss": "accounts.google.com"},
        {"iat": -59},
        {"iat": 60},
        {"exp": -59},
        {"nbf": 60},
        {"extra": {"a": [1]}},
    ],
)
def test_tokens_that_are_believed(house: House, clock: Clock, more: dict[str, Any]) -> None:
    now = clock.stop()
    moments = {name: now + value for name, value in more.items() if name in ("iat", "exp", "nbf")}
    verify(house, push_token(now, **more | moments))


NEVER_FETCHED: list[dict[str, Any]] = [
    {"iss": None},
    {"iss": ["https://accounts.google.com"]},
    {"iss": "https://accounts.google.com/"},
    {"iss": "http://accounts.google.com"},
    {"aud": None},
    {"aud": ""},
    {"aud": [AUDIENCE]},
    {"aud": AUDIENCE + "/"},
    {"aud": "https://devices.example.test"},
    {"aud": "https://other.example.test/google/push"},
    {"email": None},
    {"email": PUSHER.upper()},
    {"email": "pusher@other-123456.iam.gserviceaccount.com"},
    {"email": stand_in.ACCOUNT},
    {"email_verified": None},
    {"email_verified": False},
    {"email_verified": "true"},
    {"email_verified": 1},
    {"iat": None},
    {"iat": "x"},
    {"iat": True},
    {"exp": None},
    {"exp": "never"},
    {"exp": 1e300},
    {"nbf": "x"},
]


@pytest.mark.parametrize("more", NEVER_FETCHED)
def test_words_alone_refuse_without_a_fetch(house: House, google: StandIn, clock: Clock, more: dict[str, Any]) -> None:
    refused(house, by_hand({"alg": "RS256", **KID}, push_claims(clock(), **more), rs256()))
    assert google.seen == []


@pytest.mark.parametrize(("name", "distance"), [("iat", 61), ("nbf", 61), ("exp", -60)])
def test_the_clock_decides(house: House, google: StandIn, clock: Clock, name: str, distance: int) -> None:
    clock.stop()
    assert refused(house, push_token(clock(), **{name: clock() + distance})) == oidc.EXPIRED
    assert google.seen == []


def test_a_stale_token_is_of_no_use(house: House, google: StandIn, clock: Clock) -> None:
    token = push_token(clock())
    verify(house, token)
    clock.ahead = 3600 + oidc.SKEW
    assert refused(house, token) == oidc.EXPIRED


@pytest.mark.parametrize(
    ("header", "sign", "fetches"),
    [
        ({"alg": "none", **KID}, lambda data: b"", 0),
        ({"alg": "None", **KID}, lambda data: b"", 0),
        ({"alg": "HS256", **KID}, lambda data: hmac.digest(stand_in.public_pem(SIGNER), data, "sha256"), 0),
        ({"alg": "RS384", **KID}, rs256(), 0),
        ({"alg": "PS256", **KID}, rs256(), 0),
        ({"alg": ["RS256"], **KID}, rs256(), 0),
        ({"alg": "RS256"}, rs256(), 0),
        ({"alg": "RS256", "kid": 5}, rs256(), 0),
        ({"alg": "RS256", "kid": "unknown"}, rs256(), 1),
        ({"alg": "RS256", "kid": "unknown", "jwk": jwk(OTHER)}, rs256(OTHER), 1),
        ({"alg": "RS256", "jku": "https://localhost:1/keys", **KID}, rs256(OTHER), 1),
        ({"alg": "RS256", **KID}, rs256(OTHER), 1),
        ({"alg": "RS256", **KID}, lambda data: b"", 1),
        ({"alg": "RS256", **KID}, lambda data: rs256()(data)[:-1] + b"\x00", 1),
    ],
)
def test_how_a_token_has_to_be_signed(
    house: House,
    google: StandIn,
    clock: Clock,
    header: dict[str, Any],
    sign: Callable[[bytes], bytes],
    fetches: int,
) -> None:
    refused(house, by_hand(header, push_claims(clock()), sign))
    assert google.fetches == len(google.seen) == fetches
    verify(house, by_hand({"alg": "RS256", **KID}, push_claims(clock()), rs256()))


def test_changed_words_break_the_signature(house: House, clock: Clock) -> None:
    head, _, signature = push_token(clock()).split(".")
    words = b64url(json.dumps(push_claims(clock(), jti="other")).encode())
    refused(house, f"{head}.{words}.{signature}")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "token", "Bearer  x", "Bearer x", "Bearer a.b.c", "Bearer é.é.é",
     "Bearer " + "." * 20_000, "Bearer e30.e30.", "Bearer bnVsbA.bnVsbA.bnVsbA", "Bearer " + "A" * 9_000],
)  # fmt: skip
def test_what_is_no_token_at_all(house: House, google: StandIn, header: str) -> None:
    with pytest.raises(Unauthenticated):
        oidc.verify(house, header)
    assert google.seen == []


def test_the_scheme_has_no_case_and_the_token_is_alone(house: House, clock: Clock) -> None:
    token = push_token(clock())
    oidc.verify(house, f"bearer {token}")
    for header in (
        f"Bearer  {token}",
        f"Basic {token}",
        f"Bearer {token} x",
        f"{token}",
        f"Bearer {token}, Bearer {token}",
    ):
        with pytest.raises(Unauthenticated):
            oidc.verify(house, header)


def test_claims_that_say_it_deeply(house: House, google: StandIn) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 4_000).decode().rstrip("=")
    head = b64url(json.dumps({"alg": "RS256", **KID}).encode())
    refused(house, f"{head}.{deep}.AAAA")
    assert google.seen == []


def test_closed_until_it_is_connected(google: StandIn, clock: Clock) -> None:
    house = google.house(clock)
    for _ in range(3):
        assert refused(house, push_token(clock())) == oidc.CLOSED
    assert google.seen == []
    stand_in.connect(house)
    verify(house, push_token(clock()))


def test_closed_again_within_a_minute(house: House, clock: Clock) -> None:
    verify(house, push_token(clock()))
    google_setup.disconnect(house, ADMIN)
    clock.ahead = 61
    assert refused(house, push_token(clock())) == oidc.CLOSED


def test_no_address_of_ours_makes_no_audience(google: StandIn, clock: Clock) -> None:
    house = stand_in.connect(google.house(clock, device_url=""))
    refused(house, push_token(clock(), aud=""))
    refused(house, push_token(clock()))


def test_a_flood_of_unknown_keys_fetches_once(house: House, google: StandIn, clock: Clock) -> None:
    clock.stop()
    for number in range(50):
        refused(house, push_token(clock(), key_id=f"unknown-{number}"))
    assert google.fetches == 1
    verify(house, push_token(clock()))
    google.keys = [jwk(OTHER)]
    refused(house, push_token(clock(), OTHER))
    clock.ahead = key_ring.COOLDOWN
    verify(house, push_token(clock(), OTHER))
    assert google.fetches == 2


def test_a_flood_of_forged_pushes_writes_nothing_and_opens_no_secret(
    house: House, google: StandIn, clock: Clock
) -> None:
    meter = house.store.meter  # type: ignore[attr-defined]
    before, opened = meter.total("dynamodb").write_units, meter.total("kms").calls
    for _ in range(200):
        refused(house, by_hand({"alg": "RS256", **KID}, push_claims(clock(), aud="x"), rs256(OTHER)))
    refused(house, push_token(clock(), OTHER, KID["kid"]))
    assert (meter.total("dynamodb").write_units, meter.total("kms").calls) == (before, opened)
    assert google.fetches == 1


def test_withdrawn_keys_are_forgotten_and_known_ones_outlive_an_outage(
    house: House, google: StandIn, clock: Clock
) -> None:
    verify(house, push_token(clock()))
    google.keys_reply = Reply(503)
    clock.ahead = key_ring.LIVE - 5
    verify(house, push_token(clock()))
    clock.ahead = key_ring.LIVE
    with pytest.raises(Unavailable):
        verify(house, push_token(clock()))
    google.keys_reply, google.keys = None, []
    clock.ahead += key_ring.COOLDOWN
    refused(house, push_token(clock()))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(503),
        Reply(503, {"keys": [jwk(SIGNER)]}),
        Reply(200, b"junk"),
        Reply(200, b"[]"),
        Reply(200, b"[" * 100_000),
        Reply(200, json.dumps({"keys": [jwk(SIGNER)]}).encode().ljust(key_ring.LARGEST + 1)),
        Reply(302, headers={"Location": "https://localhost:1/"}),
        Reply(hang_up=True),
        Reply(200, b"{}", length=3),
    ],
)
def test_when_googles_keys_cannot_be_had(house: House, google: StandIn, clock: Clock, reply: Reply) -> None:
    clock.stop()
    google.keys_reply = reply
    for _ in range(3):
        with pytest.raises(Unavailable, match="push again"):
            verify(house, push_token(clock()))
    google.keys_reply = None
    clock.ahead = key_ring.COOLDOWN
    verify(house, push_token(clock()))


@pytest.mark.parametrize(
    "key", [{"kty": "EC"}, {"use": "enc"}, {"kid": 1}, {"n": "AQAB"}, {"n": None}, {"kty": "oct", "k": "AAAA"}]
)
def test_other_keys_are_not_used(house: House, google: StandIn, clock: Clock, key: dict[str, Any]) -> None:
    google.keys = [jwk(SIGNER, **key), "no key"]  # type: ignore[list-item]
    refused(house, push_token(clock()))


def test_a_google_that_we_do_not_trust_vouches_for_nobody(house: House, google: StandIn, clock: Clock) -> None:
    stranger = replace(house, settings=replace(house.settings, google_trust=""))
    with pytest.raises(Unavailable):
        verify(stranger, push_token(clock()))
    assert google.seen == []
