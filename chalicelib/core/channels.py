"""The channels of an enrollment, the device's and its users': enabled by a push token, ended when the device leaves."""

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.core.errors import Forbidden
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Poll, Replace
from chalicelib.core.queue import clear_queue
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.device import Device, DeviceStatus
from chalicelib.model.enrollment import Certificate, Enrollment, EnrollmentStatus

USER_CHANNELS = 20


def enable(
    house: House, poll: Poll, push: Mapping[str, str], *, awaiting_configuration: bool | None = None
) -> Enrollment:
    """The device channel can be commanded from now on, and woken where `push` says how in the platform's terms."""

    def attempt() -> Enrollment:
        enrollment = house.store.get(Enrollment, poll.enrollment.id)
        if not enrollment.live:
            raise Forbidden("Authenticate first.")
        updated = _pushable(house, enrollment, push)
        if awaiting_configuration is not None:
            updated = replace(updated, awaiting_configuration=awaiting_configuration)
        if updated == enrollment:
            return enrollment
        device = house.store.get(Device, enrollment.device_id)
        if device.status is not DeviceStatus.PENDING:
            return house.store.replace(updated)
        arrived = replace(device, status=DeviceStatus.ENROLLED, enrolled_at=house.clock())
        what = event(
            house,
            f"device:{device.id}",
            "device.enrolled",
            f"device:{device.id}",
            enrollment=enrollment.id,
            ownership=device.ownership.value,
        )
        house.store.commit(Replace(updated), Replace(arrived), audit=what)
        return replace(updated, version=updated.version + 1)

    return retry_stale(attempt)


def _pushable(house: House, enrollment: Enrollment, push: Mapping[str, str]) -> Enrollment:
    known = {name: value for name, value in enrollment.push.items() if name != "at"} == push
    if known and enrollment.status is EnrollmentStatus.ENABLED and not enrollment.push_failed_at:
        return enrollment
    first = enrollment.status is not EnrollmentStatus.ENABLED
    due = house.clock() if first else enrollment.inventory_due
    return replace(
        enrollment,
        status=EnrollmentStatus.ENABLED,
        push={**push, "at": str(house.clock())},
        push_failed_at=0,
        fresh=True,
        inventory_due=due,
        declarative=enrollment.declarative and not first,
    )


def enable_user(house: House, poll: Poll, push: Mapping[str, str], *, user_id: str, user_name: str) -> Enrollment:
    """The same for a user channel of an enrolled device: the user becomes a channel, never a device."""

    def attempt() -> Enrollment:
        parent = house.store.get(Enrollment, poll.enrollment.device_channel)
        if parent.status is not EnrollmentStatus.ENABLED:
            raise Forbidden("The device channel is not enrolled yet.")
        channel_id = f"{parent.id}:{user_id}"
        known = house.store.find(Enrollment, channel_id)
        if known is None and len(parent.user_channels) >= USER_CHANNELS:
            raise Forbidden(f"A device has at most {USER_CHANNELS} user channels.")
        base = known or Enrollment(
            id=channel_id,
            status=EnrollmentStatus.AUTHENTICATED,
            platform=parent.platform,
            fingerprints=parent.fingerprints,
            invitation_id=parent.invitation_id,
            created_at=house.clock(),
            device_id=parent.device_id,
            hardware_id=parent.hardware_id,
            user_id=user_id,
        )
        channel = replace(_pushable(house, base, push), user_name=user_name, fingerprints=parent.fingerprints)
        if channel == known:
            return known
        listed = replace(parent, user_channels=(*parent.user_channels, channel_id))
        joining: tuple[Change, ...] = () if channel_id in parent.user_channels else (Replace(listed),)
        what = event(
            house, f"device:{parent.device_id}", "user.enabled", f"device:{parent.device_id}", channel=channel_id
        )
        house.store.commit(Replace(channel) if known else Create(channel), *joining, audit=what)
        return replace(channel, version=channel.version + 1)

    return retry_stale(attempt)


def leave(house: House, enrollment: Enrollment, reason: str) -> None:
    """Ends an enrollment: check-out, acknowledged erase, retirement. A device channel takes its users with it."""
    clear_queue(house, enrollment, f"The enrollment ended: {reason}.")

    def attempt() -> None:
        current = house.store.find(Enrollment, enrollment.id)
        if current is None or current.status is EnrollmentStatus.DISABLED:
            return
        device = house.store.find(Device, current.device_id) if current.device_id and not current.user_id else None
        gone: tuple[Change, ...] = ()
        if device and device.enrollment_id == current.id and device.status is not DeviceStatus.RETIRED:
            gone = (Replace(replace(device, status=DeviceStatus.UNENROLLED)),)
        what = event(
            house,
            f"device:{current.device_id}",
            "enrollment.ended",
            f"device:{current.device_id}",
            enrollment=current.id,
            reason=reason,
        )
        house.store.commit(*ending(house, current, reason), *gone, audit=what)

    retry_stale(attempt)


def ending(house: House, enrollment: Enrollment, reason: str) -> list[Change]:
    now = house.clock()
    changes: list[Change] = [
        Replace(
            replace(channel, status=EnrollmentStatus.DISABLED, ended_at=now, ended_reason=reason, push={}, fresh=False)
        )
        for channel in (enrollment, *users_of(house, enrollment))
        if channel.status is not EnrollmentStatus.DISABLED
    ]
    if enrollment.user_id:
        return changes
    for fingerprint in enrollment.fingerprints:
        certificate = house.store.find(Certificate, fingerprint)
        if certificate and not certificate.revoked_at:
            changes.append(Replace(replace(certificate, revoked_at=now, revocation_reason=reason)))
    return changes


def users_of(house: House, enrollment: Enrollment) -> list[Enrollment]:
    channels = (house.store.find(Enrollment, channel_id) for channel_id in enrollment.user_channels)
    return [channel for channel in channels if channel is not None]
