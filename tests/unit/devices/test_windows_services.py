"""The fake push service and the fake Entra, asked by clients of somebody else's making."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator

import httpx
import jwt
import pytest

from tests.devices.entra import FakeEntra
from tests.devices.wns import Answer, FakeWNS

AUDIENCE = "https://mdm.example.com"


@pytest.fixture(scope="module")
def wns() -> Iterator[FakeWNS]:
    with FakeWNS() as service:
        yield service


@pytest.fixture(scope="module")
def entra() -> Iterator[FakeEntra]:
    with FakeEntra() as service:
        yield service


@pytest.fixture
def http(wns: FakeWNS, entra: FakeEntra) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cadata=wns.ca_pem + entra.ca_pem)
    with httpx.Client(verify=context) as client:
        yield client


def token(wns: FakeWNS, http: httpx.Client, **changes: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": wns.sid, "client_secret": wns.secret,
            "scope": "notify.windows.com"}  # fmt: skip
    return http.post(wns.token_url, data={**form, **changes})


def push(http: httpx.Client, uri: str, bearer: str, **changes: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}", "X-WNS-Type": "wns/raw", "X-WNS-Cache-Policy": "cache",
               "Content-Type": "application/octet-stream"}  # fmt: skip
    return http.post(uri, headers={**headers, **changes}, content=b"wake")


def test_a_notification_arrives(wns: FakeWNS, http: httpx.Client) -> None:
    woken = threading.Event()
    uri = wns.open_channel("Contoso.MDM", lambda one: woken.set())
    answer = push(http, uri, token(wns, http).json()["access_token"])
    assert (answer.status_code, answer.headers["X-WNS-Status"]) == (200, "received")
    noted = wns.wait_for(1)[-1]
    assert (noted.body, noted.status) == (b"wake", 200)
    assert noted.headers["x-wns-cache-policy"] == "cache"
    assert woken.wait(5)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [("client_secret", "guess", "invalid_client"), ("client_id", "ms-app://other", "invalid_client"),
     ("scope", "other", "invalid_scope"), ("grant_type", "password", "invalid_scope")],
)  # fmt: skip
def test_tokens_cost_a_secret(wns: FakeWNS, http: httpx.Client, name: str, value: str, error: str) -> None:
    answer = token(wns, http, **{name: value})
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_tokens_end(wns: FakeWNS, http: httpx.Client) -> None:
    uri, bearer = wns.open_channel("Contoso.MDM"), token(wns, http).json()["access_token"]
    assert push(http, uri, "nonsense").status_code == 401
    wns.expire_tokens()
    assert push(http, uri, bearer).status_code == 401
    assert push(http, uri, token(wns, http).json()["access_token"]).status_code == 200


def test_channels_end(wns: FakeWNS, http: httpx.Client) -> None:
    uri, bearer = wns.open_channel("Contoso.MDM"), token(wns, http).json()["access_token"]
    wns.close_channel(uri)
    assert push(http, uri, bearer).status_code == 410
    wns.close_channel(uri, 404)
    assert push(http, uri, bearer).status_code == 404
    assert push(http, f"{wns.url}/?token=unknown", bearer).status_code == 404


def test_scripts_and_throttling(wns: FakeWNS, http: httpx.Client) -> None:
    uri, bearer = wns.open_channel("Contoso.MDM"), token(wns, http).json()["access_token"]
    wns.throttle(seconds=7)
    answer = push(http, uri, bearer)
    assert (answer.status_code, answer.headers["Retry-After"]) == (406, "7")
    wns.script(503, times=2)
    assert [push(http, uri, bearer).status_code for _ in range(3)] == [503, 503, 200]
    wns.script(Answer(500), where="token")
    assert [token(wns, http).status_code for _ in range(2)] == [500, 200]


@pytest.mark.parametrize(
    ("name", "value"), [("X-WNS-Type", "wns/other"), ("X-WNS-Type", "wns/toast"), ("Content-Type", "text/plain")]
)
def test_headers_are_exact(wns: FakeWNS, http: httpx.Client, name: str, value: str) -> None:
    uri, bearer = wns.open_channel("Contoso.MDM"), token(wns, http).json()["access_token"]
    assert push(http, uri, bearer, **{name: value}).status_code == 400
    assert wns.complaints


def test_channel_hosts_can_be_microsofts() -> None:
    with FakeWNS(host="db5p.notify.windows.com") as wns:
        assert wns.open_channel("Contoso.MDM").startswith("https://db5p.notify.windows.com/?token=")


# -- Entra


def read(entra: FakeEntra, http: httpx.Client, text: str, **options: object) -> dict[str, object]:
    """As PyJWT does it."""
    keys = {one["kid"]: jwt.PyJWK(one) for one in http.get(entra.keys_url).json()["keys"]}
    key = keys[jwt.get_unverified_header(text)["kid"]]
    wanted = {"audience": AUDIENCE, "algorithms": ["RS256"], **options}
    return jwt.decode(text, key, **wanted)  # type: ignore[arg-type, no-any-return]


@pytest.mark.parametrize("version", [1, 2])
def test_a_right_token(entra: FakeEntra, http: httpx.Client, version: int) -> None:
    said = read(entra, http, entra.token(audience=AUDIENCE, upn="ada@example.com", version=version))
    issuers = {1: f"https://sts.windows.net/{entra.tenant}/",
               2: f"https://login.microsoftonline.com/{entra.tenant}/v2.0"}  # fmt: skip
    assert (said["iss"], said["ver"], said["tid"]) == (issuers[version], f"{version}.0", entra.tenant)
    assert (said["scp"], said["upn"]) == ("mdm_delegation", "ada@example.com")
    other = read(entra, http, entra.token(audience=AUDIENCE))
    assert other["uti"] != said["uti"]


def test_wrong_tokens(entra: FakeEntra, http: httpx.Client) -> None:
    with pytest.raises(jwt.ExpiredSignatureError):
        read(entra, http, entra.token(audience=AUDIENCE, exp=1))
    with pytest.raises(jwt.InvalidAudienceError):
        read(entra, http, entra.token(audience="https://other.example.com"))
    assert "scp" not in read(entra, http, entra.token(audience=AUDIENCE, scp=None))
    right = entra.token(audience=AUDIENCE)
    claims = entra.claims(AUDIENCE, "eve@example.com")
    for bad in (
        entra.tampered(right, upn="eve@example.com"),
        entra.sign(claims, key=entra.stranger(), kid=entra.kid),
        entra.sign(claims, algorithm="none"),
        entra.sign(claims, algorithm="HS256"),
    ):
        with pytest.raises(jwt.InvalidTokenError):
            read(entra, http, bad)
    with pytest.raises(KeyError):
        read(entra, http, entra.sign(claims, kid="unknown"))


def test_keys_roll_over(http: httpx.Client, entra: FakeEntra) -> None:
    old = entra.token(audience=AUDIENCE)
    kid = entra.roll_over()
    new = entra.token(audience=AUDIENCE)
    assert jwt.get_unverified_header(new)["kid"] == kid
    assert read(entra, http, old)["aud"] == read(entra, http, new)["aud"] == AUDIENCE
    entra.roll_over(keep=False)
    with pytest.raises(KeyError):
        read(entra, http, new)
    entra.failing = 1
    assert [http.get(entra.keys_url).status_code for _ in range(2)] == [503, 200]
    assert http.get(f"{entra.url}/other/discovery/v2.0/keys").status_code == 404
