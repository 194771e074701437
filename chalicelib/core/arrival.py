"""A device arrives: it says who it is, and the enrollment is bound to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chalicelib.core import escrow, ids
from chalicelib.core.channels import ending
from chalicelib.core.errors import Forbidden
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Poll, Replace
from chalicelib.core.queue import clear_queue
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import SYSTEM, event
from chalicelib.model.device import Device, DeviceStatus, Identifier, Ownership, Platform
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus, Invitation

FORMER_ENROLLMENTS = 20


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
            *(ending(house, former, "replaced") if former else ()),
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
