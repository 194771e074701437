"""The server at Apple: its key, the link, which key signs; and what must not become a link."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.core import escrow
from chalicelib.core.errors import Forbidden, Unprocessable
from chalicelib.core.house import House
from chalicelib.model.audit import AuditEntry, AuditEvent
from chalicelib.model.people import Principal, Role
from chalicelib.platforms.apple import ade
from chalicelib.platforms.apple.ade import Link
from chalicelib.storage.memory.house import memory_house
from tests.unit.apple_actions.test_push_certificate import KEY, signed

ADMIN, HELPDESK = Principal("admin", Role.ADMIN, person=True), Principal("helpdesk", Role.HELPDESK, person=True)
MACHINE = Principal("token", Role.ADMIN, person=False)
TIME = 1_790_000_000
SERVER = "677CAB70-fe18-11e2-b778-0800200C9a66"


@pytest.fixture
def house() -> House:
    return memory_house(lambda: TIME)


def public(key: x509.Certificate | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_in_use(house: House) -> bytes:
    held = escrow.current(house, "organization", "ade_key")
    assert held is not None
    key = serialization.load_pem_private_key(held.reveal(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return public(key)


def key_of(pem: str) -> bytes:
    return public(x509.load_pem_x509_certificate(pem.encode()))


def events(house: House) -> list[AuditEvent]:
    found = [entry for shard in range(16) for entry in house.store.collect(AuditEntry, f"{shard:02d}").items]
    return [entry.event for entry in found]


def test_a_certificate_for_apple_and_a_key_that_stays(house: House) -> None:
    made = ade.create_key(house, ADMIN)
    certificate = x509.load_pem_x509_certificate(made.certificate.encode())
    certificate.verify_directly_issued_by(certificate)
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048
    assert "PRIVATE" not in made.certificate
    assert certificate.not_valid_before_utc.timestamp() == TIME
    assert escrow.current(house, "organization", "ade_key") is None  # not in use before it is linked
    assert ade.current(house) is None


def test_a_link_keeps_what_apple_wrote(house: House) -> None:
    made = ade.create_key(house, ADMIN)
    assert ade.link(house, ADMIN, SERVER) == ade.current(house) == Link(SERVER, made.key, TIME)
    assert key_in_use(house) == key_of(made.certificate)
    trail = {(event.actor, event.action): event.details for event in events(house)}
    assert trail[("user:admin", "ade.linked")] == {"server_uuid": SERVER, "key": made.key}
    assert ("user:admin", "ade-key.created") in trail
    assert "PRIVATE" not in repr(trail)


def test_the_newest_key_signs_unless_a_certificate_is_named(house: House) -> None:
    first, second = ade.create_key(house, ADMIN), ade.create_key(house, ADMIN)
    for certificate, expected in ((None, second), (first.certificate, first), (None, second), (None, second)):
        linked = ade.link(house, ADMIN, SERVER, certificate)
        assert linked.key == expected.key
        assert key_in_use(house) == key_of(expected.certificate)


def test_a_new_key_is_not_in_use_before_it_is_linked(house: House) -> None:
    first = ade.create_key(house, ADMIN)
    ade.link(house, ADMIN, SERVER)
    ade.create_key(house, ADMIN)
    assert key_in_use(house) == key_of(first.certificate)


def test_without_hyphens_it_is_a_uuid_too(house: House) -> None:
    ade.create_key(house, ADMIN)
    assert ade.link(house, ADMIN, SERVER.replace("-", "")).server_uuid == SERVER.replace("-", "")


@pytest.mark.parametrize(
    ("server_uuid", "certificate", "why"),
    [
        ("", None, "UUID"),
        (f" {SERVER}", None, "UUID"),
        (f"{SERVER}\n", None, "UUID"),
        (SERVER.replace("-", "", 1), None, "UUID"),
        (SERVER.replace("6", "g"), None, "UUID"),
        (SERVER, None, "no key yet"),
        (SERVER, "", "no certificate"),
        (SERVER, "nonsense", "no certificate"),
        (SERVER, signed(KEY.public_key()), "not made by this Muster"),
    ],
)
def test_what_is_no_link(house: House, server_uuid: str, certificate: str | None, why: str) -> None:
    with pytest.raises(Unprocessable, match=why):
        ade.link(house, ADMIN, server_uuid, certificate)
    assert ade.current(house) is None
    assert events(house) == []


@pytest.mark.parametrize("who", [HELPDESK, MACHINE], ids=["helpdesk", "machine"])
def test_only_an_administrator_in_person_may(house: House, who: Principal) -> None:
    with pytest.raises(Forbidden):
        ade.create_key(house, who)
    with pytest.raises(Forbidden):
        ade.link(house, who, SERVER)
    assert events(house) == []
