"""Tokens for Managed Apple Accounts as simulated devices ask for them, against Apple's schema and the certificate."""

import plistlib
from collections.abc import Callable

import jwt
import pytest
from cryptography import x509

from chalicelib.core.house import House
from chalicelib.platforms.apple import ade
from chalicelib.platforms.registry import PLATFORMS
from chalicelib.storage.memory.house import memory_house
from tests.devices.apple import AppleDevice
from tests.devices.apple.complaints import Complaint, ServerRefused
from tests.wire import apple_schema as schema
from tests.wire.apple_inprocess import ADMIN, InProcess, allow_enrollment, invite

SERVER, MAID, TIME = "677CAB70-fe18-11e2-b778-0800200C9a66", "com.apple.maid", 1_790_000_000
CAPABILITY, USERS = "com.apple.mdm.token", "com.apple.mdm.per-user-connections"
Enroll = Callable[[str], AppleDevice]


@pytest.fixture
def house() -> House:
    house = memory_house(lambda: TIME, PLATFORMS)
    allow_enrollment(house)
    return house


@pytest.fixture
def enroll(house: House) -> Enroll:
    def enrolled(kind: str) -> AppleDevice:
        device = AppleDevice(kind, transport=InProcess(house))
        device.enroll(invite(house))
        return device

    return enrolled


@pytest.fixture
def certificate(house: House) -> x509.Certificate:
    made = ade.create_key(house, ADMIN)
    ade.link(house, ADMIN, SERVER)
    return x509.load_pem_x509_certificate(made.certificate.encode())


@pytest.mark.parametrize("kind", ["iphone", "mac", "shared-ipad"])
def test_a_device_gets_a_token_that_the_certificate_verifies(
    certificate: x509.Certificate, enroll: Enroll, kind: str
) -> None:
    device = enroll(kind)
    first, second = device.get_token(MAID).decode("ascii"), device.get_token(MAID).decode("ascii")
    assert jwt.get_unverified_header(first) == {"alg": "RS256", "typ": "JWT"}
    said, again = (_verified(token, certificate) for token in (first, second))
    assert said.pop("jti") != again.pop("jti")
    assert said == again == {"iss": SERVER, "iat": TIME, "service_type": MAID}


def _verified(token: str, certificate: x509.Certificate) -> dict[str, object]:
    options: jwt.types.Options = {"require": ["iss", "iat", "jti"], "verify_iat": False}
    claims: dict[str, object] = jwt.decode(token, certificate.public_key(), algorithms=["RS256"], options=options)
    return claims


@schema.needs_schema
def test_question_and_answer_are_in_the_schema(certificate: x509.Certificate, enroll: Enroll) -> None:
    device = enroll("iphone")
    device.get_token(MAID)
    exchange = device.transport.exchanges[-1]  # type: ignore[attr-defined]
    target = schema.Target("iOS", device.state.os_version, user_enrollment=False)
    assert schema.checkin(exchange.body, target) == "GetToken"
    schema.checkin_answer("GetToken", exchange.reply.body, target)
    with pytest.raises(schema.SchemaError, match="<data> is expected"):
        schema.checkin_answer("GetToken", plistlib.dumps({"TokenData": "text"}), target)


@schema.needs_schema
@pytest.mark.parametrize(("kind", "system", "users"), [("iphone", "iOS", False), ("mac", "macOS", True)])
def test_the_profile_of_a_linked_organisation_is_in_the_schema(
    house: House, certificate: x509.Certificate, kind: str, system: str, users: bool
) -> None:
    device = AppleDevice(kind, transport=InProcess(house))
    profile = device.download_profile(f"{device.open_page(invite(house)).profile_url}?unsigned=1")
    schema.profile(profile, schema.Target(system, device.state.os_version))
    (management,) = [p for p in plistlib.loads(profile)["PayloadContent"] if p["PayloadType"] == "com.apple.mdm"]
    assert CAPABILITY in management["ServerCapabilities"]
    assert (USERS in management["ServerCapabilities"]) is users


@pytest.mark.parametrize("kind", ["iphone", "mac"])
def test_without_a_link_nobody_is_told_to_ask(enroll: Enroll, kind: str) -> None:
    device = enroll(kind)
    assert CAPABILITY not in device.state.mdm.get("ServerCapabilities", [])
    with pytest.raises(Complaint, match="does not offer"):
        device.get_token(MAID)


def test_a_token_for_another_service_is_refused(certificate: x509.Certificate, enroll: Enroll) -> None:
    with pytest.raises(ServerRefused, match="400"):
        enroll("iphone").get_token("com.apple.watch.pairing", {"PhoneUDID": "p", "WatchUDID": "w"})
