"""Access, escrow, inventory, devices, reports and wake-ups: what people may do and what is kept."""

import csv
import io
import json

import pytest

from chalicelib.core import access, channels, commands, delivery, devices, enrollment, escrow, inventory, reports, wake
from chalicelib.core.errors import BadRequest, Conflict, Corrupt, Forbidden, NotFound, TooLarge, Unauthenticated
from chalicelib.core.house import House
from chalicelib.core.ports import PushRefused
from chalicelib.model.device import Device, DeviceStatus, Identifier
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.people import Principal, Role
from chalicelib.model.records import Report, ReportState
from chalicelib.model.secret import Secret
from chalicelib.storage.memory.house import memory_house
from tests.unit.core.conftest import ADMIN, AUDITOR, HELPDESK, TOKEN, Clock, PlainPlatform, enroll


def test_an_unknown_permission_is_denied_to_everybody() -> None:
    for role in Role:
        with pytest.raises(Forbidden):
            access.authorize(Principal("x", role, person=True), "device.explode")


def test_grave_permissions_need_a_person() -> None:
    for permission in access.PERSON_ONLY:
        access.authorize(ADMIN, permission)
        with pytest.raises(Forbidden, match="person"):
            access.authorize(TOKEN, permission)


def test_a_token_speaks_until_it_expires_or_is_revoked(house: House, clock: Clock) -> None:
    house.identities.create_user(ADMIN.name, Secret("x"), Role.ADMIN)
    token, secret = access.create_token(house, ADMIN, "ci", Role.AUDITOR, 30)
    assert secret not in repr(token)
    principal = access.identify(house, secret)
    assert (principal.role, principal.person) == (Role.AUDITOR, False)
    with pytest.raises(Unauthenticated):
        access.identify(house, secret + "x")
    access.revoke_token(house, ADMIN, token.id)
    with pytest.raises(Unauthenticated):
        access.identify(house, secret)
    _, second = access.create_token(house, ADMIN, "ci", Role.AUDITOR, 1)
    clock.forward(86_400)
    with pytest.raises(Unauthenticated):
        access.identify(house, second)
    with pytest.raises(Forbidden):
        access.create_token(house, TOKEN, "child", Role.AUDITOR, 1)


@pytest.mark.parametrize(
    ("role", "enabled", "speaks"),
    [
        (Role.ADMIN, True, {Role.ADMIN, Role.HELPDESK, Role.AUDITOR}),
        (Role.ADMIN, False, set()),
        (Role.HELPDESK, True, {Role.HELPDESK}),  # an auditor reads the trail, the helpdesk does not
        (Role.AUDITOR, True, {Role.AUDITOR}),
        (None, True, set()),
    ],
)
def test_a_token_has_no_more_than_its_creator_has_left(
    house: House, clock: Clock, role: Role | None, enabled: bool, speaks: set[Role]
) -> None:
    house.identities.create_user(ADMIN.name, Secret("x"), Role.ADMIN)
    tokens = {wanted: access.create_token(house, ADMIN, "ci", wanted, 30)[1] for wanted in Role}
    for wanted, token in tokens.items():
        assert access.identify(house, token).role is wanted
    house.identities.change_user(ADMIN.name, role=role, enabled=enabled)
    clock.forward(access.ROLE_LIVES)
    assert {wanted for wanted, token in tokens.items() if _speaks(house, token)} == speaks


def _speaks(house: House, token: str) -> bool:
    try:
        return bool(access.identify(house, token))
    except Unauthenticated:
        return False


def test_the_directory_is_asked_once_a_minute_and_house(house: House, clock: Clock) -> None:
    house.identities.create_user(ADMIN.name, Secret("x"), Role.ADMIN)
    _, token = access.create_token(house, ADMIN, "ci", Role.ADMIN, 30)
    asked: list[str] = []
    role_of = house.identities.role_of
    house.identities.role_of = lambda username: asked.append(username) or role_of(username)
    for _ in range(119):
        access.identify(house, token)
        clock.forward(1)
    assert asked == [ADMIN.name] * 2
    other = memory_house(clock=clock)
    _, stranger = access.create_token(other, ADMIN, "ci", Role.ADMIN, 30)
    assert not _speaks(other, stranger), "there is no such account in that directory"
    house.identities.delete_user(ADMIN.name)
    clock.forward(60)
    assert not _speaks(house, token)


def test_escrow_only_adds_versions_and_each_opens(house: House) -> None:
    device = enroll(house)
    for value in (b"one", b"two", b"two", b"three"):
        escrow.put(house, device.id, "recovery_lock", Secret(value))
    held = escrow.versions(house, device.id, "recovery_lock")
    assert [escrow.open_version(house, v).reveal() for v in held] == [b"one", b"two", b"three"]
    assert escrow.current(house, device.id, "recovery_lock") == Secret(b"three")


def test_a_secret_is_current_when_the_device_confirms_it(house: House) -> None:
    owner = enroll(house).id
    house.store.commit(escrow.sealing(house, owner, "recovery_lock", Secret(b"old"), note="c1"))
    house.store.commit(escrow.sealing(house, owner, "recovery_lock", Secret(b"new"), confirmed=False, note="c2"))
    assert escrow.current(house, owner, "recovery_lock") == Secret(b"old")
    assert escrow.noted(house, owner, "recovery_lock", "c2") == Secret(b"new")
    assert escrow.confirming(house, owner, "recovery_lock", "c1") == ()
    house.store.commit(*escrow.confirming(house, owner, "recovery_lock", "c2"))
    assert escrow.current(house, owner, "recovery_lock") == Secret(b"new")


def test_attempts_that_were_never_confirmed_do_not_hide_the_secret_in_use(house: House) -> None:
    owner = enroll(house).id
    house.store.commit(escrow.sealing(house, owner, "recovery_lock", Secret(b"in use")))
    for number in range(escrow.RECENT + 5):
        house.store.commit(escrow.sealing(house, owner, "recovery_lock", Secret(b"tried %d" % number), confirmed=False))
    assert escrow.current(house, owner, "recovery_lock") == Secret(b"in use")


def test_a_swapped_ciphertext_does_not_open(house: House) -> None:
    device, other = enroll(house), enroll(house, "2", "UDID-2", "SERIAL-2")
    escrow.put(house, device.id, "lock_pin", Secret(b"123456"))
    stolen = escrow.versions(house, device.id, "lock_pin")[0]
    for context in ((other.id, "lock_pin", 1), (device.id, "recovery_lock", 1), (device.id, "lock_pin", 2)):
        with pytest.raises(Corrupt):
            house.vault.open(stolen.sealed, escrow._context(*context))


def test_a_reveal_needs_a_reason_and_leaves_a_trace(house: House) -> None:
    device = enroll(house)
    escrow.put(house, device.id, "lock_pin", Secret(b"123456"))
    with pytest.raises(BadRequest):
        escrow.reveal(house, ADMIN, device.id, "lock_pin", "short")
    for principal in (AUDITOR, TOKEN):
        with pytest.raises(Forbidden):
            escrow.reveal(house, principal, device.id, "lock_pin", "the user forgot it")
    with pytest.raises(NotFound):
        escrow.reveal(house, ADMIN, device.id, "bootstrap_token", "the user forgot it")
    secret = escrow.reveal(house, HELPDESK, device.id, "lock_pin", "the user forgot it")
    assert (secret.reveal(), str(secret), repr(secret)) == (b"123456", "***", "***")
    from chalicelib.core import audit

    entry = audit.recent(house, ADMIN, 50)
    assert any(e.event.action == "escrow.revealed" and e.event.actor == "user:hugo" for e in entry)


def test_unchanged_inventory_costs_no_write(house: House) -> None:
    device = enroll(house)
    assert inventory.record(house, device.id, "apps", [{"name": "Mail"}])
    inventory.merge(house, device.id, attributes={"name": "Phone"}, facts={"encrypted": True})
    house.store.meter.reset()
    assert not inventory.record(house, device.id, "apps", [{"name": "Mail"}])
    inventory.merge(house, device.id, attributes={"name": "Phone"}, facts={"encrypted": True})
    assert house.store.meter.total("dynamodb").write_units == 0
    assert inventory.read(house, device.id)["apps"]["body"] == [{"name": "Mail"}]


def test_a_report_and_a_person_may_change_the_same_record_at_once(house: House) -> None:
    known = inventory.merge(house, enroll(house).id, attributes={"name": "Phone"})
    inventory.merge(house, known.id, facts={"encrypted": True})
    merged = inventory.merge(house, known.id, facts={"sip": True}, known=known)
    assert merged.facts == {"encrypted": True, "sip": True}
    assert house.store.get(Device, known.id) == merged


def test_a_large_inventory_lies_in_the_blob_store(house: House) -> None:
    import random

    device = enroll(house)
    apps = [{"id": f"{random.Random(n).getrandbits(160):x}"} for n in range(600)]
    inventory.record(house, device.id, "apps", apps)
    assert inventory.section(house, device.id, "apps") == apps
    assert any(key.startswith(f"inventory/{device.id}/apps.") for key in house.blobs.files)


def test_a_monstrous_inventory_is_left_out_and_hides_nothing(house: House) -> None:
    device = enroll(house)
    inventory.record(house, device.id, "apps", ["x" * inventory.LARGEST])
    inventory.record(house, device.id, "profiles", [])
    kept = inventory.read(house, device.id)
    assert "omitted" in kept["apps"]["body"]
    assert kept["profiles"]["body"] == []


def test_repeated_inventories_take_one_place(house: House) -> None:
    import random

    device = enroll(house)
    for seed in range(3):
        inventory.record(house, device.id, "apps", [f"{random.Random(seed).getrandbits(90_000):x}"])
    assert len([key for key in house.blobs.files if key.startswith("inventory/")]) == 1


def test_a_secret_of_a_device_is_bounded(house: House) -> None:
    with pytest.raises(TooLarge):
        escrow.put(house, enroll(house).id, "unlock_token", Secret(b"x" * (escrow.LARGEST + 1)))


def test_the_cost_of_a_new_version_does_not_grow(house: House) -> None:
    owner = enroll(house).id
    costs = []
    for number in range(60):
        house.store.meter.reset()
        escrow.put(house, owner, "unlock_token", Secret(b"%05d" % number * 100))
        costs.append(house.store.meter.total("dynamodb").read_units)
    assert max(costs[30:]) == costs[30]


def test_last_seen_is_written_three_times_a_day(house: House, clock: Clock) -> None:
    device = enroll(house)
    poll = inventory.touch(house, enrollment.recognise(house, device.enrollment_id, "fp-1"))
    assert not poll.enrollment.fresh
    house.store.meter.reset()
    for _ in range(24 * 60):
        clock.forward(60)
        poll = inventory.touch(house, poll)
    assert house.store.meter.total("dynamodb").write_units == 3


def test_a_fresh_enrollment_is_noted_at_once(house: House) -> None:
    device = enroll(house)
    poll = inventory.touch(house, enrollment.recognise(house, device.enrollment_id, "fp-1"))
    channels.enable(house, poll, push={"topic": "com.apple.mgmt.x", "token": "cd", "magic": "magic"})
    again = enrollment.recognise(house, device.enrollment_id, "fp-1")
    assert again.enrollment.fresh
    assert not inventory.touch(house, again).enrollment.fresh


def test_retire_asks_the_device_and_keeps_the_record(house: House) -> None:
    device = enroll(house)
    ping = commands.request(house, ADMIN, device.id, "ping", {})
    assert devices.retire(house, ADMIN, device.id, "left the company").status is DeviceStatus.RETIRED
    assert commands.get(house, device.id, ping.id).state.value == "cancelled"
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")
    command, _ = delivery.next_command(house, poll, skip_deferred=False) or pytest.fail("none")
    assert command.request_type == "RemoveProfile"
    with pytest.raises(Conflict):
        devices.delete(house, ADMIN, device.id)
    channels.leave(house, house.store.get(Enrollment, device.enrollment_id), "checked out")
    assert house.store.get(Device, device.id).status is DeviceStatus.RETIRED
    devices.delete(house, ADMIN, device.id)
    assert house.store.find(Device, device.id) is None
    assert house.store.find(Identifier, "udid", "UDID-1") is None
    assert enroll(house, "2").id != device.id


def test_update_knows_the_version(house: House) -> None:
    device = enroll(house)
    changed = devices.update(house, ADMIN, device.id, owner="ada@example.com", groups=["a", "a", "b"])
    assert (changed.owner, changed.groups) == ("ada@example.com", ("a", "b"))
    with pytest.raises(Conflict):
        devices.update(house, ADMIN, device.id, owner="x", expected_version=device.version)
    with pytest.raises(Forbidden):
        devices.update(house, HELPDESK, device.id, owner="x")


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "\rx", "\n=1", 'a"b,c'])
def test_reports_are_safe_in_a_spreadsheet(house: House, name: str) -> None:
    device = enroll(house)
    devices.update(house, ADMIN, device.id, name=name)
    report = reports.build(house, reports.request(house, AUDITOR, "inventory").id)
    body, _ = house.blobs.files[report.files["csv"]]
    rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert rows[0]["serial"] == "SERIAL-1"
    assert rows[0]["name"][0] not in "=+-@\t\r\n"
    lines, _ = house.blobs.files[report.files["jsonl"]]
    assert json.loads(lines)["name"] == name


def test_a_report_is_built_once(house: House) -> None:
    enroll(house)
    asked = reports.request(house, AUDITOR, "posture")
    with pytest.raises(Conflict):
        reports.link(house, AUDITOR, asked.id)
    reports.build(house, asked.id)
    house.store.meter.reset()
    assert reports.build(house, asked.id).state is ReportState.READY
    assert house.store.meter.total("dynamodb").write_units == 0
    assert house.store.get(Report, asked.id).rows == 3
    assert reports.link(house, AUDITOR, asked.id, "jsonl")
    with pytest.raises(BadRequest, match="known: inventory"):
        reports.request(house, AUDITOR, "weather")


def test_what_the_push_service_says_is_acted_on(house: House, platform: PlainPlatform) -> None:
    device = enroll(house)
    assert wake.wake(house, [device.enrollment_id, "unknown"]) == {}
    platform.refusal = PushRefused("TooManyRequests")
    assert set(wake.wake(house, [device.enrollment_id])) == {device.enrollment_id}
    platform.refusal = PushRefused("Unregistered", gone=True)
    assert wake.wake(house, [device.enrollment_id]) == {}
    platform.woken.clear()
    assert wake.wake(house, [device.enrollment_id]) == {}
    assert platform.woken == []
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")
    channels.enable(house, poll, push={"topic": "com.apple.mgmt.x", "token": "cd", "magic": "magic"})
    platform.refusal = None
    wake.wake(house, [device.enrollment_id])
    assert platform.woken == [device.enrollment_id]
