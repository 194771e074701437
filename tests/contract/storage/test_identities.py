"""Users and their tokens: in memory and on MiniStack's user pool; and the tricks that are played with tokens."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.core.errors import AlreadyExists, Unauthenticated, Unprocessable
from chalicelib.core.ports import Identities
from chalicelib.model.people import Role
from chalicelib.model.secret import Secret
from chalicelib.storage.aws.client import Session
from chalicelib.storage.aws.identities import COOLDOWN, KEYS_LIVE, CognitoIdentities, KeySet
from chalicelib.storage.memory.identities import CLIENT_ID, MemoryIdentities
from chalicelib.storage.memory.services import rsa_key
from tests.contract.storage import engines

PASSWORD = Secret("Correct-horse-7")


@dataclass
class Directory:
    identities: Identities
    other: Identities  # another pool
    public_key: Callable[[], Any]
    now: list[int]
    disable: Callable[[str], None]
    demote: Callable[[str], None]  # takes every role away


def make_pool(endpoint: str, clock: Callable[[], int]) -> CognitoIdentities:
    cognito = engines.client("cognito-idp", endpoint)
    pool = cognito.create_user_pool(PoolName="muster")["UserPool"]["Id"]
    for role in Role:
        cognito.create_group(UserPoolId=pool, GroupName=str(role))
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    made = cognito.create_user_pool_client(UserPoolId=pool, ClientName="console", ExplicitAuthFlows=flows)
    session = Session(engines.REGION, engines.ROOT, endpoint=endpoint)
    return CognitoIdentities(session, pool, made["UserPoolClient"]["ClientId"], clock)


@pytest.fixture(params=["memory", "ministack"])
def directory(request: pytest.FixtureRequest) -> Directory:
    offset = [0]

    def clock() -> int:
        return int(time.time()) + offset[0]

    if request.param == "memory":
        made: Any = MemoryIdentities(clock)
        other: Identities = MemoryIdentities(clock, issuer="https://identities.example.test/other")
        key: Callable[[], Any] = lambda: rsa_key().public_key()  # noqa: E731
        disable: Callable[[str], None] = partial(made.change_user, role=Role.AUDITOR, enabled=False)
        demote: Callable[[str], None] = partial(made.change_user, role=None)
    else:
        endpoint = request.getfixturevalue("ministack")
        cognito = make_pool(endpoint, clock)
        made, other = cognito, make_pool(endpoint, clock)
        key = lambda: next(iter(cognito.keys.known().values()))  # noqa: E731
        disable, demote = hands_on(endpoint, cognito._pool)
    made.create_user("anna", PASSWORD, Role.AUDITOR)
    other.create_user("anna", PASSWORD, Role.ADMIN)
    return Directory(made, other, key, offset, disable, demote)


def hands_on(endpoint: str, pool: str) -> tuple[Callable[[str], None], Callable[[str], None]]:
    """What an administrator does with an account in the console of the pool."""
    cognito = engines.client("cognito-idp", endpoint)

    def demote(username: str) -> None:
        for role in Role:
            cognito.admin_remove_user_from_group(UserPoolId=pool, Username=username, GroupName=str(role))

    return lambda username: cognito.admin_disable_user(UserPoolId=pool, Username=username), demote


def access_token(identities: Identities) -> str:
    return str(identities.sign_in("anna", PASSWORD)["access_token"])


def test_sign_in(directory: Directory) -> None:
    tokens = directory.identities.sign_in("anna", PASSWORD)
    assert set(tokens) == {"access_token", "id_token", "refresh_token", "expires_in"}
    claims = directory.identities.verify(tokens["access_token"])
    assert claims["username"] == "anna"
    assert claims["cognito:groups"] == ["auditor"]
    assert claims["token_use"] == "access"


def test_a_session_goes_on_with_its_refresh_token(directory: Directory) -> None:
    signed_in = directory.identities.sign_in("anna", PASSWORD)
    token = Secret(signed_in["refresh_token"])
    for _ in range(2):
        again = directory.identities.refresh(token)
        assert set(again) == set(signed_in)
        claims = directory.identities.verify(again["access_token"])
        assert (claims["username"], claims["cognito:groups"]) == ("anna", ["auditor"])
        token = Secret(again["refresh_token"])
    directory.disable("anna")
    with pytest.raises(Unauthenticated):
        directory.identities.refresh(token)


@pytest.mark.parametrize("kind", ["access_token", "id_token", "made up"])
def test_nothing_else_refreshes_a_session(directory: Directory, kind: str) -> None:
    token = Secret({**directory.identities.sign_in("anna", PASSWORD), "made up": "x" * 40}[kind])
    with pytest.raises(Unauthenticated, match="sign in again"):
        directory.identities.refresh(token)


def test_a_refresh_token_of_another_pool(directory: Directory) -> None:
    with pytest.raises(Unauthenticated):
        directory.identities.refresh(Secret(directory.other.sign_in("anna", PASSWORD)["refresh_token"]))


def test_the_role_is_the_one_that_an_account_has_now(directory: Directory) -> None:
    assert directory.identities.role_of("anna") is Role.AUDITOR
    assert directory.identities.role_of("nobody") is None
    directory.demote("anna")
    assert directory.identities.role_of("anna") is None


def test_a_disabled_account_has_no_role(directory: Directory) -> None:
    directory.disable("anna")
    assert directory.identities.role_of("anna") is None


def test_in_memory_a_session_lasts_eight_hours() -> None:
    now = [1_800_000_000]
    identities = MemoryIdentities(lambda: now[0])
    identities.create_user("anna", PASSWORD, Role.AUDITOR)
    token = Secret(identities.sign_in("anna", PASSWORD)["refresh_token"])
    now[0] += 8 * 3600 - 1
    assert identities.refresh(token)
    now[0] += 1
    with pytest.raises(Unauthenticated):
        identities.refresh(token)


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong"), ("nobody", "Correct-horse-7"), ("", ""), ("anna", "")]
)
def test_refused_sign_in_does_not_say_why(directory: Directory, name: str, password: str) -> None:
    with pytest.raises(Unauthenticated, match=r"^The name or the password is wrong\.$"):
        directory.identities.sign_in(name, Secret(password))


def test_a_name_is_given_once(directory: Directory) -> None:
    with pytest.raises(AlreadyExists):
        directory.identities.create_user("anna", Secret("Another-horse-8"), Role.ADMIN)
    assert directory.identities.verify(access_token(directory.identities))["cognito:groups"] == ["auditor"]


def test_an_expired_token(directory: Directory) -> None:
    token = access_token(directory.identities)
    directory.now[0] += 3590
    assert directory.identities.verify(token)
    directory.now[0] += 60
    with pytest.raises(Unauthenticated):
        directory.identities.verify(token)


def test_an_id_token_is_no_access_token(directory: Directory) -> None:
    with pytest.raises(Unauthenticated):
        directory.identities.verify(directory.identities.sign_in("anna", PASSWORD)["id_token"])


def test_a_token_of_another_pool(directory: Directory) -> None:
    token = access_token(directory.other)
    assert directory.other.verify(token)
    with pytest.raises(Unauthenticated):
        directory.identities.verify(token)


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _unsigned(directory: Directory, token: str) -> str:
    header, claims = _parts(token)
    return f"{_text(json.dumps({**header, 'alg': 'none'}).encode())}.{_text(json.dumps(claims).encode())}."


def _signed_with_the_public_key(directory: Directory, token: str) -> str:
    header, claims = _parts(token)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    secret = directory.public_key().public_bytes(serialization.Encoding.PEM, form)
    start = f"{_text(json.dumps({**header, 'alg': 'HS256'}).encode())}.{_text(json.dumps(claims).encode())}"
    return f"{start}.{_text(hmac.new(secret, start.encode(), hashlib.sha256).digest())}"


def _signed_by_a_stranger(directory: Directory, token: str) -> str:
    header, claims = _parts(token)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": header["kid"]})


def _with_its_own_key(directory: Directory, token: str) -> str:
    header, claims = _parts(token)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = jwt.algorithms.RSAAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
    return jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": header["kid"], "jwk": own})


def _edited(directory: Directory, token: str) -> str:
    start, _, signature = token.rpartition(".")
    header = start.partition(".")[0]
    claims = {**_parts(token)[1], "cognito:groups": ["admin"]}
    return f"{header}.{_text(json.dumps(claims).encode())}.{signature}"


def _stripped(directory: Directory, token: str) -> str:
    return token.rpartition(".")[0] + "."


TRICKS = [_unsigned, _signed_with_the_public_key, _signed_by_a_stranger, _with_its_own_key, _edited, _stripped]


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__.strip("_"))
def test_tricks(directory: Directory, trick: Callable[[Directory, str], str]) -> None:
    token = access_token(directory.identities)
    assert directory.identities.verify(token)
    with pytest.raises(Unauthenticated):
        directory.identities.verify(trick(directory, token))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "." * 20_000, "e30.e30.e30", "W10.W10.W10"])
def test_no_token_at_all(directory: Directory, token: str) -> None:
    with pytest.raises(Unauthenticated):
        directory.identities.verify(token)


CLAIMS = {"client_id": CLIENT_ID, "token_use": "access", "username": "eve"}


@pytest.mark.parametrize(
    "news",
    [
        {"client_id": "other"},
        {"client_id": None},
        {"token_use": "id"},
        {"iss": "https://evil.example"},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": 1},
        {"iss": ""},
    ],
    ids=str,
)
def test_claims_are_exact(news: dict[str, Any]) -> None:
    """Signed with the pool's own key, so that only the claim is wrong."""
    identities = MemoryIdentities()
    good = {**CLAIMS, "iss": identities.issuer, "exp": int(time.time()) + 60}
    header = {"kid": "memory-1"}
    assert identities.verify(jwt.encode(good, rsa_key(), algorithm="RS256", headers=header))["username"] == "eve"
    with pytest.raises(Unauthenticated):
        identities.verify(jwt.encode({**good, **news}, rsa_key(), algorithm="RS256", headers=header))


def test_a_weak_password(ministack: str) -> None:
    with pytest.raises(Unprocessable):
        make_pool(ministack, lambda: 0).create_user("bo", Secret("x"), Role.ADMIN)


def _document() -> dict[str, Any]:
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True)
    return {"keys": [{**jwk, "kid": "one"}, {"kty": "EC", "kid": "two"}]}


def test_a_flood_of_unknown_keys_fetches_once() -> None:
    now, fetched = [0.0], []

    def fetch() -> dict[str, Any]:
        fetched.append(now[0])
        return _document()

    keys = KeySet(fetch, lambda: now[0])

    def ask(number: int) -> None:
        with pytest.raises(Unauthenticated):
            keys.key(f"unknown-{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(200)))
    assert fetched == [0]
    now[0] = COOLDOWN + 1
    ask(0)
    ask(1)
    assert fetched == [0, COOLDOWN + 1]
    assert keys.key("one")
    now[0] += KEYS_LIVE + 1
    assert keys.key("one")
    assert len(fetched) == 3


def test_keys_outlive_a_failing_refresh() -> None:
    now, answers = [0.0], [_document()]
    keys = KeySet(lambda: answers.pop() if answers else {}, lambda: now[0])
    assert keys.key("one")
    with pytest.raises(Unauthenticated):
        keys.key("two")
