"""Connecting to Google: which key files are taken, what is kept where, and what the trail says."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from google.oauth2 import service_account as theirs

from chalicelib.core import escrow, google_settings, google_setup
from chalicelib.core.errors import Conflict, Forbidden, Unprocessable
from chalicelib.core.google_settings import ACCOUNT_KEY, GOOGLE, Connection
from chalicelib.core.house import House
from chalicelib.model.people import Principal, Role
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret
from chalicelib.platforms.google import service_account
from chalicelib.storage.memory.house import memory_house
from tests.unit.google import stand_in
from tests.unit.google.stand_in import ADMIN, PUSHER, TOPIC, key, key_file, pem

NOW = 1_790_000_000


@pytest.fixture
def house() -> House:
    return memory_house(lambda: NOW)


def connect(house: House, told: Any = None, principal: Principal = ADMIN, **ways: Any) -> google_setup.Shown:
    content = told if isinstance(told, bytes) else json.dumps(key_file() if told is None else told).encode()
    ways = {"topic": TOPIC, "push_email": PUSHER} | ways
    return google_setup.connect(house, principal, Secret(content), **ways)


def trail(house: House) -> list[dict[str, Any]]:
    stored = [item for item in house.store._tables._items.values() if "event" in item]  # type: ignore[attr-defined]
    return [json.loads(str(item["event"])) for item in stored]


def writes(house: House) -> float:
    return float(house.store.meter.total("dynamodb").write_units)  # type: ignore[attr-defined]


def test_what_is_kept_and_shown(house: House) -> None:
    shown = connect(house, admin="director@example.com")
    expected = Connection(
        project=stand_in.PROJECT,
        client_email=stand_in.ACCOUNT,
        client_id="101234567890123456789",
        key_id="0" * 40,
        topic=TOPIC,
        push_email=PUSHER,
        customer="my_customer",
        admin="director@example.com",
        version=1,
    )
    assert (shown.connection, shown.key_since, shown.enterprise) == (expected, NOW, "")
    assert google_settings.connection(house) == expected
    assert google_settings.audience(house) == "https://devices.example.test/google/push"
    held = escrow.current(house, escrow.ORGANIZATION, ACCOUNT_KEY)
    assert held is not None
    assert load_pem_private_key(held.reveal(), None).private_numbers() == key().private_numbers()  # type: ignore[union-attr]


def test_googles_library_takes_the_same_file(house: House) -> None:
    """The samples of these tests are what Google hands out, as far as its own library looks."""
    credentials = theirs.Credentials.from_service_account_info(key_file())
    held = connect(house).connection
    assert held is not None
    assert (credentials.service_account_email, credentials.project_id) == (held.client_email, held.project)


def test_our_assertion_says_what_googles_library_says(house: House) -> None:
    account = connect(house, admin="director@example.com").connection
    assert account is not None
    scopes = ("https://www.googleapis.com/auth/a", "https://www.googleapis.com/auth/b")
    info = key_file()
    wanted = theirs.Credentials.from_service_account_info(info, scopes=scopes, subject="director@example.com")
    mine = service_account.assertion(house, account, scopes, "director@example.com").reveal()
    head, words = _parts(mine)
    their_head, their_words = _parts(wanted._make_authorization_grant_assertion().decode())
    assert head == their_head
    assert {**words, "iat": 0, "exp": 0} == {**their_words, "iat": 0, "exp": 0}
    assert words["exp"] - words["iat"] == their_words["exp"] - their_words["iat"] == 3600
    assert words["iat"] == NOW


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    from google.auth import jwt

    head, words, *_ = jwt._unverified_decode(token)
    return dict(head), dict(words)


def test_the_key_is_nowhere_but_in_the_vault(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    shown = connect(house)
    connect(house, key_file(1))
    google_setup.disconnect(house, ADMIN)
    everything = repr(house.store._tables._items) + repr(shown) + "".join(capfd.readouterr())  # type: ignore[attr-defined]
    for number in (0, 1):
        lines = pem(key(number)).splitlines()[1:-1]
        assert not any(line in everything for line in lines)
    assert "PRIVATE KEY" not in everything


def test_the_trail(house: House) -> None:
    connect(house)
    connect(house, key_file(1), topic=TOPIC + "2")
    google_setup.connect(house, ADMIN, topic=TOPIC, push_email=PUSHER)
    google_setup.disconnect(house, ADMIN)
    events = trail(house)
    assert {(event["actor"], event["action"], event["target"]) for event in events} == {
        ("user:ada", "settings.changed", "setting:google")
    }
    details = [event["details"] for event in events]
    assert [each["key"] for each in details] == ["replaced", "replaced", "kept", "removed"]
    assert details[0]["before"] == details[-1]["after"] == {}
    assert details[1]["before"]["topic"] == details[2]["after"]["topic"] == TOPIC


def test_only_changes_are_written(house: House) -> None:
    connect(house)
    before = writes(house)
    connect(house)
    connect(house, key_file(private_key=pem(key()) + "\n\n"))
    google_setup.connect(house, ADMIN, topic=TOPIC, push_email=PUSHER)
    assert writes(house) == before
    assert len(escrow.versions(house, escrow.ORGANIZATION, ACCOUNT_KEY)) == 1
    google_setup.connect(house, ADMIN, topic=TOPIC, push_email=PUSHER, admin="a@example.com")
    assert len(escrow.versions(house, escrow.ORGANIZATION, ACCOUNT_KEY)) == 1
    assert len(trail(house)) == 2


def test_a_new_key_alone_raises_the_version(house: House) -> None:
    first = connect(house).connection
    second = connect(house, key_file(1, private_key_id="0" * 40)).connection
    assert first is not None
    assert second is not None
    assert (first.version, second.version) == (1, 2)
    assert first.key_id == second.key_id


def test_disconnecting_forgets_the_key(house: House) -> None:
    connect(house)
    google_setup.bind(house, ADMIN, "enterprises/LC01")
    google_setup.disconnect(house, ADMIN)
    assert google_settings.connection(house) is None
    assert escrow.current(house, escrow.ORGANIZATION, ACCOUNT_KEY) is None
    shown = google_setup.connection(house, ADMIN)
    assert (shown.connection, shown.key_since, shown.enterprise) == (None, 0, "enterprises/LC01")
    before = writes(house)
    google_setup.disconnect(house, ADMIN)
    assert writes(house) == before
    with pytest.raises(Unprocessable, match="key file"):
        google_setup.connect(house, ADMIN, topic=TOPIC, push_email=PUSHER)
    connect(house)
    assert escrow.current(house, escrow.ORGANIZATION, ACCOUNT_KEY) is not None


def _encrypted() -> str:
    return key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"junk",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps(key_file()).encode().ljust(20_000),
        key_file(type="authorized_user"),
        key_file(type=None),
        key_file(token_uri="https://evil.example/token"),
        key_file(token_uri="https://oauth2.googleapis.com.evil.example/token"),
        key_file(token_uri="http://oauth2.googleapis.com/token"),
        key_file(token_uri="https://oauth2.googleapis.com/token?x"),
        key_file(token_uri=None),
        key_file(universe_domain="evil.example"),
        key_file(client_email="muster@example.com"),
        key_file(client_email="muster@gserviceaccount.com.evil.example"),
        key_file(client_email="a b@x.iam.gserviceaccount.com"),
        key_file(client_email=f"{stand_in.ACCOUNT}\n"),
        key_file(client_email=None),
        key_file(client_email=5),
        key_file(client_email=["x"]),
        key_file(client_id="abc"),
        key_file(client_id=None),
        key_file(project_id="../x"),
        key_file(project_id=""),
        key_file(private_key_id=""),
        key_file(private_key_id="a\r\nb"),
        key_file(private_key=None),
        key_file(private_key="é"),
        key_file(private_key="-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        key_file(private_key=stand_in.public_pem().decode()),
        key_file(private_key=_encrypted()),
        key_file(private_key=pem(rsa.generate_private_key(65537, 1024))),
        key_file(private_key=pem(ec.generate_private_key(ec.SECP256R1()))),
    ],
)
def test_files_that_are_not_taken(house: House, told: Any) -> None:
    before = writes(house)
    with pytest.raises(Unprocessable) as caught:
        connect(house, told)
    assert "PRIVATE KEY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert (writes(house), google_settings.connection(house)) == (before, None)


@pytest.mark.parametrize(
    "told",
    [
        key_file(token_uri="https://accounts.google.com/o/oauth2/token"),
        key_file(universe_domain=None),
        key_file(project_id="example.com:fleet-1", client_email="a@fleet-1.example.com.iam.gserviceaccount.com"),
        key_file(client_email="123456-compute@developer.gserviceaccount.com"),
    ],
)
def test_other_files_that_google_hands_out(house: House, told: Any) -> None:
    assert connect(house, told).connection is not None


@pytest.mark.parametrize(
    "ways",
    [
        {"topic": ""},
        {"topic": "muster"},
        {"topic": "projects/p-123/topics/m\n"},
        {"topic": "projects/p-123/subscriptions/muster"},
        {"topic": "projects/p-123/topics/a/b"},
        {"push_email": ""},
        {"push_email": "director@example.com"},
        {"push_email": PUSHER.upper()},
        {"customer": ""},
        {"customer": "my_customer/../x"},
        {"customer": "D0123456"},
        {"admin": "director"},
        {"admin": "a@b@example.com"},
        {"admin": "a b@example.com"},
        {"admin": "director@example.com\n"},
    ],
)
def test_ways_that_are_not_taken(house: House, ways: dict[str, str]) -> None:
    with pytest.raises(Unprocessable):
        connect(house, **ways)
    assert house.store.find(Setting, GOOGLE) is None


def test_a_customer_may_be_named(house: House) -> None:
    held = connect(house, customer="C03az79cb").connection
    assert held is not None
    assert held.customer == "C03az79cb"


def test_the_enterprise_is_bound_once(house: House) -> None:
    assert google_settings.enterprise(house) == ""
    assert google_setup.bind(house, ADMIN, "enterprises/LC01abcd") == "enterprises/LC01abcd"
    before = writes(house)
    google_setup.bind(house, ADMIN, "enterprises/LC01abcd")
    assert writes(house) == before
    with pytest.raises(Conflict, match="LC01abcd"):
        google_setup.bind(house, ADMIN, "enterprises/LC02")
    for wrong in ("", "LC02", "enterprises/", "enterprises/a/b", "enterprises/..", "enterprises/a\n"):
        with pytest.raises(Unprocessable):
            google_setup.bind(house, ADMIN, wrong)
    google_setup.release(house, ADMIN)
    google_setup.bind(house, ADMIN, "enterprises/LC02")
    assert google_settings.enterprise(house) == "enterprises/LC02"
    assert [event["target"] for event in trail(house)] == ["setting:android.enterprise"] * 3


@pytest.mark.parametrize(
    "principal",
    [
        Principal("hugo", Role.HELPDESK, person=True),
        Principal("aude", Role.AUDITOR, person=True),
        Principal("token", Role.ADMIN, person=False),
    ],
)
def test_who_may_not(house: House, principal: Principal) -> None:
    for attempt in (
        lambda: connect(house, principal=principal),
        lambda: google_setup.disconnect(house, principal),
        lambda: google_setup.bind(house, principal, "enterprises/LC01"),
        lambda: google_setup.release(house, principal),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert google_setup.connection(house, principal).connection is None
    assert trail(house) == []
