"""Every action on every kind of device: asked through the API, obeyed by the device, seen on both sides."""

import base64
import plistlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.devices.apple import AppleDevice
from tests.devices.apple.complaints import ServerRefused
from tests.devices.apple.scep_client import ScepClient
from tests.e2e.world import REASON, World

KINDS = ("iphone", "ipad", "shared-ipad", "mac")
WIFI = "org.example.wifi"


@dataclass
class Done:
    """An action that was asked, obeyed and acknowledged: what may be looked at."""

    world: World
    device: AppleDevice
    device_id: str
    command: Mapping[str, Any]

    @property
    def state(self) -> Any:
        return self.device.state

    @property
    def facts(self) -> Mapping[str, Any]:
        return dict(self.world.record(self.device)["facts"])

    def section(self, name: str) -> Any:
        return self.world.record(self.device)["inventory"][name]["body"]

    def revealed(self, kind: str) -> bytes:
        return self.world.reveal(self.device_id, kind)


@dataclass(frozen=True)
class Case:
    check: Callable[[Done], None]
    params: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[World, AppleDevice], object] = lambda world, device: None
    given: Callable[[AppleDevice], Mapping[str, Any]] = lambda device: {}


def wifi_profile(identifier: str = WIFI) -> str:
    payload = {
        "PayloadType": "com.apple.wifi.managed", "PayloadVersion": 1, "PayloadIdentifier": f"{identifier}.net",
        "PayloadUUID": str(uuid.uuid4()), "SSID_STR": "Office", "EncryptionType": "WPA", "Password": "over the air",
        "AutoJoin": True, "HIDDEN_NETWORK": False,
    }  # fmt: skip
    profile = {
        "PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": identifier,
        "PayloadUUID": str(uuid.uuid4()), "PayloadDisplayName": "Wi-Fi", "PayloadContent": [payload],
    }  # fmt: skip
    return base64.b64encode(plistlib.dumps(profile)).decode()


def lost(world: World, device: AppleDevice) -> None:
    if device.state.lost_mode is None:
        assert world.obey(device, "lost-mode-on", message="Lost")["state"] == "acknowledged"


def with_profile(world: World, device: AppleDevice) -> None:
    assert world.obey(device, "install-profile", profile=wifi_profile())["state"] == "acknowledged"


def with_recovery_lock(world: World, device: AppleDevice) -> None:
    if device.state.recovery_lock is None:
        assert world.obey(device, "set-recovery-lock")["state"] == "acknowledged"


def check_lock(done: Done) -> None:
    words = {"message": "Call us", "phonenumber": "+49 30 1"}
    if done.device.kind != "mac":
        assert done.state.locked == words
        return
    pin = done.state.locked["pin"]
    assert done.state.locked == {"pin": pin, **words}
    assert done.revealed("lock_pin").decode() == pin
    assert "pin" not in done.command["params"]


def check_clear_passcode(done: Done) -> None:
    assert done.state.passcode is None
    assert done.revealed("unlock_token") == done.state.unlock_token


def check_restart(done: Done) -> None:
    assert done.state.restarts >= 1


def check_shut_down(done: Done) -> None:
    assert done.state.shut_down
    done.device.power_on()


def check_lost(done: Done) -> None:
    assert done.state.lost_mode == {"message": "Please return", "footnote": "Muster"}
    assert done.facts["lost_mode"] is True


def check_found(done: Done) -> None:
    assert done.state.lost_mode is None
    assert done.facts["lost_mode"] is False


def check_location(done: Done) -> None:
    where = done.state.location
    assert (done.command["result"]["latitude"], done.command["result"]["longitude"]) == (
        where["Latitude"],
        where["Longitude"],
    )


def check_sound(done: Done) -> None:
    assert done.state.lost_mode_sounds >= 1


def check_device_information(done: Done) -> None:
    assert done.world.record(done.device)["name"] == done.device.name
    assert done.section("device")["SerialNumber"] == done.device.serial


def check_security(done: Done) -> None:
    if done.device.kind == "mac":
        assert done.facts["encrypted"] is True
        assert done.facts["firewall"] is True
    else:
        assert done.facts["passcode_set"] is (done.state.passcode is not None)


def check_apps(done: Done) -> None:
    assert "Hivemind" in str(done.section("apps"))


def check_certificates(done: Done) -> None:
    assert done.device.identity.common_name in str(done.section("certificates"))


def check_profiles(done: Done) -> None:
    assert done.state.mdm_profile in str(done.section("profiles"))


def check_installed(done: Done) -> None:
    assert done.state.profiles[WIFI]["PayloadContent"][0]["SSID_STR"] == "Office"
    assert "over the air" not in str(done.command)


def check_removed(done: Done) -> None:
    assert WIFI not in done.state.profiles


def check_filevault(done: Done) -> None:
    assert done.revealed("filevault_key").decode() == done.state.filevault_key
    assert done.state.filevault_key not in str(done.command)
    before = done.state.filevault_key
    again = done.world.obey(done.device, "rotate-filevault-key")  # now with the escrowed key
    assert again["state"] == "acknowledged"
    assert done.revealed("filevault_key").decode() == done.state.filevault_key != before


def check_recovery_lock(done: Done) -> None:
    assert done.state.recovery_lock
    assert done.revealed("recovery_lock").decode() == done.state.recovery_lock
    assert done.facts["recovery_lock"] is True


def check_recovery_lock_verified(done: Done) -> None:
    assert done.command["result"] == {"verified": True}


def check_bypass(done: Done) -> None:
    assert done.revealed("bypass_code").decode() == done.state.bypass_code
    assert done.state.bypass_code not in str(done.command)


def check_bypass_cleared(done: Done) -> None:
    assert done.state.bypass_code is None


def check_remote_desktop(on: bool) -> Callable[[Done], None]:
    def check(done: Done) -> None:
        assert done.state.remote_desktop is on

    return check


def check_name(done: Done) -> None:
    assert done.state.name == "Reception"
    assert done.world.record(done.device)["name"] == "Reception"


def check_logged_out(done: Done) -> None:
    assert [user.logged_in for user in done.device.users] == [False, False]


def check_update(done: Done) -> None:
    pending = done.state.pending_update
    assert pending is not None
    assert pending["version"] == "26.1"
    assert done.device.install_os_update()
    done.device.poll()
    assert done.world.record(done.device)["os_version"] == "26.1"


def check_erased(done: Done) -> None:
    assert done.state.erased == 1
    assert not done.device.enrolled
    assert done.world.record(done.device)["status"] == "unenrolled"


def add_app(world: World, device: AppleDevice) -> None:
    device.add_app("org.example.hivemind", "Hivemind", "2.0")


# In this order on every kind; what ends the device's service comes last.
CASES: Mapping[str, Case] = {
    "lock": Case(check_lock, {"message": "Call us", "phone_number": "+49 30 1"}),
    "security-information": Case(check_security),
    "clear-passcode": Case(check_clear_passcode),
    "restart": Case(check_restart),
    "shut-down": Case(check_shut_down),
    "lost-mode-on": Case(check_lost, {"message": "Please return", "footnote": "Muster"}),
    "locate": Case(check_location, before=lost),
    "play-sound": Case(check_sound, before=lost),
    "lost-mode-off": Case(check_found, before=lost),
    "device-information": Case(check_device_information),
    "installed-apps": Case(check_apps, before=add_app),
    "certificates": Case(check_certificates),
    "profiles": Case(check_profiles),
    "install-profile": Case(check_installed, {"profile": wifi_profile()}),
    "remove-profile": Case(check_removed, {"identifier": WIFI}, before=with_profile),
    "rotate-filevault-key": Case(check_filevault, given=lambda device: {"current": device.users[0].password}),
    "set-recovery-lock": Case(check_recovery_lock),
    "verify-recovery-lock": Case(check_recovery_lock_verified, before=with_recovery_lock),
    "activation-lock-bypass": Case(check_bypass),
    "clear-activation-lock-bypass": Case(check_bypass_cleared),
    "remote-desktop-on": Case(check_remote_desktop(True)),
    "remote-desktop-off": Case(check_remote_desktop(False)),
    "set-device-name": Case(check_name, {"name": "Reception"}),
    "log-out-user": Case(check_logged_out),
    "os-update": Case(check_update, {"version": "26.1", "deadline": "2031-05-01T18:00:00"}),
    "erase": Case(check_erased),
}
MAC_ONLY = {
    "rotate-filevault-key", "set-recovery-lock", "verify-recovery-lock", "remote-desktop-on", "remote-desktop-off",
}  # fmt: skip
MOBILE_ONLY = {"clear-passcode", "lost-mode-on", "lost-mode-off", "locate", "play-sound"}
IMPOSSIBLE: Mapping[str, set[str]] = {
    "iphone": MAC_ONLY | {"log-out-user"},
    "ipad": MAC_ONLY | {"log-out-user"},
    "shared-ipad": MAC_ONLY | {"clear-passcode", "activation-lock-bypass", "clear-activation-lock-bypass"},
    "mac": MOBILE_ONLY | {"log-out-user"},
}


@pytest.fixture(scope="module")
def fleet(world: World) -> Iterator[dict[str, AppleDevice]]:
    devices = {kind: world.device(kind) for kind in KINDS}
    yield devices
    assert {kind: device.complaints for kind, device in devices.items()} == {kind: [] for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_the_cases_are_all_actions_there_are(world: World, fleet: Mapping[str, AppleDevice], kind: str) -> None:
    offered = world.ok("GET", f"/devices/{world.id_of(fleet[kind])}/actions")["items"]
    assert {action["name"] for action in offered} == set(CASES)
    assert {action["name"] for action in offered if action["refusal"]} == IMPOSSIBLE[kind]


@pytest.mark.parametrize(
    ("kind", "action"), [(kind, action) for kind in KINDS for action in CASES if action not in IMPOSSIBLE[kind]]
)
def test_an_action_takes_effect(world: World, fleet: Mapping[str, AppleDevice], kind: str, action: str) -> None:
    device, case = fleet[kind], CASES[action]
    device_id = world.id_of(device)
    case.before(world, device)
    command = world.obey(device, action, **case.params, **case.given(device))
    assert (command["state"], command["detail"]) == ("acknowledged", "")
    assert command["deliveries"] == 1
    case.check(Done(world, device, device_id, command))


@pytest.mark.parametrize("kind", KINDS)
def test_an_action_that_a_kind_cannot_do_is_refused_with_the_reason(world: World, kind: str) -> None:
    device = world.device(kind)
    device_id = world.id_of(device)
    reasons = {one["name"]: one["refusal"] for one in world.ok("GET", f"/devices/{device_id}/actions")["items"]}
    before = world.tables()
    for action in IMPOSSIBLE[kind]:
        answer = world.api("POST", f"/devices/{device_id}/commands", {"action": action, "params": CASES[action].params})
        assert answer.status == 422
        assert answer.json["detail"] == reasons[action] != ""
    assert world.tables() == before
    assert device.poll() == []


def test_the_push_wakes_the_device(world: World) -> None:
    """Nothing else makes it ask: from the request through stream, queue and push service to the device."""
    mac = world.device("mac")
    before = world.pushes()
    command = world.ask(world.id_of(mac), "restart")
    push = world.pushed(mac.token, before)
    assert (push["magic"], push["topic"], push["push_type"], push["status"]) == (mac.magic, mac.topic, "mdm", 200)
    assert mac.poll() == [("RestartDevice", "Acknowledged")]
    assert world.command(command)["state"] == "acknowledged"


def test_a_user_is_woken_on_a_channel_of_its_own(world: World) -> None:
    mac = world.device("mac")
    user, before = mac.users[0], world.pushes()
    command = world.ask(
        world.id_of(mac), "install-profile", profile=wifi_profile("org.example.user"), user=user.user_id
    )
    assert world.pushed(user.token, before)["magic"] == user.magic
    assert mac.poll() == []
    assert mac.poll(user=user) == [("InstallProfile", "Acknowledged")]
    assert world.command(command)["state"] == "acknowledged"


def test_retirement_removes_the_profile_and_revokes_the_certificate(world: World) -> None:
    mac = world.device("mac")
    device_id, identity = world.id_of(mac), mac.identity
    server = mac.messenger.server_url
    before = world.pushes()
    assert world.api("POST", f"/devices/{device_id}/retire", {"reason": REASON}).status == 202
    world.pushed(mac.token, before)
    assert mac.poll() == [("RemoveProfile", "Acknowledged")]
    assert not mac.enrolled
    assert mac.state.profiles == {}

    record = world.record(mac)
    assert record["status"] == "retired"
    ended = [
        item
        for item in world.tables()["commands"].values()
        if item.get("device_id") == device_id and item["sk"] == "#B"
    ]
    assert [(item["status"], item["ended_reason"]) for item in ended] == [("disabled", "checked out")] * 2

    world.invoke("signer", {"task": "publish-crl"})
    assert identity.x509.serial_number in revoked_serials(world)

    report = plistlib.dumps({"UDID": mac.udid, "Status": "Idle"})
    header = {"Mdm-Signature": mac.mdm_signature(report, identity=identity)}
    refused = world.fetch("PUT", server, report, header)
    assert (refused.status, refused.json["code"]) == (403, "com.apple.unrecognized.device")


def revoked_serials(world: World) -> set[int]:
    """Of the published list, whose signature is that of the CA which the device plane names."""
    answer = world.fetch("GET", f"{world.stack.device_url}/crl")
    assert answer.headers["content-type"] == "application/pkix-crl"
    revoked = x509.load_der_x509_crl(answer.body)
    authorities = ScepClient(f"{world.stack.device_url}/apple/scep", world.newborn().transport).ca_certificates()
    assert any(revoked.is_signature_valid(one.public_key()) for one in authorities)  # type: ignore[arg-type]
    return {entry.serial_number for entry in revoked}


def test_a_user_who_removes_the_profile_ends_the_enrollment(world: World) -> None:
    iphone = world.device()
    device_id, waiting = world.id_of(iphone), world.ask(world.id_of(iphone), "restart")
    fingerprint = iphone.identity.x509.fingerprint(hashes.SHA256()).hex()
    iphone.check_out()
    assert world.record(iphone)["status"] == "unenrolled"
    assert world.command(waiting)["state"] == "cancelled"
    certificate = world.tables()["core"][(f"C#{fingerprint}", "#")]
    assert certificate["revoked_at"] > 0
    answer = world.api("POST", f"/devices/{device_id}/commands", {"action": "restart"})
    assert answer.status == 409


def test_an_erased_device_is_gone_and_its_certificate_with_it(world: World) -> None:
    iphone = world.device()
    identity, server = iphone.identity, iphone.messenger.server_url
    later = world.ask(world.id_of(iphone), "restart")
    assert world.obey(iphone, "erase")["state"] == "acknowledged"
    assert world.command(later)["state"] == "cancelled"
    report = plistlib.dumps({"UDID": iphone.udid, "Status": "Idle"})
    header = {"Mdm-Signature": iphone.mdm_signature(report, identity=identity)}
    assert world.fetch("PUT", server, report, header).status == 403


def test_a_deleted_device_is_not_listed_and_what_was_escrowed_stays(world: World) -> None:
    iphone = world.device()
    device_id = world.id_of(iphone)
    assert world.api("DELETE", f"/devices/{device_id}?reason=x").status == 409  # still managed
    assert world.api("POST", f"/devices/{device_id}/retire", {"reason": REASON, "now": True}).status == 202
    with pytest.raises(ServerRefused) as refused:
        iphone.poll()
    assert refused.value.code == "com.apple.unrecognized.device"
    assert world.api("DELETE", f"/devices/{device_id}?reason=x").status == 204
    assert world.api("GET", f"/devices/{device_id}").status == 404
    tables = world.tables()
    assert [key for key in tables["core"] if key[0] == f"D#{device_id}"] == []
    assert [key for key in tables["core"] if key[0] == f"S#{device_id}"] != []


def test_a_cancelled_command_is_never_delivered(world: World) -> None:
    iphone = world.device()
    command = world.ask(world.id_of(iphone), "restart")
    cancelled = world.api("DELETE", f"/devices/{command['device_id']}/commands/{command['id']}")
    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    assert iphone.poll() == []
    assert iphone.state.restarts == 0


def test_a_device_that_refuses_says_why(world: World) -> None:
    iphone = world.device()
    iphone.refuse("RestartDevice")
    command = world.obey(iphone, "restart")
    assert command["state"] == "failed"
    assert "RestartDevice was refused." in command["detail"]


def test_the_same_idempotency_key_queues_one_command(world: World) -> None:
    iphone = world.device()
    path, wish = f"/devices/{world.id_of(iphone)}/commands", {"action": "restart", "params": {}}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, second = (world.api("POST", path, wish, **key) for _ in range(2))
    assert (first.status, second.status) == (202, 202)
    assert first.json["id"] == second.json["id"]
    assert iphone.poll() == [("RestartDevice", "Acknowledged")]
    assert iphone.state.restarts == 1
