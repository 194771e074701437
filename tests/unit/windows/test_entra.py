"""Entra tokens: the one that is believed, and every other."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from chalicelib.core import invitations
from chalicelib.core.house import House
from chalicelib.model.device import Ownership
from chalicelib.model.enrollment import Enrollment, Invitation
from chalicelib.platforms import key_ring
from chalicelib.storage.memory.house import SETTINGS, memory_house
from tests.unit.windows import enrolling as pc
from tests.unit.windows import tenant as entra
from tests.unit.windows.enrolling import ENROLLMENT, JWT, POLICY, START, Clock
from tests.unit.windows.tenant import KEY, OTHER_KEY, TENANT, Tenant

AUTHENTICATION = ("s:Authentication", "Authentication")


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    with entra.serving(tmp_path) as served:
        yield served


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(clock: Clock, tenant: Tenant) -> House:
    made = memory_house(clock, settings=replace(SETTINGS, entra_url=tenant.url, microsoft_trust=tenant.trust))
    pc.setting(
        made,
        "windows.entra",
        tenants=[TENANT.upper()],
        audiences=[entra.AUDIENCE, "app-id"],
        ownership="corporate",
        groups=["office"],
    )
    return made


def ask(house: House, token: str, alphabet: Any = base64.b64encode) -> pc.Answer:
    return pc.post(house, POLICY, pc.get_policies(pc.binary(token, JWT, alphabet)))


def enroll(house: House, token: str, number: int = 0, **items: str) -> pc.Answer:
    body = pc.request_token(pc.binary(token, JWT), pc.csr(pc.key(number)), pc.ITEMS | items)
    return pc.post(house, ENROLLMENT, body)


def test_a_token_enrolls_the_person_that_it_names(house: House, tenant: Tenant) -> None:
    document = enroll(house, tenant.token(START)).document
    held = house.store.get(Enrollment, pc.common_name(document.certificate("My/User")))
    invitation = house.store.get(Invitation, held.invitation_id)
    assert (invitation.user, invitation.groups, invitation.ownership, invitation.max_uses, invitation.uses) == (
        "ada@example.com", ("office",), Ownership.CORPORATE, 1, 1,
    )  # fmt: skip
    assert invitation.created_by == f"entra:{entra.OBJECT}"
    assert invitation.expires_at == START + 3600
    assert document.parms["/DMClient/Provider/Muster/UPN"] == "ada@example.com"
    assert tenant.asked == [f"/{TENANT}/discovery/v2.0/keys"]


def test_asking_for_the_policy_mints_nothing(house: House, tenant: Tenant) -> None:
    before = house.store.meter.total("dynamodb").write_units
    for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
        assert ask(house, tenant.token(START), alphabet).status == 200
    assert house.store.meter.total("dynamodb").write_units == before
    assert len(tenant.asked) == 1


def test_one_token_buys_one_enrollment(house: House, tenant: Tenant) -> None:
    token = tenant.token(START)
    first = enroll(house, token).document.certificate("My/User")
    assert enroll(house, token).document.certificate("My/User") == first
    assert enroll(house, token, 1).fault[:2] == ("s:Authorization", "Authorization")
    assert enroll(house, token, 1, DeviceID="A" * 32).fault[:2] == ("s:Authorization", "Authorization")
    assert len(house.store.listing(Invitation).items) == 1
    assert enroll(house, tenant.token(START, uti="another"), 2).status == 200


def test_a_varied_spelling_is_the_same_token(house: House, tenant: Tenant) -> None:
    """The last character of 256 bytes in base64 has bits that count for nothing."""
    token = tenant.token(START)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    varied = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    assert enroll(house, token).status == 200
    got = enroll(house, varied, 1)
    assert got.status == 500
    assert got.fault[0] in ("s:Authentication", "s:Authorization")
    assert len(house.store.listing(Invitation).items) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"iss": "v2"},
        {"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0"},
        {"aud": "app-id"},
        {"scp": "openid mdm_delegation profile"},
        {"nbf": None},
        {"nbf": START + 60},
        {"exp": START - 59},
        {"upn": None, "preferred_username": "ada@example.com"},
        {"upn": None},
        {"tid": TENANT.upper()},
    ],
)
def test_tokens_that_are_believed(house: House, tenant: Tenant, more: dict[str, Any]) -> None:
    if more.get("iss") == "v2":
        more = {"iss": f"{tenant.url}/{TENANT}/v2.0"}
    assert ask(house, tenant.token(START, **more)).status == 200


@pytest.mark.parametrize(
    "more",
    [
        {"iss": "https://sts.windows.net/"},
        {"iss": f"https://sts.windows.net/{entra.OTHER}/"},
        {"iss": f"https://evil.example/{TENANT}/v2.0"},
        {"iss": f"https://login.microsoftonline.com/{entra.OTHER}/v2.0"},
        {"iss": f"https://login.microsoftonline.com/{TENANT}/"},
        {"iss": None},
        {"aud": "https://other.example"},
        {"aud": [entra.AUDIENCE]},
        {"aud": ""},
        {"aud": None},
        {"tid": entra.OTHER},
        {"tid": entra.OTHER, "iss": f"https://sts.windows.net/{entra.OTHER}/"},
        {"tid": None},
        {"tid": f"{TENANT}/../x"},
        {"scp": "openid"},
        {"scp": "mdm_delegation_2"},
        {"scp": ["mdm_delegation"]},
        {"scp": None},
        {"exp": START - 60},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"nbf": START + 61},
        {"nbf": "x"},
        {"oid": None},
        {"oid": "user:root"},
        {"upn": 7},
        {"upn": "a\nb"},
        {"upn": "a" * 400},
        {"long": "x" * 20_000},
    ],
)
def test_tokens_that_are_not(house: House, tenant: Tenant, more: dict[str, Any]) -> None:
    for got in (ask(house, tenant.token(START, **more)), enroll(house, tenant.token(START, **more))):
        assert got.fault[:2] == AUTHENTICATION
    assert not house.store.listing(Invitation).items


def _with(tenant: Tenant, header: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    return entra.token(header, tenant.claims(START), sign)


def _hmac(data: bytes) -> bytes:
    return hmac.digest(entra.public_pem(), data, "sha256")


KID = {"kid": f"key-{KEY}"}


@pytest.mark.parametrize(
    ("header", "sign"),
    [
        ({"alg": "none", **KID}, lambda data: b""),
        ({"alg": "None", **KID}, lambda data: b""),
        ({"alg": "HS256", **KID}, _hmac),
        ({"alg": "RS384", **KID}, entra.rs256()),
        ({"alg": "PS256", **KID}, entra.rs256()),
        ({"alg": "RS256"}, entra.rs256()),
        ({"alg": "RS256", "kid": 5}, entra.rs256()),
        ({"alg": "RS256", "kid": "unknown"}, entra.rs256()),
        ({"alg": "RS256", "kid": "unknown", "jwk": entra.jwk(OTHER_KEY)}, entra.rs256(OTHER_KEY)),
        ({"alg": "RS256", **KID}, entra.rs256(OTHER_KEY)),
        ({"alg": "RS256", **KID}, lambda data: b""),
        ({"alg": "RS256", "crit": ["x"], **KID}, entra.rs256()),
    ],
)
def test_how_a_token_has_to_be_signed(
    house: House, tenant: Tenant, header: dict[str, Any], sign: Callable[[bytes], bytes]
) -> None:
    assert ask(house, _with(tenant, {"alg": "RS256", **KID}, entra.rs256())).status == 200
    assert ask(house, _with(tenant, header, sign)).fault[:2] == AUTHENTICATION


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é", "." * 20_000, "e30.e30.", "bnVsbA.bnVsbA.bnVsbA"])
def test_what_is_no_token_at_all(house: House, tenant: Tenant, text: str) -> None:
    assert ask(house, text).fault[0] in ("s:Authentication", "a:InvalidSecurity")
    assert tenant.asked == []


def test_words_alone_refuse_without_a_fetch(house: House, tenant: Tenant) -> None:
    ask(house, tenant.token(START, tid=entra.OTHER))
    ask(house, tenant.token(START, exp=1))
    ask(house, tenant.token(START, aud="x"))
    assert tenant.asked == []


def test_unknown_keys_do_not_make_us_fetch_in_a_loop(house: House, tenant: Tenant, clock: Clock) -> None:
    for number in range(20):
        unknown = _with(tenant, {"alg": "RS256", "kid": str(number)}, entra.rs256())
        assert ask(house, unknown).fault[:2] == AUTHENTICATION
    assert len(tenant.asked) == 1
    tenant.keys = [entra.jwk(OTHER_KEY)]
    rotated = _with(tenant, {"alg": "RS256", "kid": f"key-{OTHER_KEY}"}, entra.rs256(OTHER_KEY))
    assert ask(house, rotated).status == 500
    clock.now += key_ring.COOLDOWN
    assert ask(house, rotated).status == 200
    assert len(tenant.asked) == 2


def test_withdrawn_keys_are_forgotten(house: House, tenant: Tenant, clock: Clock) -> None:
    assert ask(house, tenant.token(START)).status == 200
    tenant.keys = []
    clock.now += key_ring.LIVE
    assert ask(house, tenant.token(clock.now)).fault[:2] == AUTHENTICATION


GOOD = json.dumps({"keys": [entra.jwk(KEY)]}).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tenant: setattr(tenant, "status", 503),
        lambda tenant: setattr(
            tenant, "body", json.dumps({"keys": [entra.jwk(KEY)]}).encode().ljust(key_ring.LARGEST + 1)
        ),
        lambda tenant: setattr(tenant, "body", b"junk"),
        lambda tenant: setattr(tenant, "body", b"[]"),
        lambda tenant: setattr(tenant, "body", b"[" * 100_000),
        lambda tenant: (setattr(tenant, "status", 302), setattr(tenant, "location", tenant.url)),
    ],
)
def test_when_microsoft_does_not_answer(
    house: House, tenant: Tenant, clock: Clock, spoil: Callable[[Tenant], object]
) -> None:
    spoil(tenant)
    for _ in range(5):
        subcode, error_type, text = ask(house, tenant.token(START)).fault
        assert (subcode, error_type) == ("s:EnrollmentServer", "InMaintenance")
        assert "try again" in text
    assert len(tenant.asked) == 1
    tenant.status, tenant.body, tenant.location = 200, None, ""
    clock.now += key_ring.COOLDOWN
    assert ask(house, tenant.token(START)).status == 200


def test_keys_that_are_known_outlive_an_outage(house: House, tenant: Tenant, clock: Clock) -> None:
    assert ask(house, tenant.token(START)).status == 200
    tenant.status = 503
    clock.now += key_ring.LIVE - 1
    assert ask(house, tenant.token(clock.now)).status == 200
    clock.now += 1
    assert ask(house, tenant.token(clock.now)).fault[0] == "s:EnrollmentServer"


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "EC"},
        {"use": "enc"},
        {"kid": 1},
        {"n": "AQAB"},
        {"n": None},
        {"e": "é"},
        {"kty": "oct", "k": base64.b64encode(entra.public_pem()).decode()},
    ],
)
def test_other_keys_are_not_used(house: House, tenant: Tenant, key: dict[str, Any]) -> None:
    tenant.keys = [entra.jwk(KEY, **key), "no key"]  # type: ignore[list-item]
    assert ask(house, tenant.token(START)).fault[:2] == AUTHENTICATION


def test_a_weak_key_is_not_used(house: House, tenant: Tenant) -> None:
    weak = rsa.generate_private_key(65537, 1024)
    number = weak.public_key().public_numbers().n
    tenant.keys = [entra.jwk(KEY, kid="weak", n=entra.b64url(number.to_bytes(128, "big")))]
    sign = partial(weak.sign, padding=padding.PKCS1v15(), algorithm=hashes.SHA256())
    assert ask(house, _with(tenant, {"alg": "RS256", "kid": "weak"}, sign)).fault[:2] == AUTHENTICATION


def test_only_over_https_and_only_with_trust(clock: Clock, tenant: Tenant) -> None:
    for settings in (
        replace(SETTINGS, entra_url=tenant.url.replace("https", "http"), microsoft_trust=tenant.trust),
        replace(SETTINGS, entra_url=tenant.url),
    ):
        house = memory_house(clock, settings=settings)
        pc.setting(house, "windows.entra", tenants=[TENANT], audiences=[entra.AUDIENCE])
        assert ask(house, tenant.token(START)).fault[0] == "s:EnrollmentServer"
    assert tenant.asked == []


@pytest.mark.parametrize("value", [{}, {"tenants": [TENANT]}, {"audiences": [entra.AUDIENCE]}])
def test_closed_until_it_is_set_up(clock: Clock, tenant: Tenant, value: dict[str, Any]) -> None:
    house = memory_house(clock)
    pc.setting(house, "windows.entra", **value)
    subcode, error_type, text = ask(house, tenant.token(START)).fault
    assert (subcode, error_type) == ("s:Authorization", "NotSupported")
    assert "closed" in text


def test_the_token_is_neither_kept_nor_logged(house: House, tenant: Tenant, capfd: pytest.CaptureFixture[str]) -> None:
    token = tenant.token(START)
    assert enroll(house, token).status == 200
    ask(house, token[:-8] + "AAAAAAAA")
    seen = repr(house.store._tables._items) + capfd.readouterr().err  # type: ignore[attr-defined]
    assert "/windows/policy" in seen
    assert not any(part in seen for part in token.split("."))


def test_the_trail_names_the_person(house: House, tenant: Tenant) -> None:
    enroll(house, tenant.token(START))
    stored = [item for (_, _), item in house.store._tables._items.items() if "event" in item]  # type: ignore[attr-defined]
    events = [json.loads(str(item["event"])) for item in stored]
    minted = [event for event in events if event["action"] == "invitation.created"]
    assert [event["actor"] for event in minted] == [f"entra:{entra.OBJECT}"]


def test_the_eleventh_pc_of_a_day_waits(house: House, tenant: Tenant) -> None:
    for number in range(10):
        invitations.for_person(house, f"entra:{entra.OBJECT}", f"{number}", ownership=Ownership.CORPORATE)
    subcode, error_type, text = enroll(house, tenant.token(START)).fault
    assert (subcode, error_type) == ("s:Authorization", "Authorization")
    assert "Try again after" in text
    assert house.store.listing(Invitation).items[-1].uses == 0


def test_a_repeat_mints_nothing(house: House) -> None:
    made = [
        invitations.for_person(house, "entra:x", "ada", ownership=Ownership.CORPORATE, code="0" * 26) for _ in range(2)
    ]
    assert made[0] == made[1]
    before = house.store.meter.total("dynamodb.query").calls  # a write would look for the end of the audit chain
    invitations.for_person(house, "entra:x", "ada", ownership=Ownership.CORPORATE, code="0" * 26)
    assert house.store.meter.total("dynamodb.query").calls == before
    assert len(house.store.listing(Invitation).items) == 1
