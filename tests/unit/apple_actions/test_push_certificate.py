"""The push certificate's way: request, vendor's signature, upload, renewal; and what must not become one."""

import base64
import plistlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from chalicelib.core import escrow
from chalicelib.core.errors import Forbidden, Unprocessable
from chalicelib.core.house import House
from chalicelib.model.audit import AuditEntry
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple import push_certificate
from chalicelib.platforms.apple.push_certificate import Vendor
from chalicelib.storage.memory.house import memory_house

ADMIN, HELPDESK = Principal("admin", Role.ADMIN, person=True), Principal("helpdesk", Role.HELPDESK, person=True)
NOW = datetime(2024, 11, 1, 12, tzinfo=UTC)
TOPIC = "com.apple.mgmt.External.0c8d7c5e"
APPLE_KEY = rsa.generate_private_key(65537, 2048)
KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def house() -> House:
    return memory_house(lambda: int(NOW.timestamp()))


def signed(public: rsa.RSAPublicKey, topic: str | None = TOPIC, start: int = -1, end: int = 365) -> str:
    """What Apple makes of a request."""
    names = [x509.NameAttribute(NameOID.COMMON_NAME, "APSP:0c8d7c5e")]
    names += [x509.NameAttribute(NameOID.USER_ID, topic)] if topic else []
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Push")])
    builder = x509.CertificateBuilder(issuer, x509.Name(names), public, x509.random_serial_number())
    builder = builder.not_valid_before(NOW + timedelta(days=start)).not_valid_after(NOW + timedelta(days=end))
    return builder.sign(APPLE_KEY, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def answered(house: House) -> str:
    request = x509.load_pem_x509_csr(push_certificate.create_request(house, ADMIN).body)
    assert request.is_signature_valid
    public = request.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048
    return signed(public)


def key_in_use(house: House) -> bytes:
    held = escrow.current(house, "organization", "push_key")
    assert held is not None
    key = serialization.load_pem_private_key(held.reveal(), None)
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_of(certificate: str) -> bytes:
    public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def events(house: House) -> list[tuple[str, str]]:
    found = [entry for shard in range(16) for entry in house.store.collect(AuditEntry, f"{shard:02d}").items]
    return [(entry.event.actor, entry.event.action) for entry in found]


def test_a_request_and_its_certificate(house: House) -> None:
    assert push_certificate.current(house) is None
    assert push_certificate.topic(house) == ""
    certificate = answered(house)
    assert escrow.current(house, "organization", "push_key") is None
    held = push_certificate.upload(house, ADMIN, certificate)
    assert push_certificate.current(house) == held
    assert push_certificate.topic(house) == TOPIC
    assert held.not_after == int((NOW + timedelta(days=365)).timestamp())
    assert int(held.serial, 16) == x509.load_pem_x509_certificate(certificate.encode()).serial_number
    assert key_in_use(house) == key_of(certificate)
    assert events(house) == [
        ("user:admin", "push-certificate.requested"),
        ("user:admin", "push-certificate.uploaded"),
    ]


def test_certificate_and_key_in_one_file(house: House) -> None:
    for bundle in (signed(KEY.public_key()) + pem(KEY), pem(KEY) + signed(KEY.public_key())):
        push_certificate.upload(house, ADMIN, bundle)
        assert key_in_use(house) == key_of(signed(KEY.public_key()))


def test_a_renewal_brings_its_own_key(house: House) -> None:
    first = answered(house)
    push_certificate.upload(house, ADMIN, first)
    second = answered(house)
    assert key_in_use(house) == key_of(first)  # pushes go on until the new certificate is there
    push_certificate.upload(house, ADMIN, second)
    assert key_in_use(house) == key_of(second)


def test_the_certificate_of_an_older_request_brings_its_key_back(house: House) -> None:
    first, second = answered(house), answered(house)
    for certificate in (second, first, second, second):
        push_certificate.upload(house, ADMIN, certificate)
        assert key_in_use(house) == key_of(certificate)


def test_another_topic_is_refused_and_nothing_changes(house: House) -> None:
    held = push_certificate.upload(house, ADMIN, signed(KEY.public_key()) + pem(KEY))
    other = rsa.generate_private_key(65537, 2048)
    with pytest.raises(Unprocessable, match="every device would have to enroll again"):
        push_certificate.upload(house, ADMIN, signed(other.public_key(), TOPIC + "2") + pem(other))
    assert push_certificate.current(house) == held
    assert key_in_use(house) == key_of(held.certificate)
    assert len(escrow.versions(house, "organization", "push_key")) == 1


OTHER = rsa.generate_private_key(65537, 2048)
WRONG: list[tuple[Callable[[], str], str]] = [
    (lambda: "", "no certificate"),
    (lambda: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", "no certificate"),
    (lambda: pem(KEY), "no certificate"),
    (lambda: signed(KEY.public_key()), "not made for a request"),
    (lambda: signed(KEY.public_key()) + pem(OTHER), "does not belong"),
    (lambda: signed(KEY.public_key()) + pem(ec.generate_private_key(ec.SECP256R1())), "RSA"),
    (lambda: signed(KEY.public_key()) + "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", "cannot be read"),
    (lambda: signed(KEY.public_key(), "com.example.app") + pem(KEY), "com.apple.mgmt"),
    (lambda: signed(KEY.public_key(), None) + pem(KEY), "com.apple.mgmt"),
    (lambda: signed(KEY.public_key(), start=-365, end=-1) + pem(KEY), "expired on 2024-10-31"),
    (lambda: signed(KEY.public_key(), start=1, end=2) + pem(KEY), "not valid before 2024-11-02"),
]


@pytest.mark.parametrize(("bundle", "why"), WRONG)
def test_what_is_not_our_push_certificate(house: House, bundle: Callable[[], str], why: str) -> None:
    with pytest.raises(Unprocessable, match=why):
        push_certificate.upload(house, ADMIN, bundle())
    assert push_certificate.current(house) is None
    assert events(house) == []


def test_a_key_with_a_passphrase_is_refused(house: House) -> None:
    locked = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")).decode()
    with pytest.raises(Unprocessable, match="without a passphrase"):
        push_certificate.upload(house, ADMIN, signed(KEY.public_key()) + locked)


def test_only_an_administrator_may(house: House) -> None:
    with pytest.raises(Forbidden):
        push_certificate.create_request(house, HELPDESK)
    with pytest.raises(Forbidden):
        push_certificate.upload(house, HELPDESK, signed(KEY.public_key()) + pem(KEY))
    assert events(house) == []


def test_a_request_signed_by_the_operators_vendor_certificate(house: House) -> None:
    chain = signed(KEY.public_key()) + signed(APPLE_KEY.public_key())
    request = push_certificate.create_request(house, ADMIN, Vendor.read(chain, Secret(pem(KEY))))
    document = plistlib.loads(base64.b64decode(request.body, validate=True))
    assert set(document) == {"PushCertRequestCSR", "PushCertCertificateChain", "PushCertSignature"}
    der = base64.b64decode(document["PushCertRequestCSR"], validate=True)
    csr = x509.load_der_x509_csr(der)
    assert csr.is_signature_valid
    KEY.public_key().verify(base64.b64decode(document["PushCertSignature"]), der, padding.PKCS1v15(), hashes.SHA256())
    sent = [each.public_bytes(Encoding.PEM) for each in x509.load_pem_x509_certificates(chain.encode())]
    assert document["PushCertCertificateChain"].encode() == b"".join(sent)
    public = csr.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    push_certificate.upload(house, ADMIN, signed(public))


def test_a_vendors_key_has_to_be_the_one_of_its_certificate() -> None:
    for key in (pem(OTHER), ""):
        with pytest.raises(Unprocessable, match="vendor's private key"):
            Vendor.read(signed(KEY.public_key()), Secret(key))
    assert "PRIVATE" not in repr(Vendor.read(signed(KEY.public_key()), Secret(pem(KEY))))


def test_the_private_key_is_nowhere_in_the_clear(house: House) -> None:
    push_certificate.upload(house, ADMIN, signed(KEY.public_key()) + pem(KEY))
    (held,) = escrow.versions(house, "organization", "push_key")
    der = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert b"PRIVATE KEY" not in held.sealed
    assert der not in held.sealed
    assert pem(KEY).splitlines()[1] not in str(push_certificate.current(house))
