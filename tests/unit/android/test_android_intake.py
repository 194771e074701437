"""Pushed reports: a device arrives, tells news, leaves; late, repeated, forged and foreign ones change nothing."""

from dataclasses import replace

import pytest

from chalicelib.core import devices, inventory, invitations
from chalicelib.core.errors import Conflict, Unauthenticated
from chalicelib.model.audit import AuditEntry
from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.model.enrollment import EnrollmentStatus, Invitation
from tests.unit.android.site import ADMIN, Site, saying, told


def facts(site: Site, name: str) -> dict[str, object]:
    return dict(site.device(name).facts)


def test_a_company_phone_arrives_with_its_invitation(site: Site) -> None:
    invitation = site.invite(user="ada@example.com", groups=("sales",))
    name = site.enroll(invitation)
    assert site.hand_over() == ["arrived", "changed"]
    site.wake(name)  # its policy asks for what the first reports do not have
    site.control.report(name)
    assert site.hand_over() == ["changed"]
    device = site.device(name)
    assert (device.platform, device.status, device.ownership) == (
        Platform.ANDROID, DeviceStatus.ENROLLED, Ownership.CORPORATE,
    )  # fmt: skip
    assert (device.owner, device.groups, device.capabilities) == ("ada@example.com", ("sales",), ("fully-managed",))
    assert device.serial
    assert device.identifiers["imei"]
    assert device.os_version.isdecimal()
    assert {"passcode_set", "encrypted", "patch_level", "api_level"} <= set(device.facts)
    assert site.house.store.get(Invitation, invitation.id).uses == 1


def test_a_work_profile_keeps_its_owner_private(site: Site) -> None:
    name = site.enroll(site.invite(Ownership.PERSONAL))
    pushes = site.take()
    site.hand_over(pushes)
    device = site.device(name)
    assert (device.ownership, device.capabilities) == (Ownership.PERSONAL, ("work-profile",))
    assert set(device.identifiers) == {"enrollment_id"}
    hidden = {"wifiMacAddress", "imei", "meid", "phoneNumber", "networkOperatorName"}
    assert not hidden & set(str(devices.view(site.house, ADMIN, device.id)).replace("'", " ").split())
    with pytest.raises(Conflict, match="stays personal"):
        devices.update(site.house, ADMIN, device.id, ownership=Ownership.CORPORATE)


def test_whose_it_is_is_what_google_reports_and_not_what_was_invited(site: Site) -> None:
    name = site.enroll(site.invite(Ownership.CORPORATE))
    pushes = [saying(each, ownership="PERSONALLY_OWNED", managementMode="PROFILE_OWNER") for each in site.take()]
    site.hand_over(pushes)
    assert site.device(name).ownership is Ownership.PERSONAL


def test_who_brings_nothing_of_ours_costs_one_read(site: Site) -> None:
    site.enroll(site.invite())
    (push, _) = site.take()
    site.hand_over([saying(push, enrollmentTokenData="")])  # reads the settings, which are believed for a minute
    site.meter.reset()
    assert site.hand_over([saying(push, enrollmentTokenData="")]) == ["refused"]
    used = site.meter.total("dynamodb")
    assert (used.calls, used.write_units) == (1, 0)


def test_the_last_state_wins_and_not_the_last_message(site: Site) -> None:
    name = site.phone()
    site.control.set(name, version="15")
    site.control.report(name)
    (first,) = site.take()
    site.control.set(name, version="16")
    site.control.report(name)
    (second,) = site.take()
    assert site.hand_over([second, first, second, saying(first)]) == ["changed", "stale", "stale", "stale"]
    assert site.device(name).os_version == "16"


def test_a_report_without_news_costs_one_read(site: Site) -> None:
    name = site.phone()
    site.control.report(name)
    site.hand_over()
    site.control.report(name)
    (push,) = site.take()
    same = saying(push, **{k: told(push).get(k) for k in ("memoryEvents", "powerManagementEvents")})
    site.hand_over([push])
    site.meter.reset()
    assert site.hand_over([saying(same, lastStatusReportTime="2199-01-01T00:00:00Z")]) == ["unchanged"]
    used = site.meter.total("dynamodb")
    assert (used.calls, used.write_units) == (1, 0)


def test_what_moves_every_day_costs_two_calls_and_few_units(site: Site) -> None:
    name = site.phone()
    site.control.report(name)
    site.hand_over()
    site.control.report(name)
    (push,) = site.take()
    events = [{"eventType": "BATTERY_LEVEL_COLLECTED", "batteryLevel": 41.5}]
    site.meter.reset()
    news = saying(push, powerManagementEvents=events, lastStatusReportTime="2199-01-01T00:00:00Z")
    assert site.hand_over([news]) == ["changed"]
    used = site.meter.total("dynamodb")
    assert used.calls <= 2
    assert used.write_units <= 6


def test_a_row_that_somebody_else_wrote_too_holds_nothing_up(site: Site) -> None:
    name = site.phone()
    inventory.record(site.house, site.device(name).id, "status", {"state": "written by somebody else"})
    (push,) = _reports(site, name)
    news = saying(push, powerManagementEvents=[{"eventType": "BATTERY_LEVEL_COLLECTED", "batteryLevel": 41.5}])
    assert site.hand_over([news]) == ["changed"]
    kept = inventory.section(site.house, site.device(name).id, "status")
    assert (kept["state"], kept["BATTERY_LEVEL_COLLECTED"]) == ("ACTIVE", 41.5)


def test_a_device_that_left_is_left(site: Site) -> None:
    name = site.phone()
    (push,) = _reports(site, name)
    assert site.hand_over([saying(push, state="DELETED", lastStatusReportTime="2199-01-01T00:00:00Z")]) == ["left"]
    assert site.device(name).status is DeviceStatus.UNENROLLED
    assert site.enrollment(name).status is EnrollmentStatus.DISABLED
    assert site.hand_over([saying(push, lastStatusReportTime="2199-01-02T00:00:00Z")]) == ["ended"]


def _reports(site: Site, name: str) -> list[dict[str, object]]:
    site.control.report(name)
    return site.take()


@pytest.mark.parametrize("why", ["used-up", "revoked", "expired", "unknown"])
def test_without_a_usable_invitation_nobody_comes_in(site: Site, why: str) -> None:
    invitation = site.invite()
    site.enroll(invitation)
    pushes = site.take()
    if why == "revoked":
        invitations.revoke(site.house, ADMIN, invitation.id)
    if why == "expired":
        site.clock.ahead = 8 * 86_400
        pushes = [each | {"headers": _fresh(site)} for each in pushes]
    if why == "used-up":
        site.house.store.replace(_spent(site, invitation))
    if why == "unknown":
        pushes = [saying(each, enrollmentTokenData="0" * 32) for each in pushes]
    assert site.hand_over(pushes) == ["refused", "refused"]
    assert site.house.store.listing(Device).items == ()


def _spent(site: Site, invitation: Invitation) -> Invitation:
    return replace(site.house.store.get(Invitation, invitation.id), uses=1)


def _fresh(site: Site) -> dict[str, str]:
    now = site.clock()
    claims = {"aud": "https://devices.example.test/google/push", "email": site.pusher, "email_verified": True}
    token = site.control.sign({"iss": "https://accounts.google.com", "iat": now, "exp": now + 600, **claims})
    return {"authorization": f"Bearer {token if isinstance(token, str) else token['token']}"}


def test_the_same_hardware_set_up_anew_is_the_same_device(site: Site) -> None:
    first = site.phone(user="ada@example.com")
    serial = site.device(first).serial
    second = site.enroll(site.invite(), serial=serial)
    site.hand_over()
    assert second != first
    assert site.device(second).id == site.device(first).id
    assert site.enrollment(first).status is EnrollmentStatus.DISABLED
    assert site.device(second).owner == ""  # the new invitation names nobody


def test_a_serial_number_that_google_does_not_vouch_for_takes_nothing_over(site: Site) -> None:
    first = site.phone()
    site.enroll(site.invite(), serial=site.device(first).serial)
    pushes = [saying(each, previousDeviceNames=[]) for each in site.take()]
    assert set(map(str, site.hand_over(pushes))) == {"refused"}
    assert site.enrollment(first).status is EnrollmentStatus.ENABLED


FORGERIES = {
    "nothing": {"authorization": ""},
    "another audience": {"aud": "https://elsewhere.example/google/push"},
    "another sender": {"email": "mallory@example.iam.gserviceaccount.com"},
    "unverified": {"email_verified": False},
    "another issuer": {"iss": "https://accounts.example.com"},
    "stale": {"iat": 1, "exp": 2},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_push_changes_nothing_and_costs_no_write(site: Site, forgery: str) -> None:
    name = site.phone()
    (push,) = _reports(site, name)
    now, changes = site.clock(), FORGERIES[forgery]
    claims = {
        "iss": "https://accounts.google.com", "aud": "https://devices.example.test/google/push", "email": site.pusher,
        "email_verified": True, "iat": now, "exp": now + 600,
    } | changes  # fmt: skip
    token = site.control.sign(claims)
    bearer = {"authorization": f"Bearer {token if isinstance(token, str) else token['token']}"}
    before = site.house.store.listing(Device).items
    site.meter.reset()
    with pytest.raises(Unauthenticated):
        site.push(push | {"headers": {} if forgery == "nothing" else bearer})
    assert site.meter.total("dynamodb").write_units == 0
    assert site.house.store.listing(Device).items == before


def test_what_is_about_another_enterprise_is_ignored(site: Site) -> None:
    name = site.phone()
    (push,) = _reports(site, name)
    foreign = saying(push, name=name.replace(site.enterprise, "enterprises/LCforeign"))
    site.meter.reset()
    assert site.hand_over([foreign]) == ["foreign"]
    assert site.meter.total("dynamodb").write_units == 0


def test_each_change_is_in_the_trail(site: Site) -> None:
    name = site.phone()
    site.control.set(name, version="16")
    site.control.report(name)
    site.hand_over()
    shards = (site.house.store.collect(AuditEntry, str(shard), limit=100).items for shard in range(16))
    actions = [e.event.action for page in shards for e in page if e.event.target == f"device:{site.device(name).id}"]
    assert actions.count("device.authenticated") == actions.count("device.enrolled") == 1
    assert "device.changed" in actions
