"""All the ways into management, what a device keeps through it, and what ends or renews it."""

import plistlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509

from chalicelib.core import commands
from chalicelib.core.ids import invitation_id
from chalicelib.model.enrollment import Invitation
from chalicelib.model.people import Principal, Role
from chalicelib.model.records import Setting
from tests.devices.apple import AppleDevice
from tests.devices.apple import profile as profiles
from tests.devices.apple.complaints import ScepFailed, ServerRefused
from tests.devices.apple.enrollment import profile_url, with_query
from tests.devices.apple.forge import AppleDeviceCA
from tests.devices.apple.identity import new_key
from tests.devices.apple.requests import Names, csr
from tests.devices.apple.scep_client import ScepClient
from tests.e2e.world import World


def amend(world: World, link: str, **changes: Any) -> None:
    """The stored invitation, as time would have made it."""
    house = world.house()
    kept = house.store.get(Invitation, invitation_id(link.rsplit("/", 1)[1]))
    house.store.replace(replace(kept, **changes))


def scep_payload(device: AppleDevice, link: str) -> Mapping[str, Any]:
    raw = device.download_profile(profile_url(device.open_page(link)))
    return dict(device.read_profile(raw).only(profiles.SCEP)["PayloadContent"])


def enrollment_row(world: World, device: AppleDevice) -> dict[str, Any]:
    return world.tables()["commands"][(f"E#{device.identity.common_name}", "#B")]


def devices_of(world: World) -> set[str]:
    return {item["id"] for key, item in world.tables()["core"].items() if key[1] == "#M"}


# the invitation


def test_the_page_knows_the_device(world: World) -> None:
    link = world.invite()
    for kind in ("iphone", "ipad", "mac"):
        page = world.newborn(kind).open_page(link)
        assert page.profile_url is not None
        assert page.profile_url.startswith(f"{world.stack.device_url}/apple/profile/")
    desktop = world.fetch("GET", link, headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/132.0"})
    assert desktop.status == 200
    assert 'id="profile"' not in desktop.body.decode()
    assert world.fetch("GET", f"{link}/qr.svg").body.startswith(b"<")
    assert world.fetch("GET", f"{link}/qr.png").body.startswith(b"\x89PNG")


def test_the_profile_signed_and_unsigned(world: World) -> None:
    link, iphone = world.invite(), world.newborn()
    url = profile_url(iphone.open_page(link))
    signed, plain = iphone.download_profile(url), iphone.download_profile(with_query(url, "unsigned=1"))
    assert iphone.read_profile(signed, signed=True).signer is not None
    content = plistlib.loads(plain)
    mdm = next(one for one in content["PayloadContent"] if one["PayloadType"] == "com.apple.mdm")
    assert mdm["SignMessage"] is True
    assert mdm["AccessRights"] == 8191
    assert mdm["ServerURL"].startswith("https://")
    iphone.install_enrollment(plain, signed=False)
    assert world.record(iphone)["status"] == "enrolled"


def test_an_invitation_serves_as_many_devices_as_it_says(world: World) -> None:
    link = world.invite(max_uses=2)
    payloads = [scep_payload(world.newborn(), link) for _ in range(3)]  # downloads do not count
    for payload in payloads[:2]:
        world.newborn().obtain_identity(payload)
    with pytest.raises(ScepFailed) as refused:
        world.newborn().obtain_identity(payloads[2])
    assert (refused.value.status, refused.value.fail_info) == ("2", "2")
    with pytest.raises(ServerRefused) as gone:
        world.newborn().open_page(link)
    assert gone.value.status == 410


def test_an_invitation_that_has_expired(world: World) -> None:
    link, iphone = world.invite(), world.newborn()
    page = iphone.open_page(link)
    payload = scep_payload(iphone, link)
    amend(world, link, expires_at=world.house().clock() - 1)
    with pytest.raises(ServerRefused) as gone:
        iphone.download_profile(str(page.profile_url))
    assert gone.value.status == 410
    with pytest.raises(ScepFailed) as refused:
        iphone.obtain_identity(payload)
    assert refused.value.fail_info == "2"
    assert world.fetch("GET", link).status == 410


def test_an_invitation_that_was_withdrawn(world: World) -> None:
    made = world.invitation()
    payload = scep_payload(world.newborn(), made["link"])
    assert world.api("DELETE", f"/invitations/{made['id']}").json["state"] == "revoked"
    assert world.fetch("GET", made["link"]).status == 410
    with pytest.raises(ScepFailed):
        world.newborn().obtain_identity(payload)


def test_an_invitation_for_certain_serial_numbers(world: World) -> None:
    invited, stranger = world.newborn(), world.newborn()
    link = world.invite(max_uses=2, serials=[invited.serial.lower()])
    with pytest.raises(ServerRefused) as refused:
        stranger.enroll(link)
    assert (refused.value.status, refused.value.code) == (403, "com.apple.unrecognized.device")
    assert world.found(stranger.serial) == []
    invited.enroll(link)
    assert world.record(invited)["status"] == "enrolled"


def test_an_invitation_tells_whose_the_device_is(world: World) -> None:
    iphone = world.device(invitation={"ownership": "personal", "user": "ada@example.com", "groups": ["sales", "emea"]})
    record = world.record(iphone)
    assert (record["ownership"], record["owner"], record["groups"]) == (
        "personal",
        "ada@example.com",
        ["sales", "emea"],
    )
    refusals = {one["name"]: one["refusal"] for one in world.ok("GET", f"/devices/{record['id']}/actions")["items"]}
    assert refusals["erase"]
    assert refusals["locate"]
    assert not refusals["lock"]


# identities


@pytest.mark.parametrize("kind", ["iphone", "mac", "shared-ipad"])
def test_mutual_tls_in_place_of_a_signature(world: World, kind: str) -> None:
    device = world.device(kind, identity="mtls")
    command = world.ask(world.id_of(device), "restart")
    assert device.poll() == [("RestartDevice", "Acknowledged")]
    assert world.command(command)["state"] == "acknowledged"
    assert device.complaints == []


@pytest.mark.parametrize("digest", ["sha256", "sha1"])
@pytest.mark.parametrize("attached", [False, True])
def test_signatures_as_they_are_seen_in_the_field(world: World, digest: str, attached: bool) -> None:
    device = world.device()
    device.knobs.digest, device.knobs.attach_content = digest, attached
    world.ask(world.id_of(device), "restart")
    assert device.poll() == [("RestartDevice", "Acknowledged")]


@pytest.mark.parametrize(
    ("content_type", "method"), [("none", "PUT"), ("empty", "PUT"), ("normal", "POST"), ("none", "POST")]
)
def test_reports_without_a_content_type_and_posted_ones(world: World, content_type: str, method: str) -> None:
    device = world.device()
    device.knobs.content_type, device.knobs.method = content_type, method
    world.ask(world.id_of(device), "restart")
    assert device.poll() == [("RestartDevice", "Acknowledged")]


VARIANTS = [
    ("des", "sha1", "post"), ("3des", "sha1", "get"), ("3des", "sha256", "post"), ("aes128", "sha256", "get"),
    ("aes128", "sha256", "get-urlsafe"), ("aes256", "sha256", "post"), ("aes256", "sha1", "both"),
]  # fmt: skip


@pytest.fixture(scope="module")
def open_link(world: World) -> str:
    return world.invite(max_uses=100)


@pytest.mark.parametrize(("cipher", "digest", "via"), VARIANTS, ids=["-".join(one) for one in VARIANTS])
def test_scep_in_all_the_forms_that_clients_speak(
    world: World, open_link: str, cipher: str, digest: str, via: str
) -> None:
    device = world.newborn()
    raw = device.download_profile(profile_url(device.open_page(open_link)))
    device.install_enrollment(raw, content_cipher=cipher, digest=digest, via=via)
    certificate = device.identity.x509
    named = {one.oid._name: one.value for one in certificate.subject}
    assert named == {"commonName": device.identity.common_name, "organizationName": "Muster"}
    assert world.record(device)["status"] == "enrolled"


def test_a_repeated_request_gets_the_same_certificate_and_a_second_key_none(world: World, open_link: str) -> None:
    device = world.newborn()
    payload = scep_payload(device, open_link)
    client, key = ScepClient(payload["URL"], device.transport), new_key()
    subject, transaction = [("CN", "whatever")], secrets.token_hex(20)
    first = client.enroll(subject, payload["Challenge"], key, transaction)
    assert client.enroll(subject, payload["Challenge"], key, transaction).certificate == first.certificate
    for other_key, other_transaction in ((new_key(), transaction), (key, secrets.token_hex(20))):
        with pytest.raises(ScepFailed) as refused:
            client.enroll(subject, payload["Challenge"], other_key, other_transaction)
        assert (refused.value.status, refused.value.fail_info) == ("2", "2")


def test_a_renewed_certificate_speaks_for_the_device_and_its_users(world: World) -> None:
    mac = world.device("mac")
    before = mac.identity
    after = mac.renew_identity()
    assert after.certificate != before.certificate
    assert after.common_name == before.common_name
    fingerprints = enrollment_row(world, mac)["fingerprints"]
    assert before.sha256 in fingerprints
    assert after.sha256 in fingerprints
    world.ask(world.id_of(mac), "restart")
    assert mac.poll() == [("RestartDevice", "Acknowledged")]
    assert mac.poll(user=mac.users[0]) == []
    report = plistlib.dumps({"UDID": mac.udid, "Status": "Idle"})
    assert mac.send("connect", report, identity=before).status == 200  # until the device uses the new one


def test_an_ended_enrollment_cannot_renew(world: World) -> None:
    iphone = world.device()
    identity, profile = iphone.identity, dict(iphone._scep_payload())
    iphone.check_out()
    with pytest.raises(ScepFailed) as refused:
        ScepClient(profile["URL"], iphone.transport).renew(identity)
    assert (refused.value.status, refused.value.fail_info) == ("2", "2")


# over the air


def test_over_the_air_enrollment(world: World) -> None:
    house, apple = world.house(), AppleDeviceCA()
    closed = world.newborn()
    link = world.invite(max_uses=3)
    if house.store.find(Setting, "apple.ota_anchors") is None:
        with pytest.raises(ServerRefused) as refused:
            closed.enroll_ota(link, apple)
        assert refused.value.status == 403
    world.set("apple.ota_anchors", {"pem": apple.trusted_pem})
    iphone = world.newborn()
    iphone.enroll_ota(link, apple)
    world.settle(iphone)
    assert world.record(iphone)["status"] == "enrolled"
    assert iphone.complaints == []
    with pytest.raises(ServerRefused) as refused:
        world.newborn().enroll_ota(link, AppleDeviceCA())  # another factory
    assert refused.value.status == 403


# kinds of enrollment


def test_user_enrollment_keeps_the_device_private(world: World) -> None:
    iphone = world.device(user_enrollment=True, supervised=False)
    record = world.record(iphone)
    assert (record["ownership"], record["user_enrollment"]) == ("personal", True)
    assert record["identifiers"] == {"enrollment_id": iphone.state.enrollment_id}
    assert iphone.serial not in str(record)
    assert iphone.udid not in str(world.tables())
    refusals = {one["name"]: one["refusal"] for one in world.ok("GET", f"/devices/{record['id']}/actions")["items"]}
    assert {"erase", "clear-passcode", "restart", "lost-mode-on", "set-device-name"} <= {
        n for n, r in refusals.items() if r
    }
    assert world.obey(iphone, "lock")["state"] == "acknowledged"
    assert iphone.complaints == []


@pytest.mark.parametrize("kind", ["mac", "shared-ipad"])
def test_users_are_channels_and_not_devices(world: World, kind: str) -> None:
    before = devices_of(world)
    device = world.device(kind)
    assert devices_of(world) - before == {world.id_of(device)}
    row = enrollment_row(world, device)
    assert row["user_channels"].count('"') == 2 * len(device.users)
    for user in device.users:
        name = user.short_name if kind == "shared-ipad" else user.user_id
        channel = world.tables()["commands"][(f"{row['pk']}:{name}", "#B")]
        assert (channel["status"], channel["device_id"]) == ("enabled", world.id_of(device))
        assert user.token.hex() in channel["push"]


def test_a_network_user_is_declined_for_the_session(world: World) -> None:
    mac = world.device("mac")
    assert mac.user_authenticate(mac.users[0]).status == 410


def test_a_bootstrap_token_is_kept_and_given_back(world: World) -> None:
    mac = world.device("mac")
    assert len(mac.state.bootstrap_token) == 48
    assert mac.get_bootstrap_token() == mac.state.bootstrap_token
    mac.set_bootstrap_token(b"another token of this Mac")
    assert mac.get_bootstrap_token() == b"another token of this Mac"
    mac.set_bootstrap_token(None)
    assert mac.get_bootstrap_token() == b""


def test_nobody_reveals_a_bootstrap_token(world: World) -> None:
    mac = world.device("mac")
    answer = world.api(
        "POST", f"/devices/{world.id_of(mac)}/escrow/bootstrap_token/reveal", {"reason": "not for people"}
    )
    assert answer.status == 404


def test_setup_assistant_is_released(world: World) -> None:
    iphone = world.newborn()
    iphone.state.awaiting_configuration = True
    iphone.enroll(world.invite())
    assert ("DeviceConfigured", "Acknowledged") in iphone.poll()
    assert iphone.state.awaiting_configuration is False
    assert "DeviceConfigured" not in [one.request_type for one in iphone.poll()]


# enrolling again


def test_a_live_enrollment_is_not_taken_over(world: World) -> None:
    iphone = world.device()
    row = enrollment_row(world, iphone)
    twin = AppleDevice.load(iphone.state.save(world.stack.state / "twins"), ca_file=world.stack.ca_file)
    twin.forget()
    with pytest.raises(ServerRefused) as refused:
        twin.enroll(world.invite())
    assert (refused.value.status, refused.value.code) == (403, "com.apple.unrecognized.device")
    assert enrollment_row(world, iphone) == row
    assert world.obey(iphone, "restart")["state"] == "acknowledged"


def test_an_invitation_that_replaces_takes_the_enrollment_over(world: World) -> None:
    mac = world.device("mac")
    device_id, old = world.id_of(mac), mac.identity
    restart, erase = world.ask(device_id, "restart"), world.ask(device_id, "erase")
    user = mac.users[0]
    for_user = world.ask(device_id, "remove-profile", identifier="org.example.none", user=user.user_id)
    mac.forget()
    mac.re_enroll(world.invite(replaces=device_id))
    world.settle(mac)

    assert world.id_of(mac) == device_id == world.found(mac.serial)[0]["id"]
    assert [world.command(one)["state"] for one in (restart, erase, for_user)] == ["cancelled", "parked", "cancelled"]
    assert "enrolled again" in world.command(restart)["detail"]
    assert {one.request_type for one in mac.received} & {"RestartDevice", "EraseDevice", "RemoveProfile"} == set()
    report = plistlib.dumps({"UDID": mac.udid, "Status": "Idle"})
    assert mac.send("connect", report, identity=old).status == 403
    assert world.obey(mac, "restart")["state"] == "acknowledged"


def test_a_device_that_left_comes_back_as_the_same_device(world: World) -> None:
    mac = world.device("mac")
    device_id = world.id_of(mac)
    done = world.obey(mac, "restart")
    mac.check_out()
    mac.knobs.escrow_bootstrap = False
    mac.enroll(world.invite())
    world.settle(mac)
    assert [one["id"] for one in world.found(mac.serial)] == [device_id]
    assert world.record(mac)["status"] == "enrolled"
    assert mac.get_bootstrap_token() == b""  # that of the time before opens nothing any more
    assert done["id"] in [one["id"] for one in world.ok("GET", f"/devices/{device_id}/commands")["items"]]


def test_authenticating_again_with_the_same_certificate_clears_the_queue(world: World) -> None:
    iphone = world.device()
    restart = world.ask(world.id_of(iphone), "restart")
    iphone.authenticate()
    assert world.record(iphone)["status"] == "pending"
    iphone.token_update(unlock=True)
    world.settle(iphone)
    assert world.command(restart)["state"] == "cancelled"
    assert iphone.state.restarts == 0
    assert world.record(iphone)["status"] == "enrolled"


# the command channel


def test_not_now_is_asked_again_later_and_never_twice_in_a_row(world: World) -> None:
    iphone = world.device()
    device_id = world.id_of(iphone)
    restart, lock = world.ask(device_id, "restart"), world.ask(device_id, "lock")
    iphone.answer_not_now("RestartDevice", times=2)
    assert iphone.poll() == [("DeviceLock", "Acknowledged"), ("RestartDevice", "NotNow")]
    assert (world.command(restart)["state"], world.command(lock)["state"]) == ("queued", "acknowledged")
    assert iphone.poll() == [("RestartDevice", "NotNow")]
    assert iphone.poll() == [("RestartDevice", "Acknowledged")]
    finished = world.command(restart)
    assert (finished["state"], finished["deferrals"]) == ("acknowledged", 2)
    assert len({one.uuid for one in iphone.received if one.request_type == "RestartDevice"}) == 1


def test_a_device_that_can_do_nothing_now_ends_its_session(world: World) -> None:
    iphone = world.device()
    device_id = world.id_of(iphone)
    asked = [world.ask(device_id, action) for action in ("restart", "security-information", "profiles")]
    iphone.answer_not_now("all", times=1000)
    handled = iphone.poll(max_replies=10)
    assert [one.status for one in handled] == ["NotNow"] * 3
    assert {one.uuid for one in handled} == {one["id"] for one in asked}
    iphone.knobs.not_now.clear()
    assert [one.status for one in iphone.poll()] == ["Acknowledged"] * 3


def test_a_lost_reply_brings_the_same_command_again(world: World) -> None:
    iphone = world.device()
    command = world.ask(world.id_of(iphone), "restart")
    iphone.lose_next_reply()
    assert iphone.poll() == []
    assert iphone.idle().body
    assert iphone.poll() == [("RestartDevice", "Acknowledged")]
    assert [one.uuid for one in iphone.received][-2:] == [command["id"]] * 2
    assert iphone.state.restarts == 1


def test_a_lost_report_of_a_wipe_is_never_a_second_wipe(world: World) -> None:
    ipad = world.device("ipad")
    command = world.ask(world.id_of(ipad), "erase")
    delivered = ipad.idle()
    assert b"EraseDevice" in delivered.body
    assert ipad.poll() == []
    finished = world.command(command)
    assert (finished["state"], finished["deliveries"]) == ("failed", 1)
    assert "may have happened" in finished["detail"]


def test_priority_then_age(world: World) -> None:
    iphone = world.device()
    device_id = world.id_of(iphone)
    for action in ("profiles", "restart", "certificates", "lock", "set-device-name"):
        world.ask(device_id, action, **({"name": "x"} if action == "set-device-name" else {}))
    assert [one.request_type for one in iphone.poll()] == [
        "DeviceLock", "RestartDevice", "Settings", "ProfileList", "CertificateList",
    ]  # fmt: skip


def test_the_queue_of_a_device_is_bounded(world: World) -> None:
    iphone = world.device()
    device_id = world.id_of(iphone)
    house, who = world.house(), Principal("e2e", Role.ADMIN, person=True)
    for _ in range(100):
        commands.request(house, who, device_id, "profiles", {})
    answer = world.api("POST", f"/devices/{device_id}/commands", {"action": "profiles"})
    assert answer.status == 409
    assert b"ProfileList" in iphone.idle().body


def test_the_issued_certificate_is_ours_alone(world: World, open_link: str) -> None:
    """Subject, names and rights that a request asks for are not taken over."""
    device = world.newborn()
    payload = scep_payload(device, open_link)
    key = new_key()
    wish = csr(key, [("CN", "admin")], payload["Challenge"], names=Names(dns=("muster.example.com",), authority=True))
    issued = ScepClient(payload["URL"], device.transport).enroll([("CN", "admin")], None, key, csr=wish).x509
    assert "admin" not in issued.subject.rfc4514_string()
    with pytest.raises(x509.ExtensionNotFound):
        issued.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert issued.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
