"""Simulated devices on the device plane: every way in, daily life, and all we say held against Apple's schema."""

import base64
import json
import plistlib
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from chalicelib.core import authority, commands, escrow, issuance
from chalicelib.core.house import House
from chalicelib.core.ports import Create
from chalicelib.model.device import Device, DeviceStatus, Ownership
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.records import Setting
from chalicelib.pki import cms_build
from chalicelib.platforms.apple.declarations import STATUS_ITEMS
from chalicelib.platforms.registry import PLATFORMS
from chalicelib.storage.memory.house import memory_house
from tests.devices.apple import AppleDevice, forge, requests
from tests.devices.apple.complaints import Complaint, ProfileRefused, ScepFailed, ServerRefused
from tests.devices.apple.identity import new_key
from tests.devices.apple.scep_client import ScepClient
from tests.devices.apple.transport import Reply
from tests.wire import apple_schema as schema
from tests.wire.apple_inprocess import ADMIN, InProcess, allow_enrollment, invite

INVENTORY = ["DeviceInformation", "SecurityInfo", "InstalledApplicationList", "CertificateList", "ProfileList"]
FIRST = ["DeclarativeManagement", *INVENTORY]
KINDS = ("iphone", "ipad", "mac", "shared-ipad")


@pytest.fixture
def house() -> House:
    house = memory_house(platforms=PLATFORMS)
    allow_enrollment(house)
    return house


@pytest.fixture
def make(house: House) -> Callable[..., AppleDevice]:
    def device(kind: str = "iphone", **options: Any) -> AppleDevice:
        return AppleDevice(kind, transport=InProcess(house), **options)

    return device


@pytest.fixture
def phone(house: House, make: Callable[..., AppleDevice]) -> AppleDevice:
    device = make()
    device.enroll(invite(house))
    device.poll()
    return device


def held(house: House, device: AppleDevice) -> Device:
    (found,) = [d for d in house.store.listing(Device).items if device.serial == d.serial]
    return found


def asked(device: AppleDevice) -> list[str]:
    return [handled.request_type for handled in device.poll()]


# coming in


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unsigned", [False, True])
def test_enrolling(house: House, make: Callable[..., AppleDevice], kind: str, unsigned: bool) -> None:
    device = make(kind)
    device.enroll(invite(house), unsigned=unsigned)
    assert device.enrolled
    assert held(house, device).status is DeviceStatus.ENROLLED
    assert asked(device) == FIRST
    assert asked(device) == []
    assert device.complaints == []


def test_over_the_air(house: House, make: Callable[..., AppleDevice]) -> None:
    factory = forge.AppleDeviceCA()
    device, page = make(), invite(house)
    with pytest.raises((ProfileRefused, ServerRefused), match="403"):
        device.enroll_ota(page, factory)
    house.store.commit(Create(Setting("apple.ota_anchors", {"pem": factory.trusted_pem})))
    device.enroll_ota(page, factory)
    assert asked(device) == FIRST
    with pytest.raises((ProfileRefused, ServerRefused)):  # the one use of the invitation is spent
        make().enroll_ota(page, factory)


def test_over_the_air_from_another_factory(house: House, make: Callable[..., AppleDevice]) -> None:
    house.store.commit(Create(Setting("apple.ota_anchors", {"pem": forge.AppleDeviceCA().trusted_pem})))
    with pytest.raises((ProfileRefused, ServerRefused), match="403"):
        make().enroll_ota(invite(house), forge.AppleDeviceCA())


def test_an_invitation_is_used_once(house: House, make: Callable[..., AppleDevice]) -> None:
    page = invite(house)
    make().enroll(page)
    with pytest.raises((ProfileRefused, ServerRefused), match="410"):
        make().enroll(page)


def test_without_a_push_certificate_the_profile_says_what_to_do(make: Callable[..., AppleDevice]) -> None:
    bare = memory_house(platforms=PLATFORMS)
    device = AppleDevice("iphone", transport=InProcess(bare))
    page = device.open_page(invite(bare))
    reply = device.transport("GET", page.profile_url, {}, b"")
    assert reply.status == 409
    assert b"push certificate" in reply.body


def test_the_profile_is_stable_and_complete(house: House, make: Callable[..., AppleDevice]) -> None:
    device, page = make("mac"), invite(house)
    url = f"{device.open_page(page).profile_url}?unsigned=1"
    first, second = (plistlib.loads(device.download_profile(url)) for _ in range(2))
    assert first["PayloadIdentifier"] == second["PayloadIdentifier"] == "org.muster.enrollment"
    names = [payload["PayloadIdentifier"] for payload in first["PayloadContent"]]
    assert names == [payload["PayloadIdentifier"] for payload in second["PayloadContent"]]
    root, scep, mdm = first["PayloadContent"]
    assert root["PayloadContent"] == authority.known(house).ca
    assert (scep["PayloadContent"]["Keysize"], scep["PayloadContent"]["Key Usage"]) == (2048, 5)
    assert "?" not in scep["PayloadContent"]["URL"]
    assert scep["PayloadContent"]["Challenge"] != second["PayloadContent"][1]["PayloadContent"]["Challenge"]
    assert mdm["IdentityCertificateUUID"] == scep["PayloadUUID"]
    assert (mdm["AccessRights"], mdm["SignMessage"], mdm["CheckOutWhenRemoved"]) == (8191, True, True)


@pytest.mark.parametrize(("kind", "users"), [("iphone", False), ("mac", True), ("ipad", True)])
def test_users_are_managed_where_there_are_users(
    house: House, make: Callable[..., AppleDevice], kind: str, users: bool
) -> None:
    device = make(kind)
    device.enroll(invite(house))
    offered = device.state.mdm.get("ServerCapabilities", [])
    assert ("com.apple.mdm.per-user-connections" in offered) is users


def test_a_challenge_of_another_invitation(house: House, make: Callable[..., AppleDevice]) -> None:
    factory = forge.AppleDeviceCA()
    house.store.commit(Create(Setting("apple.ota_anchors", {"pem": factory.trusted_pem})))
    device, identity = make(), factory.factory_identity("U")
    codes = [invite(house).rsplit("/", 1)[-1] for _ in range(2)]
    base = house.settings.device_url
    raw = device.transport("GET", f"{base}/apple/profile/{codes[0]}?ota=1&unsigned=1", {}, b"").body
    said = plistlib.dumps({"UDID": "U", "CHALLENGE": plistlib.loads(raw)["PayloadContent"]["Challenge"]})
    options = [pkcs7.PKCS7Options.Binary]
    builder = pkcs7.PKCS7SignatureBuilder().set_data(said)
    builder = builder.add_signer(x509.load_der_x509_certificate(identity.certificate), identity.key, hashes.SHA256())
    builder = builder.add_certificate(factory.intermediate.certificate)
    body = builder.sign(Encoding.DER, options)
    assert device.transport("POST", f"{base}/apple/ota/{codes[1]}", {}, body).status == 403
    assert device.transport("POST", f"{base}/apple/ota/{codes[0]}", {}, body).status == 200


# SCEP


def scep_payload(device: AppleDevice, page: str) -> dict[str, Any]:
    raw = device.download_profile(f"{device.open_page(page).profile_url}?unsigned=1")
    content: dict[str, Any] = plistlib.loads(raw)["PayloadContent"][1]["PayloadContent"]
    return content


@pytest.mark.parametrize(
    "knobs",
    [
        {"via": "get"},
        {"via": "get-urlsafe"},
        {"via": "both"},
        {"content_cipher": "aes256"},
        {"content_cipher": "3des"},
        {"content_cipher": "des", "digest": "sha1"},
        {"digest": "sha1"},
    ],
    ids=str,
)
def test_scep_habits_of_the_field(house: House, make: Callable[..., AppleDevice], knobs: dict[str, str]) -> None:
    device = make()
    device.install_enrollment(device.download_profile(device.open_page(invite(house)).profile_url), **knobs)
    assert asked(device) == FIRST


def client(device: AppleDevice, payload: dict[str, Any]) -> ScepClient:
    return ScepClient(payload["URL"], device.transport)


def test_a_challenge_buys_one_certificate(house: House, make: Callable[..., AppleDevice]) -> None:
    device = make()
    payload = scep_payload(device, invite(house))
    subject = [("CN", "admin")]
    first = client(device, payload).enroll(subject, payload["Challenge"], transaction_id="A")
    again = client(device, payload).enroll(subject, payload["Challenge"], first.key, transaction_id="A")
    assert again.certificate == first.certificate
    for key, transaction in ((None, "A"), (None, "B"), (first.key, "B")):
        with pytest.raises(ScepFailed) as failed:
            client(device, payload).enroll(subject, payload["Challenge"], key, transaction_id=transaction)
        assert failed.value.fail_info == "2"


@pytest.mark.parametrize("challenge", [None, "", "guess"])
def test_without_the_challenge_nothing_is_signed(
    house: House, make: Callable[..., AppleDevice], challenge: str | None
) -> None:
    device = make()
    payload = scep_payload(device, invite(house))
    house.store.meter.reset()
    with pytest.raises(ScepFailed):
        client(device, payload).enroll([("CN", "x")], challenge)
    assert "kms.sign" not in house.store.meter.by_operation()
    assert house.store.meter.total().write_units == 0


def test_the_request_names_nobody(house: House, make: Callable[..., AppleDevice]) -> None:
    device = make()
    payload = scep_payload(device, invite(house))
    identity = client(device, payload).enroll([("CN", "admin"), ("O", "Evil")], payload["Challenge"])
    certificate = x509.load_der_x509_certificate(identity.certificate)
    enrollment_id = dict(pair[0] for pair in payload["Subject"])["CN"]
    assert certificate.subject.rfc4514_string() in (f"CN={enrollment_id},O=Muster", f"O=Muster,CN={enrollment_id}")
    assert not [extension for extension in certificate.extensions if extension.oid.dotted_string == "2.5.29.17"]


def test_renewal(house: House, phone: AppleDevice) -> None:
    old = phone.identity
    phone.renew_identity()
    assert phone.certificate != old.certificate
    assert asked(phone) == []
    reply = phone.send("connect", phone_idle(phone), identity=old)
    assert reply.status == 200  # until it expires: the device may not have got the new one
    stored = house.store.get(Enrollment, held(house, phone).enrollment_id)
    assert len(stored.fingerprints) == 2


def phone_idle(phone: AppleDevice) -> bytes:
    return plistlib.dumps({"Status": "Idle", "UDID": phone.udid})


def test_renewal_by_a_stranger(house: House, phone: AppleDevice, make: Callable[..., AppleDevice]) -> None:
    scep = ScepClient(f"{house.settings.device_url}/apple/scep", phone.transport)
    with pytest.raises(ScepFailed):
        scep.renew(forge.self_signed(held(house, phone).enrollment_id))
    with pytest.raises(ScepFailed):
        scep.renew(forge.Authority("Muster Device CA").issue(held(house, phone).enrollment_id))


def test_an_expired_certificate_is_not_renewed() -> None:
    now = [int(time.time())]
    house = memory_house(lambda: now[0], PLATFORMS)
    allow_enrollment(house)
    device = AppleDevice("iphone", transport=InProcess(house))
    device.enroll(invite(house))
    now[0] += 3 * 365 * 86_400
    with pytest.raises(ScepFailed):
        device.renew_identity()


@pytest.mark.parametrize("message_type", ["3", "18", "21", "20"])
def test_other_scep_messages_buy_nothing(house: House, make: Callable[..., AppleDevice], message_type: str) -> None:
    device = make()
    payload = scep_payload(device, invite(house))
    key = new_key()
    csr = requests.csr(key, [("CN", "x")], payload["Challenge"])
    signer = requests.self_signed(key, [("CN", "x")])
    if message_type == "20":  # known, but nothing is ever pending here
        answer = client(device, payload).request(message_type, csr, signer)
        assert (answer.status, answer.fail_info, answer.certificates) == ("2", "4", ())
    else:
        with pytest.raises((Complaint, ScepFailed), match="400"):
            client(device, payload).request(message_type, csr, signer)
    assert house.store.listing(Device).items == ()
    client(device, payload).enroll([("CN", "x")], payload["Challenge"])  # the challenge was not spent


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("", b"", 400),
        ("operation=Sing", b"", 400),
        ("operation=PKIOperation", b"", 400),
        ("operation=PKIOperation", b"x", 400),
        ("operation=PKIOperation&message=%%%", b"", 400),
        ("operation=GetCACaps&operation=GetCACert", b"", 400),
        ("operation=PKIOperation", b"\x30" * 70_000, 413),
        ("operation=GetCACaps", b"", 200),
        ("operation=GetCACert&message=Muster", b"", 200),
    ],
)
def test_scep_requests_of_all_kinds(house: House, query: str, body: bytes, status: int) -> None:
    url = f"{house.settings.device_url}/apple/scep?{query}"
    assert InProcess(house)("POST", url, {}, body).status == status


def test_scep_answers_have_exactly_these_types(house: House) -> None:
    device, url = InProcess(house), f"{house.settings.device_url}/apple/scep"
    caps = device("GET", f"{url}?operation=GetCACaps", {}, b"")
    assert caps.headers["content-type"] == "text/plain"
    assert set(caps.body.decode().split()) == {
        "Renewal", "SHA-1", "SHA-256", "AES", "DES3", "SCEPStandard", "POSTPKIOperation",
    }  # fmt: skip
    assert (
        device("GET", f"{url}?operation=GetCACert", {}, b"").headers["content-type"] == "application/x-x509-ca-ra-cert"
    )


# living


@pytest.mark.parametrize(
    "knob",
    [
        lambda device: setattr(device.knobs, "content_type", "none"),
        lambda device: setattr(device.knobs, "content_type", "empty"),
        lambda device: setattr(device.knobs, "method", "POST"),
        lambda device: setattr(device.knobs, "attach_content", True),
        lambda device: setattr(device.knobs, "digest", "sha1"),
    ],
    ids=["no type", "empty type", "POST", "attached", "SHA-1"],
)
def test_habits_of_the_field(
    house: House, make: Callable[..., AppleDevice], knob: Callable[[AppleDevice], None]
) -> None:
    device = make()
    knob(device)
    device.enroll(invite(house))
    assert asked(device) == FIRST


def test_a_lost_reply_and_a_lost_report_are_made_good(house: House, phone: AppleDevice) -> None:
    commands.request(house, ADMIN, held(house, phone).id, "device-information", {})
    phone.lose_next_reply()
    phone.poll()
    assert phone.poll() == [("DeviceInformation", "Acknowledged")]
    commands.request(house, ADMIN, held(house, phone).id, "device-information", {})
    phone.lose_next_report()
    phone.poll()
    assert phone.poll() == [("DeviceInformation", "Acknowledged")]
    history = commands.history(house, held(house, phone).id).items
    assert {command.state for command in history} == {"acknowledged"}
    assert {command.deliveries for command in history} == {1, 2}  # the lost report never left, the lost reply did


def test_not_now_is_not_lost(house: House, phone: AppleDevice) -> None:
    commands.request(house, ADMIN, held(house, phone).id, "certificates", {})
    phone.answer_not_now(times=1)
    assert phone.poll() == [("CertificateList", "NotNow")]
    assert phone.poll() == [("CertificateList", "Acknowledged")]


def test_signatures_over_other_bytes_and_none(phone: AppleDevice) -> None:
    for sign in (False, b"other"):
        reply = phone.send("connect", phone_idle(phone), sign=sign)
        assert reply.status == 403
        assert b"com.apple.unrecognized.device" not in reply.body  # a lost header must not unenroll anybody


@pytest.mark.parametrize(
    "stranger",
    [
        lambda udid, cn: forge.self_signed(cn),
        lambda udid, cn: forge.Authority("Muster Device CA").issue(cn),
        lambda udid, cn: forge.Authority("x").issue(cn, expired=True),
    ],
    ids=["self-signed", "another CA", "expired"],
)
def test_strangers_with_the_right_name(house: House, phone: AppleDevice, stranger: Callable[[str, str], Any]) -> None:
    identity = stranger(phone.udid, held(house, phone).enrollment_id)
    house.store.meter.reset()
    assert phone.send("connect", phone_idle(phone), identity=identity).status == 403
    assert phone.send("checkin", phone.message("TokenUpdate"), identity=identity).status == 403
    assert house.store.meter.total().calls == 0


def test_the_registration_authority_is_no_device(house: House, phone: AppleDevice) -> None:
    """Its key lies in our memory, its certificate is by our CA: it must still not pass for a device."""
    body = phone_idle(phone)
    signed = cms_build.sign(body, issuance.registration(house))
    header = {"mdm-signature": base64.b64encode(signed).decode()}
    assert phone.send("connect", body, headers=header, sign=False).status == 403


def after_leaving(house: House, phone: AppleDevice) -> Reply:
    """The answer to one who left and asks again."""
    identity = phone.identity
    phone.check_out()
    return phone.send(f"{house.settings.device_url}/apple/connect", phone_idle(phone), identity=identity)


def test_leaving(house: House, phone: AppleDevice) -> None:
    reply = after_leaving(house, phone)
    assert held(house, phone).status is DeviceStatus.UNENROLLED
    assert (reply.status, json.loads(reply.body)["code"]) == (403, "com.apple.unrecognized.device")
    assert reply.headers["content-type"] == "application/json"


def test_erase(house: House, phone: AppleDevice) -> None:
    commands.request(house, ADMIN, held(house, phone).id, "erase", {})
    assert phone.poll() == [("EraseDevice", "Acknowledged")]
    assert held(house, phone).status is DeviceStatus.UNENROLLED


def test_enrolling_again_after_leaving(house: House, phone: AppleDevice) -> None:
    first = held(house, phone)
    phone.check_out()
    phone.re_enroll(invite(house))
    assert asked(phone) == FIRST
    again = held(house, phone)
    assert (again.id, again.status) == (first.id, DeviceStatus.ENROLLED)
    assert again.enrollment_id != first.enrollment_id


def test_users_of_a_mac(house: House, make: Callable[..., AppleDevice]) -> None:
    mac = make("mac")
    mac.enroll(invite(house))
    mac.poll()
    enrollment = house.store.get(Enrollment, held(house, mac).enrollment_id)
    assert len(enrollment.user_channels) == 1
    (user,) = mac.state.users
    assert mac.poll(user=user) == []
    assert mac.user_authenticate(user).status == 410
    assert mac.get_bootstrap_token() == escrow.current(house, held(house, mac).id, "bootstrap_token").reveal()  # type: ignore[union-attr]


def test_user_enrollment(house: House, make: Callable[..., AppleDevice]) -> None:
    device = make("iphone", user_enrollment=True)
    device.enroll(invite(house))
    assert asked(device) == FIRST
    (found,) = house.store.listing(Device).items
    assert (found.ownership, found.serial) == (Ownership.PERSONAL, "")
    assert set(found.identifiers) == {"enrollment_id"}


# Apple's schema


@schema.needs_schema
@pytest.mark.parametrize(("kind", "os"), [("iphone", "iOS"), ("ipad", "iOS"), ("mac", "macOS"), ("shared-ipad", "iOS")])
@pytest.mark.parametrize("user_enrollment", [False, True])
def test_all_we_say_is_in_the_schema(
    house: House, make: Callable[..., AppleDevice], kind: str, os: str, user_enrollment: bool
) -> None:
    if user_enrollment and kind == "shared-ipad":
        pytest.skip("a Shared iPad is never a personal device")
    device = make(kind, user_enrollment=user_enrollment)
    device.enroll(invite(house), unsigned=True)
    device.poll()
    device.send_status(full=True)
    target = schema.Target(os, device.state.os_version, supervised=not user_enrollment, user_enrollment=user_enrollment)
    seen = set()
    for exchange in device.transport.exchanges:
        seen |= _checked(exchange, target)
    inventory = set(FIRST) - ({"InstalledApplicationList"} if user_enrollment and os == "macOS" else set())
    assert seen == {*inventory, "com.apple.mdm", "com.apple.security.scep", "com.apple.security.root", "tokens",
                    "declaration-items", "declaration"}  # fmt: skip


def _checked(exchange: Any, target: schema.Target) -> set[str]:
    """What kinds of things an answer held; SchemaError for anything that Apple does not know there."""
    body, path = exchange.reply.body, exchange.path
    if path.startswith("/apple/profile/"):
        return set(schema.profile(body, target))
    if path == "/apple/connect" and body:
        return {schema.command(body, target), *_tokens_of(plistlib.loads(body)["Command"])}
    if path == "/apple/checkin" and body:
        said = plistlib.loads(exchange.body)
        endpoint = str(said.get("Endpoint", "")).partition("/")[0]
        return {endpoint} if _declarative(endpoint, json.loads(body), target) else set()
    return set()


def _tokens_of(command: dict[str, Any]) -> set[str]:
    if "Data" not in command:
        return set()
    schema.protocol("TokensResponse", json.loads(command["Data"]))
    return {"tokens"}


def _declarative(endpoint: str, body: dict[str, Any], target: schema.Target) -> bool:
    if endpoint == "declaration":
        schema.declaration(body, target)
    elif endpoint in ("tokens", "declaration-items"):
        schema.protocol("TokensResponse" if endpoint == "tokens" else "DeclarationItemsResponse", body)
    return endpoint in ("tokens", "declaration-items", "declaration")


@schema.needs_schema
def test_the_refusal_is_in_the_schema(house: House, phone: AppleDevice) -> None:
    schema.error(json.loads(after_leaving(house, phone).body))


@schema.needs_schema
def test_status_items_are_where_apple_has_them() -> None:
    folder = schema.ROOT / "declarative" / "status"
    for name, (since, in_user_enrollment) in STATUS_ITEMS.items():
        entry = yaml.safe_load((folder / f"{name}.yaml").read_text())["payload"]
        for system, version in zip(("iOS", "macOS", "tvOS", "visionOS"), since, strict=True):
            support = entry["supportedOS"].get(system, {})
            introduced = str(support.get("introduced", "n/a"))
            assert introduced.replace("n/a", "") == version, (name, system)
            if version and system in ("iOS", "macOS"):
                assert ("user" in support["allowed-enrollments"]) is in_user_enrollment, (name, system)
