"""Check-in: enrolling, tokens and secrets kept, what may overwrite what, leaving."""

import plistlib
from typing import Any

from chalicelib.core import commands, escrow
from chalicelib.core.house import House
from chalicelib.model.audit import AuditEntry
from chalicelib.model.device import DeviceStatus, Ownership, Platform
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.model.escrow import EscrowedSecret
from chalicelib.platforms.apple import ade
from chalicelib.platforms.apple.arrivals import system_of
from tests.unit.apple.phone import ADMIN, CHECKIN, Phone, ask

SERVER = "677cab70-fe18-11e2-b778-0800200c9a66"


def test_authenticate_is_not_yet_enrolled(house: House) -> None:
    phone = Phone(house).obtain_certificate()
    answer = phone.checkin("Authenticate", **phone.authentication)
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    device = phone.device
    assert (device.status, device.platform, device.model) == (DeviceStatus.PENDING, Platform.IOS, "iPhone16,1")
    assert device.identifiers == {"udid": phone.udid, "serial": phone.serial}
    assert phone.poll.enrollment.push == {}
    assert phone.token_update().status == 200
    assert phone.device.status is DeviceStatus.ENROLLED
    assert phone.poll.enrollment.push["token"] == "01" * 32


def test_platform_of_products() -> None:
    products = {
        "iPhone16,1": "ios", "iPod9,1": "ios", "iPad14,3": "ipados", "iMac14,2": "macos", "MacBookPro18,1": "macos",
        "Mac15,3": "macos", "Macmini9,1": "macos", "VirtualMac2,1": "macos", "AppleTV11,1": "tvos",
        "RealityDevice14,1": "visionos", "": "ios",
    }  # fmt: skip
    assert {product: system_of(product).value for product in products} == products


def test_token_before_authenticate_is_refused(house: House) -> None:
    phone = Phone(house).obtain_certificate()
    assert phone.token_update().status == 403
    assert phone.poll.enrollment.status is EnrollmentStatus.ISSUED


def secret(phone: Phone, kind: str) -> Any:
    held = escrow.current(phone.house, phone.device.id, kind)
    return held.reveal() if held else None


def test_absent_keys_do_not_overwrite(phone: Phone) -> None:
    phone.token_update(UnlockToken=b"unlock", AwaitingConfiguration=True)
    assert secret(phone, "unlock_token") == b"unlock"
    phone.token_update(Token=b"\2" * 32)
    assert secret(phone, "unlock_token") == b"unlock"
    assert phone.poll.enrollment.awaiting_configuration is True
    assert phone.poll.enrollment.push["token"] == "02" * 32
    phone.token_update(AwaitingConfiguration=False)
    assert phone.poll.enrollment.awaiting_configuration is False


def test_secrets_are_kept_sealed(phone: Phone) -> None:
    phone.token_update(UnlockToken=b"canary-unlock")
    phone.checkin("SetBootstrapToken", BootstrapToken=b"canary-bootstrap")
    rows = [r for k in ("unlock_token", "bootstrap_token") for r in escrow.versions(phone.house, phone.device.id, k)]
    assert len(rows) == 2
    assert all(isinstance(row, EscrowedSecret) and b"canary" not in row.sealed for row in rows)


def test_bootstrap_token_set_get_and_removed(phone: Phone) -> None:
    assert phone.checkin("GetBootstrapToken").body == b""
    assert phone.checkin("SetBootstrapToken", BootstrapToken=b"boot").status == 200
    assert phone.checkin("GetBootstrapToken").plist == {"BootstrapToken": b"boot"}
    assert phone.checkin("SetBootstrapToken").status == 200
    assert phone.checkin("GetBootstrapToken").body == b""
    phone.checkin("SetBootstrapToken", BootstrapToken=b"boot2")
    assert phone.checkin("SetBootstrapToken", BootstrapToken=b"").status == 200
    assert phone.checkin("GetBootstrapToken").body == b""


def test_enrolling_again_drops_the_bootstrap_token(phone: Phone) -> None:
    phone.checkin("SetBootstrapToken", BootstrapToken=b"boot")
    phone.checkin("Authenticate", **phone.authentication)
    phone.token_update()
    assert phone.checkin("GetBootstrapToken").body == b""


def test_user_enrollment_has_no_serial_and_is_personal(house: House) -> None:
    phone = Phone(house).obtain_certificate()

    def say(kind: str, **keys: Any) -> int:
        body = plistlib.dumps({"MessageType": kind, "EnrollmentID": "E-1", "Topic": "t", **keys})
        return phone.send("/apple/checkin", body, {"content-type": CHECKIN}).status

    assert say("Authenticate", ProductName="iPhone16,1", OSVersion="18.1", SerialNumber="SECRET", IMEI="1") == 200
    assert say("TokenUpdate", Token=b"1" * 32, PushMagic="m") == 200
    assert phone.device.identifiers == {"enrollment_id": "E-1"}
    assert (phone.device.ownership, phone.device.user_enrollment) == (Ownership.PERSONAL, True)


def test_two_devices_cannot_share_a_hardware_id(house: House, phone: Phone) -> None:
    twin = Phone(house, number=1).obtain_certificate()
    assert twin.checkin("Authenticate", **twin.authentication).status == 403
    assert phone.idle().status == 200


def test_the_old_certificate_ends_when_an_invitation_replaces_it(house: House, phone: Phone) -> None:
    again = Phone(house, number=1, replaces=phone.device.id).enroll()
    assert again.device.id == phone.device.id
    assert again.idle().status == 200
    assert phone.idle().status == 403


def test_check_out_leaves_no_queue(phone: Phone) -> None:
    command = ask(phone, "device-information")
    assert phone.checkin("CheckOut").status == 200
    assert phone.device.status is DeviceStatus.UNENROLLED
    assert phone.house.store.get(Enrollment, phone.enrollment_id).status is EnrollmentStatus.DISABLED
    assert commands.get(phone.house, phone.device.id, command.id).state == "cancelled"


def test_tokens_are_for_a_linked_organisation_and_one_service(house: House, phone: Phone) -> None:
    refused = phone.checkin("GetToken", TokenServiceType="com.apple.maid")
    assert (refused.status, b"not linked to an Apple organisation" in refused.body) == (400, True)
    ade.create_key(house, ADMIN)
    assert phone.checkin("GetToken", TokenServiceType="com.apple.maid").status == 400
    ade.link(house, ADMIN, SERVER)
    assert phone.checkin("GetToken", TokenServiceType="com.apple.maid").status == 200
    for service in ("", "x", "com.apple.watch.pairing"):
        assert phone.checkin("GetToken", TokenServiceType=service).status == 400


def test_a_device_that_left_gets_no_token(house: House, phone: Phone) -> None:
    ade.create_key(house, ADMIN)
    ade.link(house, ADMIN, SERVER)
    phone.checkin("CheckOut")
    assert phone.checkin("GetToken", TokenServiceType="com.apple.maid").status == 403


def test_unknown_types_are_malformed(phone: Phone) -> None:
    assert phone.checkin("Sing").status == 400


def test_a_check_in_is_known_by_its_type_wherever_it_arrives(phone: Phone) -> None:
    body = plistlib.dumps({"MessageType": "GetBootstrapToken", "UDID": phone.udid})
    typed = {"content-type": f"{CHECKIN}; charset=utf-8"}
    assert phone.send("/apple/connect", body, typed).status == 200
    assert phone.send("/apple/checkin", body).status == 200
    assert phone.send("/apple/connect", body).status == 400


def test_every_refusal_is_malformed_or_forbidden(phone: Phone) -> None:
    for body in (b"", b"<plist/>", b"bplist00", plistlib.dumps({"MessageType": "TokenUpdate", "UDID": phone.udid})):
        assert phone.send("/apple/checkin", body, {"content-type": CHECKIN}).status == 400
        assert phone.send("/apple/connect", body).status == 400


def test_audit_names_no_secret(house: House, phone: Phone) -> None:
    phone.token_update(UnlockToken=b"canary")
    trail = [entry for shard in range(64) for entry in house.store.collect(AuditEntry, str(shard)).items]
    assert {"device.authenticated", "device.enrolled", "escrow.stored"} <= {entry.event.action for entry in trail}
    assert "canary" not in repr(trail)
    assert b"canary".hex() not in repr(trail)
