"""The life of an enrollment: a certificate is issued, a device authenticates, is enabled, renews and leaves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from chalicelib.core import escrow, ids, invitations
from chalicelib.core.errors import Forbidden, Gone, NotFound
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Poll, Replace
from chalicelib.core.queue import clear_queue
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import SYSTEM, event
from chalicelib.model.device import Device, DeviceStatus, Identifier, Ownership, Platform
from chalicelib.model.enrollment import (
    Certificate,
    Challenge,
    ChallengePurpose,
    Enrollment,
    EnrollmentStatus,
    Invitation,
)

SCEP_PURPOSES = frozenset({ChallengePurpose.SCEP, ChallengePurpose.OTA_IDENTITY})
FORMER_ENROLLMENTS = 20
USER_CHANNELS = 20


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    der: bytes
    fingerprint: str
    serial: str
    not_after: int


Issue = Callable[[str], IssuedCertificate]


@dataclass(frozen=True, slots=True)
class Hello:
    """What a device says of itself when it authenticates. `hardware_id` is its UDID or its EnrollmentID."""

    platform: Platform
    hardware_id: str
    identifiers: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    model_name: str = ""
    name: str = ""
    os_version: str = ""
    os_build: str = ""
    user_enrollment: bool = False


def issue(
    house: House, secret: str, transaction_id: str, key_digest: str, make: Issue, platform: str = "apple"
) -> bytes:
    """The certificate (DER) that a challenge buys, once. The same transaction and key get the same one again.

    The challenge, a use of the invitation, the certificate and the enrollment are one transaction. Forbidden.
    """

    def attempt() -> bytes:
        challenge = invitations.check_challenge(house, secret, SCEP_PURPOSES)
        if challenge.transaction_id:
            if (challenge.transaction_id, challenge.key_digest) == (transaction_id, key_digest):
                return challenge.certificate
            raise Forbidden("The challenge has been used.")
        invitation = _invitation(house, challenge)
        issued = make(challenge.enrollment_id)
        spent = replace(challenge, transaction_id=transaction_id, key_digest=key_digest, certificate=issued.der)
        house.store.commit(
            Replace(spent),
            Create(_record(issued, challenge.enrollment_id, house.clock())),
            *_admission(house, challenge, invitation, issued, platform),
            audit=event(
                house,
                SYSTEM,
                "certificate.issued",
                f"enrollment:{challenge.enrollment_id}",
                serial=issued.serial,
                fingerprint=issued.fingerprint,
                invitation=invitation.id,
            ),
        )
        return issued.der

    return retry_stale(attempt)


def _invitation(house: House, challenge: Challenge) -> Invitation:
    try:
        return invitations.usable(house.store.find(Invitation, challenge.invitation_id), house.clock())
    except (NotFound, Gone) as reason:
        raise Forbidden(str(reason)) from reason


def _record(issued: IssuedCertificate, enrollment_id: str, now: int) -> Certificate:
    return Certificate(issued.fingerprint, enrollment_id, issued.serial, issued.not_after, issued_at=now)


def _admission(
    house: House, challenge: Challenge, invitation: Invitation, issued: IssuedCertificate, platform: str
) -> tuple[Change, ...]:
    if challenge.purpose is ChallengePurpose.OTA_IDENTITY:
        return ()
    enrollment = Enrollment(
        id=challenge.enrollment_id,
        status=EnrollmentStatus.ISSUED,
        platform=platform,
        fingerprints=(issued.fingerprint,),
        invitation_id=invitation.id,
        created_at=house.clock(),
    )
    return Replace(replace(invitation, uses=invitation.uses + 1)), Create(enrollment)


def renew(house: House, enrollment_id: str, old_fingerprint: str, make: Issue) -> bytes:
    """A new certificate for a live enrollment whose current certificate asked for it; both speak for it from now on."""

    def attempt() -> bytes:
        enrollment = house.store.find(Enrollment, enrollment_id)
        if enrollment is None or not enrollment.live or old_fingerprint not in enrollment.fingerprints:
            raise Forbidden("Only the current certificate of a live enrollment can be renewed.")
        issued = make(enrollment_id)
        fingerprints = (issued.fingerprint, old_fingerprint)
        channels = [enrollment, *_users(house, enrollment)]
        house.store.commit(
            Create(_record(issued, enrollment_id, house.clock())),
            *(Replace(replace(channel, fingerprints=fingerprints)) for channel in channels),
            audit=event(
                house,
                f"device:{enrollment.device_id}",
                "certificate.renewed",
                f"enrollment:{enrollment_id}",
                serial=issued.serial,
                fingerprint=issued.fingerprint,
            ),
        )
        return issued.der

    return retry_stale(attempt)


def recognise(house: House, enrollment_id: str, fingerprint: str, limit: int = 25) -> Poll:
    """The enrollment that a verified certificate speaks for, with its queue: one store call. Forbidden."""
    poll = house.store.poll(enrollment_id, limit)
    if poll is None or fingerprint not in poll.enrollment.fingerprints:
        raise Forbidden("The certificate is not bound to an enrollment.")
    if poll.enrollment.status is EnrollmentStatus.DISABLED:
        raise Forbidden("The enrollment has ended.")
    return poll


def authenticate(house: House, poll: Poll, hello: Hello) -> None:
    """Binds the device. It is not yet enrolled: no push and no command before its first token update.

    Old queues are retired, the bootstrap token is dropped. Forbidden where another live enrollment holds the device.
    """
    clear_queue(house, poll.enrollment, "The device enrolled again.")

    def attempt() -> None:
        enrollment = house.store.get(Enrollment, poll.enrollment.id)
        invitation = house.store.get(Invitation, enrollment.invitation_id)
        _refuse_stranger(house, enrollment, invitation, hello)
        device = _known(house, hello)
        former = _former(house, device, enrollment, invitation)
        if former is not None:
            clear_queue(house, former, "The device enrolled again.")
            former = house.store.get(Enrollment, former.id)
        device = _arriving(house, device, enrollment, invitation, hello)
        bound = replace(
            enrollment, status=EnrollmentStatus.AUTHENTICATED, device_id=device.id, hardware_id=hello.hardware_id
        )
        house.store.commit(
            Replace(device) if device.version else Create(device),
            Replace(bound),
            *_new_identifiers(house, device),
            *(_ending(house, former, "replaced") if former else ()),
            *escrow.forgetting(house, device.id, "bootstrap_token"),
            audit=event(
                house,
                f"device:{device.id}",
                "device.authenticated",
                f"device:{device.id}",
                enrollment=enrollment.id,
                platform=hello.platform.value,
                model=hello.model,
                serial=device.serial,
            ),
        )

    retry_stale(attempt)


def _refuse_stranger(house: House, enrollment: Enrollment, invitation: Invitation, hello: Hello) -> None:
    serial = hello.identifiers.get("serial", "").upper()
    reason = ""
    if enrollment.hardware_id and enrollment.hardware_id != hello.hardware_id:
        reason = "The certificate belongs to another device."
    elif invitation.serials and serial not in invitation.serials:
        reason = "The invitation does not list this serial number."
    if reason:
        house.store.commit(
            audit=event(house, SYSTEM, "enrollment.refused", f"enrollment:{enrollment.id}", reason=reason)
        )
        raise Forbidden(reason)


def _known(house: House, hello: Hello) -> Device | None:
    for kind in ("enrollment_id",) if hello.user_enrollment else ("udid", "serial"):
        value = hello.identifiers.get(kind, "")
        if value and (pointer := house.store.find(Identifier, kind, value)):
            return house.store.find(Device, pointer.device_id)
    return None


def _former(house: House, device: Device | None, enrollment: Enrollment, invitation: Invitation) -> Enrollment | None:
    if device is None or device.enrollment_id == enrollment.id:
        return None
    former = house.store.find(Enrollment, device.enrollment_id)
    if former is None or not former.live:
        return None
    if invitation.replaces != device.id:
        reason = f"Device {device.id} has a live enrollment; retire it, or invite with `replaces` set to it."
        house.store.commit(audit=event(house, SYSTEM, "enrollment.refused", f"device:{device.id}", reason=reason))
        raise Forbidden(reason)
    return former


def _arriving(
    house: House, device: Device | None, enrollment: Enrollment, invitation: Invitation, hello: Hello
) -> Device:
    now = house.clock()
    if device is None:
        device = Device(
            id=ids.ulid(now),
            platform=hello.platform,
            identifiers={},
            ownership=invitation.ownership,
            status=DeviceStatus.PENDING,
            enrollment_id=enrollment.id,
            created_at=now,
        )
    former = device.former_enrollments
    if device.enrollment_id != enrollment.id:
        former = (device.enrollment_id, *former)[:FORMER_ENROLLMENTS]
    return replace(
        device,
        platform=hello.platform,
        identifiers={**device.identifiers, **hello.identifiers},
        ownership=Ownership.PERSONAL if hello.user_enrollment else invitation.ownership,
        status=DeviceStatus.PENDING,
        enrollment_id=enrollment.id,
        former_enrollments=former,
        model=hello.model or device.model,
        model_name=hello.model_name or device.model_name,
        name=hello.name or device.name,
        os_version=hello.os_version or device.os_version,
        os_build=hello.os_build or device.os_build,
        owner=invitation.user or device.owner,
        groups=tuple(dict.fromkeys((*device.groups, *invitation.groups))),
        user_enrollment=hello.user_enrollment,
    )


def _new_identifiers(house: House, device: Device) -> list[Change]:
    unique = {kind: value for kind, value in device.identifiers.items() if kind in ("udid", "serial", "enrollment_id")}
    return [
        Create(Identifier(kind, value, device.id))
        for kind, value in unique.items()
        if value and house.store.find(Identifier, kind, value) is None
    ]


def enable(
    house: House, poll: Poll, *, topic: str, token: str, magic: str, awaiting_configuration: bool | None = None
) -> Enrollment:
    """A token update on the device channel: from now on it can be woken and commanded. `token` in hex."""

    def attempt() -> Enrollment:
        enrollment = house.store.get(Enrollment, poll.enrollment.id)
        if not enrollment.live:
            raise Forbidden("Authenticate first.")
        updated = _pushable(house, enrollment, topic, token, magic)
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


def _pushable(house: House, enrollment: Enrollment, topic: str, token: str, magic: str) -> Enrollment:
    push = {"topic": topic, "token": token, "magic": magic}
    known = {name: enrollment.push.get(name) for name in push} == push
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


def enable_user(
    house: House, poll: Poll, *, user_id: str, user_name: str, topic: str, token: str, magic: str
) -> Enrollment:
    """A token update on a user channel of an enrolled device: the user becomes a channel, never a device."""

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
        channel = replace(
            _pushable(house, base, topic, token, magic), user_name=user_name, fingerprints=parent.fingerprints
        )
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
        house.store.commit(*_ending(house, current, reason), *gone, audit=what)

    retry_stale(attempt)


def _ending(house: House, enrollment: Enrollment, reason: str) -> list[Change]:
    now = house.clock()
    changes: list[Change] = [
        Replace(
            replace(channel, status=EnrollmentStatus.DISABLED, ended_at=now, ended_reason=reason, push={}, fresh=False)
        )
        for channel in (enrollment, *_users(house, enrollment))
        if channel.status is not EnrollmentStatus.DISABLED
    ]
    if enrollment.user_id:
        return changes
    for fingerprint in enrollment.fingerprints:
        certificate = house.store.find(Certificate, fingerprint)
        if certificate and not certificate.revoked_at:
            changes.append(Replace(replace(certificate, revoked_at=now, revocation_reason=reason)))
    return changes


def _users(house: House, enrollment: Enrollment) -> list[Enrollment]:
    channels = (house.store.find(Enrollment, channel_id) for channel_id in enrollment.user_channels)
    return [channel for channel in channels if channel is not None]
