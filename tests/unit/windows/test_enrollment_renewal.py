"""Renewal without a person: what is renewed, and all that is not."""

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography import x509

from chalicelib.core import enrollment
from chalicelib.core.house import House
from chalicelib.model.enrollment import Enrollment
from chalicelib.pki import cms, der
from chalicelib.pki.errors import BadMessage
from chalicelib.storage.memory.house import SETTINGS, memory_house
from tests.unit.windows import enrolling as pc
from tests.unit.windows.enrolling import ENROLLMENT, NS, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(clock: Clock) -> House:
    return memory_house(clock)


@pytest.fixture
def certificate(house: House) -> bytes:
    made = pc.enrolled(house).certificate("My/User")
    pc.alive(house, made)
    return made


def _wanted(name: str = f"GUID!{pc.DEVICE_ID}") -> bytes:
    return pc.csr(pc.key(1), name)


NO_ATTRIBUTES = pc.pkcs7.PKCS7Options.NoAttributes


@pytest.mark.parametrize("options", [(), (NO_ATTRIBUTES,)])
@pytest.mark.parametrize("form", [f"{NS['o']}#PKCS7", f"{pc.PKI}/enrollment#PKCS7"])
def test_a_renewal(house: House, clock: Clock, certificate: bytes, options: tuple, form: str) -> None:  # type: ignore[type-arg]
    clock.now += 700 * 86_400
    body = pc.renewal(pc.signed(_wanted(), certificate, pc.key(), *options), {"DeviceID": pc.DEVICE_ID.lower()}, form)
    document = pc.post(house, ENROLLMENT, body).document
    new = document.certificate("My/User")
    assert pc.common_name(new) == pc.common_name(certificate)
    assert x509.load_der_x509_certificate(new).public_key() == pc.key(1).public_key()
    names = {name for name in document.parms if not name.startswith("/CertificateStore/My/User/")}
    assert names == {"/APPLICATION/PROVIDER-ID"}
    for each in (certificate, new):
        fingerprint = x509.load_der_x509_certificate(each).fingerprint(pc.hashes.SHA256()).hex()
        enrollment.recognise(house, pc.common_name(new), fingerprint, platform="windows")


def test_what_a_renewal_costs(house: House, certificate: bytes) -> None:
    """Reads of the enrollment (twice), the newest certificate and the head of the audit chain, and one transaction."""
    body, meter = pc.renewal(pc.signed(_wanted(), certificate, pc.key())), house.store.meter
    before = meter.total("dynamodb").calls, meter.total("kms").calls
    assert pc.post(house, ENROLLMENT, body).status == 200
    assert (meter.total("dynamodb").calls - before[0], meter.total("kms").calls - before[1]) == (5, 1)


def test_a_renewal_by_hand_is_base64_within(house: House, certificate: bytes) -> None:
    content = pc.signed(base64.encodebytes(_wanted()), certificate, pc.key())
    assert pc.post(house, ENROLLMENT, pc.renewal(base64.encodebytes(content))).document.certificate("My/User")


def test_a_renewal_goes_into_the_same_store(house: House) -> None:
    made = pc.enrolled(house, EnrollmentType="Device").certificate("My/System")
    pc.alive(house, made)
    document = pc.post(house, ENROLLMENT, pc.renewal(pc.signed(_wanted("x"), made, pc.key()))).document
    assert document.certificate("My/System")


def _refused(house: House, content: bytes, items: dict[str, str] | None = None) -> str:
    subcode, error_type, text = pc.post(house, ENROLLMENT, pc.renewal(content, items)).fault
    assert (subcode, error_type) == ("s:CertificateRequest", "NotEligibleToRenew")
    return text


def test_an_expired_certificate_is_not_renewed(house: House, clock: Clock, certificate: bytes) -> None:
    clock.now += 730 * 86_400 + 1
    assert "expired" in _refused(house, pc.signed(_wanted(), certificate, pc.key()))


def test_another_ca_is_not_believed(house: House, clock: Clock, certificate: bytes) -> None:
    parsed = x509.load_der_x509_certificate(certificate)
    foreign = x509.CertificateBuilder(parsed.issuer, parsed.subject, pc.key(2).public_key(), 77,
                                      parsed.not_valid_before_utc, parsed.not_valid_after_utc)  # fmt: skip
    for extension in parsed.extensions:
        foreign = foreign.add_extension(extension.value, extension.critical)
    made = foreign.sign(pc.key(3), pc.hashes.SHA256()).public_bytes(pc.Encoding.DER)
    assert "not issued by this CA" in _refused(house, pc.signed(_wanted(), made, pc.key(2)))


def test_the_key_of_the_certificate_has_to_sign(house: House, certificate: bytes) -> None:
    good = pc.signed(_wanted(), certificate, pc.key())
    broken = good[:-1] + bytes((good[-1] ^ 1,))
    assert "signature" in _refused(house, broken)


@pytest.mark.parametrize(
    ("name", "items"),
    [
        (f"GUID!{'A' * 32}", {}),
        (f"GUID!{pc.DEVICE_ID}", {"DeviceID": "A" * 32}),
    ],
)
def test_another_device_is_refused(house: House, certificate: bytes, name: str, items: dict[str, str]) -> None:
    assert "another device" in _refused(house, pc.signed(_wanted(name), certificate, pc.key()), items)


def test_before_the_first_session_there_is_nothing_to_renew(house: House) -> None:
    made = pc.enrolled(house).certificate("My/User")
    assert "live enrollment" in _refused(house, pc.signed(_wanted(), made, pc.key()))


def test_one_renewal_a_day(house: House, clock: Clock, certificate: bytes) -> None:
    new = pc.post(house, ENROLLMENT, pc.renewal(pc.signed(_wanted(), certificate, pc.key()))).document
    assert "last day" in _refused(house, pc.signed(_wanted(), certificate, pc.key()))
    clock.now += 86_400
    again = pc.signed(pc.csr(pc.key(2)), new.certificate("My/User"), pc.key(1))
    assert pc.post(house, ENROLLMENT, pc.renewal(again)).status == 200
    assert "current certificate" in _refused(house, pc.signed(_wanted(), certificate, pc.key()))


def test_an_apple_certificate_is_not_renewed_as_windows(house: House, certificate: bytes) -> None:
    held = house.store.get(Enrollment, pc.common_name(certificate))
    house.store.replace(replace(held, platform="apple"))
    assert "another device" in _refused(house, pc.signed(_wanted(), certificate, pc.key()))


@pytest.mark.parametrize(
    "content",
    [lambda c: b"junk", lambda c: b"", lambda c: pc.signed(b"junk!", c, pc.key()), lambda c: _wanted(),
     lambda c: pc.signed(pc.forged(), c, pc.key())],
)  # fmt: skip
def test_a_malformed_renewal(house: House, certificate: bytes, content: Callable[[bytes], bytes]) -> None:
    got = pc.post(house, ENROLLMENT, pc.renewal(content(certificate)))
    assert got.fault[:2] == ("s:CertificateRequest", "CertificateRequest")


def test_a_refused_renewal_costs_nothing(house: House, clock: Clock, certificate: bytes) -> None:
    clock.now += 731 * 86_400
    before = house.store.meter.total().calls
    _refused(house, pc.signed(_wanted(), certificate, pc.key()))
    assert house.store.meter.total().calls == before


def test_nothing_renews_before_anything_was_issued(clock: Clock, certificate: bytes) -> None:
    fresh = memory_house(clock, settings=replace(SETTINGS, stage="fresh"))
    assert "No certificate has been issued" in _refused(fresh, pc.signed(_wanted(), certificate, pc.key()))


def test_a_bare_signature_only_where_it_is_asked_for(certificate: bytes) -> None:
    """And never over what could be the attributes of another message."""
    bare = pc.signed(_wanted(), certificate, pc.key(), NO_ATTRIBUTES)
    assert cms.verify_attached(bare, bare=True).content == _wanted()
    with pytest.raises(BadMessage):
        cms.verify_attached(bare)
    attributes = der.set_of([der.sequence(der.tlv(der.OID, b"\x2a"))])
    with pytest.raises(BadMessage):
        cms.verify_attached(pc.signed(attributes, certificate, pc.key(), NO_ATTRIBUTES), bare=True)
