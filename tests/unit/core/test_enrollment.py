"""Enrollment: what an invitation buys, what a certificate may speak for, and what ends it."""

import threading
from collections.abc import Callable

import pytest

from chalicelib.core import arrival, audit, channels, commands, delivery, devices, enrollment, escrow, invitations
from chalicelib.core.errors import Conflict, Forbidden, Gone, NotFound, NotManaged
from chalicelib.core.house import House
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device, DeviceStatus, Identifier, Ownership
from chalicelib.model.enrollment import Certificate, ChallengePurpose, Enrollment, EnrollmentStatus, Invitation
from chalicelib.model.secret import Secret
from tests.unit.core.conftest import ADMIN, TOKEN, Clock, certificate, enroll, hello, issued


def test_the_code_is_not_stored(house: House) -> None:
    invitation, code = invitations.create(house, ADMIN, ownership=Ownership.CORPORATE)
    assert code not in repr(invitation)
    assert invitations.open_invitation(house, code.upper()).id == invitation.id
    with pytest.raises(NotFound):
        invitations.open_invitation(house, invitation.id)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda house, clock, inv: clock.forward(8 * 86_400), "expired"),
        (lambda house, clock, inv: invitations.revoke(house, ADMIN, inv.id), "withdrawn"),
    ],
)
def test_a_spoiled_invitation_is_refused(house: House, clock: Clock, spoil: Callable[..., object], words: str) -> None:
    invitation, code = invitations.create(house, ADMIN, ownership=Ownership.CORPORATE)
    offer = invitations.offer(house, code)
    spoil(house, clock, invitation)
    with pytest.raises(Gone, match=words):
        invitations.offer(house, code)
    with pytest.raises(Forbidden):
        enrollment.issue(house, offer.challenge.reveal(), "tx", "key", lambda _: certificate("x"))


def test_uses_count_certificates_not_downloads(house: House) -> None:
    invitation, code = invitations.create(house, ADMIN, ownership=Ownership.CORPORATE, max_uses=2)
    offers = [invitations.offer(house, code) for _ in range(4)]
    for mark, offer in enumerate(offers[:2]):
        enrollment.issue(
            house, offer.challenge.reveal(), f"tx{mark}", f"k{mark}", lambda _, m=mark: certificate(str(m))
        )
    assert house.store.get(Invitation, invitation.id).uses == 2
    with pytest.raises(Forbidden, match="used up"):
        enrollment.issue(house, offers[2].challenge.reveal(), "tx", "k", lambda _: certificate("x"))
    with pytest.raises(Gone, match="used up"):
        invitations.offer(house, code)


def test_a_challenge_buys_one_certificate(house: House) -> None:
    _, code = invitations.create(house, ADMIN, ownership=Ownership.CORPORATE, max_uses=5)
    challenge = invitations.offer(house, code).challenge.reveal()
    first = enrollment.issue(house, challenge, "tx", "key", lambda _: certificate("1"))
    assert enrollment.issue(house, challenge, "tx", "key", lambda _: certificate("2")) == first
    for transaction, key in (("tx", "other"), ("other", "key")):
        with pytest.raises(Forbidden):
            enrollment.issue(house, challenge, transaction, key, lambda _: certificate("3"))


def test_a_challenge_serves_its_purpose_only(house: House) -> None:
    _, code = invitations.create(house, ADMIN, ownership=Ownership.CORPORATE)
    challenge = invitations.offer(house, code, ChallengePurpose.OTA).challenge.reveal()
    with pytest.raises(Forbidden):
        enrollment.issue(house, challenge, "tx", "key", lambda _: certificate("1"))
    passing = invitations.offer(house, code, ChallengePurpose.OTA_IDENTITY)
    enrollment.issue(house, passing.challenge.reveal(), "tx", "key", lambda _: certificate("1"))
    assert invitations.open_invitation(house, code).uses == 0
    with pytest.raises(Forbidden):
        enrollment.recognise(house, passing.enrollment_id, "fp-1")


def test_two_at_once_get_one_certificate(house: House) -> None:
    invitation, code = invitations.create(house, ADMIN, ownership=Ownership.CORPORATE, max_uses=5)
    challenge = invitations.offer(house, code).challenge.reveal()
    barrier, results = threading.Barrier(4), []

    def rush(number: int) -> None:
        barrier.wait()
        try:
            make = certificate(str(number))
            results.append(enrollment.issue(house, challenge, f"tx{number}", f"k{number}", lambda _: make))
        except Forbidden:
            results.append(None)

    threads = [threading.Thread(target=rush, args=(n,)) for n in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len([r for r in results if r]) == 1
    assert house.store.get(Invitation, invitation.id).uses == 1


def test_a_challenge_lives_an_hour(house: House, clock: Clock) -> None:
    _, code = invitations.create(house, ADMIN, ownership=Ownership.CORPORATE)
    challenge = invitations.offer(house, code).challenge.reveal()
    clock.forward(3600)
    with pytest.raises(Forbidden):
        enrollment.issue(house, challenge, "tx", "key", lambda _: certificate("1"))


def test_the_certificate_is_the_identity(house: House) -> None:
    enrollment_id = issued(house, "1")
    other_id = issued(house, "2")
    assert enrollment.recognise(house, enrollment_id, "fp-1").enrollment.id == enrollment_id
    for claimed, fingerprint in ((other_id, "fp-1"), (enrollment_id, "fp-2"), ("unknown", "fp-1")):
        with pytest.raises(Forbidden):
            enrollment.recognise(house, claimed, fingerprint)


def test_authenticate_is_not_yet_enrolled(house: House) -> None:
    enrollment_id = issued(house)
    arrival.authenticate(house, enrollment.recognise(house, enrollment_id, "fp-1"), hello())
    held = house.store.get(Enrollment, enrollment_id)
    device = house.store.get(Device, held.device_id)
    assert (held.status, device.status) == (EnrollmentStatus.AUTHENTICATED, DeviceStatus.PENDING)
    with pytest.raises(Conflict, match="pending"):
        commands.request(house, ADMIN, device.id, "ping", {})


def test_enrolled_after_the_token_update(house: House) -> None:
    device = enroll(house, user="ada@example.com", groups=("staff",))
    assert device.status is DeviceStatus.ENROLLED
    assert (device.owner, device.groups, device.serial) == ("ada@example.com", ("staff",), "SERIAL-1")


def test_a_second_token_update_writes_nothing_new(house: House) -> None:
    device = enroll(house)
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")
    house.store.meter.reset()
    channels.enable(house, poll, push={"topic": "com.apple.mgmt.x", "token": "ab", "magic": "magic"})
    assert house.store.meter.total("dynamodb").write_units == 0


def test_a_serial_that_is_not_invited_is_refused(house: House) -> None:
    enrollment_id = issued(house, serials=("serial-9",))
    poll = enrollment.recognise(house, enrollment_id, "fp-1")
    with pytest.raises(Forbidden, match="serial"):
        arrival.authenticate(house, poll, hello(serial="SERIAL-1"))
    arrival.authenticate(house, poll, hello(serial="SERIAL-9"))


def test_a_certificate_serves_one_device(house: House) -> None:
    device = enroll(house)
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")
    with pytest.raises(Forbidden, match="another device"):
        arrival.authenticate(house, poll, hello(udid="UDID-2", serial="SERIAL-2"))


@pytest.mark.parametrize(("udid", "serial"), [("UDID-1", "SERIAL-1"), ("UDID-9", "SERIAL-1"), ("UDID-1", "")])
def test_a_live_device_is_not_taken_over(house: House, udid: str, serial: str) -> None:
    device = enroll(house)
    thief = issued(house, "2")
    with pytest.raises(Forbidden, match="live enrollment"):
        arrival.authenticate(house, enrollment.recognise(house, thief, "fp-2"), hello(udid, serial))
    assert house.store.get(Device, device.id) == device
    assert house.store.get(Enrollment, device.enrollment_id).live


def test_only_a_person_may_allow_the_takeover(house: House) -> None:
    device = enroll(house)
    with pytest.raises(Forbidden, match="person"):
        invitations.create(house, TOKEN, ownership=Ownership.CORPORATE, replaces=device.id)
    again = enroll(house, "2", replaces=device.id)
    assert again.id == device.id
    assert again.former_enrollments == (device.enrollment_id,)
    assert house.store.get(Enrollment, device.enrollment_id).status is EnrollmentStatus.DISABLED
    assert house.store.get(Certificate, "fp-1").revoked
    with pytest.raises(Forbidden):
        enrollment.recognise(house, device.enrollment_id, "fp-1")


def test_a_refused_arrival_changes_nothing(house: House, clock: Clock) -> None:
    device, other = enroll(house), enroll(house, "2", "UDID-2", "SERIAL-2")
    asked = commands.request(house, ADMIN, device.id, "ping", {})
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")
    for claim in (
        hello("UDID-2", "SERIAL-2"),
        hello("UDID-1", "SERIAL-2"),
        hello("UDID-1", "SERIAL-1", user_enrollment=True),
    ):
        with pytest.raises(NotManaged):
            arrival.authenticate(house, poll, claim)
    assert commands.get(house, device.id, asked.id).state is CommandState.QUEUED
    assert (house.store.get(Device, device.id), house.store.get(Device, other.id)) == (device, other)


def test_a_refused_device_that_insists_is_noted_once_an_hour(house: House, clock: Clock) -> None:
    device = enroll(house)
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")

    def refusals() -> int:
        for _ in range(5):
            with pytest.raises(NotManaged):
                arrival.authenticate(house, poll, hello("UDID-2"))
        return sum("enrollment.refused" in line for line in audit.export(house))

    assert refusals() == 1
    clock.forward(3600)
    assert refusals() == 2


def test_serial_numbers_are_compared_whatever_their_case(house: House) -> None:
    device = enroll(house)
    thief = issued(house, "2")
    with pytest.raises(NotManaged, match="live enrollment"):
        arrival.authenticate(house, enrollment.recognise(house, thief, "fp-2"), hello("UDID-9", "serial-1"))
    assert house.store.get(Device, device.id) == device


def test_identifiers_of_two_devices_are_refused(house: House) -> None:
    enroll(house)
    second = enroll(house, "2", "UDID-2", "SERIAL-2", replaces="")
    mixed = issued(house, "3", replaces=second.id)
    with pytest.raises(NotManaged, match="two devices"):
        arrival.authenticate(house, enrollment.recognise(house, mixed, "fp-3"), hello("UDID-2", "SERIAL-1"))


def test_identifiers_point_to_what_the_device_tells_now(house: House) -> None:
    device = enroll(house)
    channels.leave(house, house.store.get(Enrollment, device.enrollment_id), "erased")
    again = enroll(house, "2", "UDID-9", "serial-1")
    assert (again.id, again.serial) == (device.id, "SERIAL-1")
    assert house.store.find(Identifier, "udid", "UDID-1") is None
    assert house.store.get(Identifier, "udid", "UDID-9").device_id == device.id


def test_a_withdrawn_invitation_stops_certificates_that_were_not_used(house: House, clock: Clock) -> None:
    invitation, code = invitations.create(house, ADMIN, ownership=Ownership.CORPORATE, max_uses=2)
    for mark, spoil in (
        ("1", lambda: clock.forward(86_400)),
        ("2", lambda: invitations.revoke(house, ADMIN, invitation.id)),
    ):
        offer = invitations.offer(house, code)
        made = certificate(mark)
        enrollment.issue(house, offer.challenge.reveal(), f"tx-{mark}", f"key-{mark}", lambda _, made=made: made)
        poll = enrollment.recognise(house, offer.enrollment_id, f"fp-{mark}")
        spoil()
        with pytest.raises(NotManaged):
            arrival.authenticate(house, poll, hello(f"UDID-{mark}", f"SERIAL-{mark}"))


def test_a_device_does_not_undo_its_retirement(house: House) -> None:
    device = enroll(house)
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")
    devices.retire(house, ADMIN, device.id)
    with pytest.raises(NotManaged, match="retired"):
        arrival.authenticate(house, poll, hello())
    command, _ = delivery.next_command(
        house, enrollment.recognise(house, device.enrollment_id, "fp-1"), skip_deferred=False
    ) or pytest.fail("the removal is gone")
    assert command.action == "retire"


def test_secrets_of_an_earlier_enrollment_are_not_for_the_next(house: House, clock: Clock) -> None:
    device = enroll(house)
    escrow.put(house, device.id, "recovery_lock", Secret(b"old"))
    channels.leave(house, house.store.get(Enrollment, device.enrollment_id), "checked out")
    clock.forward(60)
    again = enroll(house, "2")
    assert again.id == device.id
    assert escrow.current(house, again.id, "recovery_lock", since=again.bound_at) is None
    assert escrow.current(house, again.id, "recovery_lock") == Secret(b"old")
    escrow.put(house, again.id, "recovery_lock", Secret(b"old"), since=again.bound_at)
    assert escrow.current(house, again.id, "recovery_lock", since=again.bound_at) == Secret(b"old")


def test_reenrollment_clears_the_queue_and_parks_what_destroys(house: House) -> None:
    device = enroll(house)
    ping = commands.request(house, ADMIN, device.id, "ping", {})
    erase = commands.request(house, ADMIN, device.id, "erase", {})
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")
    arrival.authenticate(house, poll, hello())
    channels.enable(house, poll, push={"topic": "t", "token": "cd", "magic": "m"})
    assert commands.get(house, device.id, ping.id).state is CommandState.CANCELLED
    assert commands.get(house, device.id, erase.id).state is CommandState.PARKED
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")
    assert delivery.next_command(house, poll, skip_deferred=False) is None
    commands.cancel(house, ADMIN, device.id, erase.id)


def test_authenticate_drops_the_bootstrap_token(house: House) -> None:
    device = enroll(house)
    escrow.put(house, device.id, "bootstrap_token", Secret(b"token"))
    arrival.authenticate(house, enrollment.recognise(house, device.enrollment_id, "fp-1"), hello())
    assert escrow.current(house, device.id, "bootstrap_token") is None


def test_renewal_keeps_both_certificates_until_the_next_one(house: House, clock: Clock) -> None:
    device = enroll(house)
    enrollment.renew(house, device.enrollment_id, "fp-1", lambda _: certificate("1b"))
    for fingerprint in ("fp-1", "fp-1b"):
        enrollment.recognise(house, device.enrollment_id, fingerprint)
    with pytest.raises(Forbidden, match="within the last day"):
        enrollment.renew(house, device.enrollment_id, "fp-1b", lambda _: certificate("1c"))
    clock.forward(86_400)
    enrollment.renew(house, device.enrollment_id, "fp-1b", lambda _: certificate("1c"))
    with pytest.raises(NotManaged):
        enrollment.recognise(house, device.enrollment_id, "fp-1")
    assert house.store.get(Certificate, "fp-1").revocation_reason == "superseded"
    with pytest.raises(Forbidden):
        enrollment.renew(house, device.enrollment_id, "fp-1", lambda _: certificate("x"))


def test_a_replayed_renewal_does_not_throw_the_device_out(house: House, clock: Clock) -> None:
    """A lost answer is asked for again after a day; once the new certificate has spoken, the old one renews nothing."""
    device = enroll(house)
    enrollment.renew(house, device.enrollment_id, "fp-1", lambda _: certificate("1b"))
    clock.forward(86_400)
    enrollment.renew(house, device.enrollment_id, "fp-1", lambda _: certificate("1c"))
    assert house.store.get(Certificate, "fp-1b").revoked
    enrollment.recognise(house, device.enrollment_id, "fp-1c")
    clock.forward(86_400)
    with pytest.raises(Forbidden, match="the new one is in use"):
        enrollment.renew(house, device.enrollment_id, "fp-1", lambda _: certificate("1d"))
    for fingerprint in ("fp-1", "fp-1c"):
        enrollment.recognise(house, device.enrollment_id, fingerprint)


def test_users_are_channels_not_devices(house: House) -> None:
    device = enroll(house)
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")
    user = channels.enable_user(
        house, poll, user_id="U1", user_name="ada", push={"topic": "t", "token": "ef", "magic": "m"}
    )
    assert user.id == f"{device.enrollment_id}:U1"
    assert [d.id for d in house.store.listing(Device).items] == [device.id]
    assert enrollment.recognise(house, user.id, "fp-1").enrollment.device_id == device.id


def test_leaving_takes_the_users_and_the_queue_along(house: House) -> None:
    device = enroll(house)
    poll = enrollment.recognise(house, device.enrollment_id, "fp-1")
    user = channels.enable_user(
        house, poll, user_id="U1", user_name="ada", push={"topic": "t", "token": "ef", "magic": "m"}
    )
    ping = commands.request(house, ADMIN, device.id, "ping", {})
    channels.leave(house, house.store.get(Enrollment, device.enrollment_id), "checked out")
    assert house.store.get(Device, device.id).status is DeviceStatus.UNENROLLED
    assert house.store.get(Enrollment, user.id).status is EnrollmentStatus.DISABLED
    assert house.store.get(Command, device.enrollment_id, ping.id).state is CommandState.CANCELLED
    assert house.store.get(Certificate, "fp-1").revoked
    assert enroll(house, "2").id == device.id
