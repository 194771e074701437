"""A device arrives: it says who it is, and the enrollment is bound to it, or it is refused.

What a device says of itself is a claim. A certificate that is bound keeps to its device; one that is new may take a
record over only if nobody lives in it, or if its invitation says so. It takes over the record's name and history, and
nothing that others trust: what the device before it told is forgotten, and whose it was too, unless the invitation
names the device.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn

from chalicelib.core import escrow, ids
from chalicelib.core.channels import ending
from chalicelib.core.errors import NotManaged
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Poll, Remove, Replace
from chalicelib.core.queue import clear_queue
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import SYSTEM, event
from chalicelib.model.device import Device, DeviceStatus, Identifier, Inventory, Ownership, Platform
from chalicelib.model.enrollment import Declaration, Enrollment, EnrollmentStatus, Invitation

FORMER_ENROLLMENTS = 20
FIRST_DAY = 86_400  # a certificate that has not authenticated by then has to be asked for again
REFUSALS_NOTED = 3600  # a refused device that insists is written down once in so many seconds
UNIQUE = ("udid", "serial", "enrollment_id", "device_id")
SECTIONS = 50  # more than any platform's inventory has
# What a device reads that claims to be another one, whose name is for the trail and the log.
LIVE = "This device is enrolled already; ask your administrator for an invitation that replaces that enrollment."
ELSEWHERE = "Another device is known by this serial number or id; ask your administrator."


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
    ownership: Ownership | None = None  # as the service sees it that vouches for the device; else the invitation's
    capabilities: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()  # hardware ids that the service says were this very device before

    @property
    def serial(self) -> str:
        return self.identifiers.get("serial", "").upper()


@dataclass(frozen=True, slots=True)
class _Arrival:
    device: Device  # as it will be
    known: Device | None  # as it was
    former: Enrollment | None = None  # a live enrollment that ends with this one
    anew: bool = False  # with a certificate that was not bound before


def authenticate(house: House, poll: Poll, hello: Hello) -> None:
    """Binds the device. It is not yet enrolled: no push and no command before its first token update.

    Old queues are retired, the bootstrap token is dropped. NotManaged, with nothing changed, where it is refused.
    """

    def attempt() -> None:
        enrollment = house.store.get(Enrollment, poll.enrollment.id)
        arrival = _returning(house, enrollment, hello) if enrollment.device_id else _new(house, enrollment, hello)
        device, former = arrival.device, arrival.former
        for channel in (enrollment, former):
            if channel is not None:
                clear_queue(house, channel, "The device enrolled again.")
        status = EnrollmentStatus.AUTHENTICATED
        what = event(
            house,
            f"device:{device.id}",
            "device.authenticated",
            f"device:{device.id}",
            enrollment=enrollment.id,
            platform=hello.platform.value,
            model=hello.model,
            serial=device.serial,
        )
        house.store.commit(
            Replace(device) if device.version else Create(device),
            Replace(replace(enrollment, status=status, device_id=device.id, hardware_id=hello.hardware_id)),
            *_pointers(house, arrival),
            *_forgotten(house, arrival),
            *(ending(house, former, "replaced") if former else ()),
            *escrow.forgetting(house, device.id, "bootstrap_token"),
            audit=what,
        )

    retry_stale(attempt)


def _refuse(house: House, enrollment: Enrollment, reason: str, told: str = "") -> NoReturn:
    """`told` is what the device reads, if it may not read the reason."""
    if house.clock() - enrollment.refused_at >= REFUSALS_NOTED:
        what = event(house, SYSTEM, "enrollment.refused", f"enrollment:{enrollment.id}", reason=reason)
        house.store.commit(Replace(replace(enrollment, refused_at=house.clock())), audit=what)
    raise NotManaged(reason, told)


def _returning(house: House, enrollment: Enrollment, hello: Hello) -> _Arrival:
    """A device whose certificate is bound authenticates again: it must be the same one."""
    device = house.store.get(Device, enrollment.device_id)
    if enrollment.hardware_id != hello.hardware_id:
        _refuse(house, enrollment, "The certificate belongs to another device.")
    if (device.serial and hello.serial and device.serial != hello.serial) or (
        device.user_enrollment != hello.user_enrollment
    ):
        _refuse(house, enrollment, "The device is not the one that enrolled with this certificate.")
    if device.status is DeviceStatus.RETIRED or device.enrollment_id != enrollment.id:
        _refuse(house, enrollment, "The device was retired; it needs a new invitation.")
    return _Arrival(_described(device, hello), device)


def _new(house: House, enrollment: Enrollment, hello: Hello) -> _Arrival:
    invitation = house.store.find(Invitation, enrollment.invitation_id)
    if invitation is None or invitation.revoked:
        _refuse(house, enrollment, "The invitation was withdrawn.")
    if house.clock() - enrollment.created_at >= FIRST_DAY:
        _refuse(house, enrollment, "The certificate was not used within a day; enroll again.")
    if invitation.serials and hello.serial not in invitation.serials:
        _refuse(house, enrollment, "The invitation does not list this serial number.")
    known = _claimed(house, enrollment, hello)
    former = _former(house, known, enrollment, invitation, hello)
    return _Arrival(_admitted(house, known, enrollment, invitation, hello), known, former, anew=True)


def _claimed(house: House, enrollment: Enrollment, hello: Hello) -> Device | None:
    """The record that all identifiers point to, if any does. A phone's is not for a PC, whatever it calls itself."""
    found = {
        pointer.device_id for kind in UNIQUE if (pointer := _pointer(house, kind, hello.identifiers.get(kind, "")))
    }
    devices = [device for device_id in found if (device := house.store.find(Device, device_id))]
    if len(devices) > 1:
        _refuse(house, enrollment, "The device tells the identifiers of two devices.")
    if not devices:
        return None
    if _family(house, devices[0].platform) != _family(house, hello.platform):
        reason = f"Device {devices[0].id} has these identifiers and is of another platform ({devices[0].platform})."
        _refuse(house, enrollment, reason, ELSEWHERE)
    return devices[0]


def _family(house: House, system: Platform) -> str:
    """Who speaks for it; a system that nobody speaks for is its own family."""
    return next((platform.name for platform in house.platforms.values() if system in platform.systems), system)


def _pointer(house: House, kind: str, value: str) -> Identifier | None:
    return house.store.find(Identifier, kind, value.upper()) if value else None


def _former(
    house: House, device: Device | None, enrollment: Enrollment, invitation: Invitation, hello: Hello
) -> Enrollment | None:
    former = house.store.find(Enrollment, device.enrollment_id) if device else None
    if device is None or former is None or not former.live:
        return None
    if invitation.replaces != device.id and former.hardware_id not in hello.formerly:
        reason = f"Device {device.id} has a live enrollment; retire it, or invite with `replaces` set to it."
        _refuse(house, enrollment, reason, LIVE)
    return former


def _admitted(
    house: House, known: Device | None, enrollment: Enrollment, invitation: Invitation, hello: Hello
) -> Device:
    """Made anew, so that nothing is inherited but what stands here."""
    device = Device(
        id=known.id if known else ids.ulid(house.clock()),
        platform=hello.platform,
        identifiers={},
        ownership=Ownership.PERSONAL if hello.user_enrollment else hello.ownership or invitation.ownership,
        status=DeviceStatus.PENDING,
        enrollment_id=enrollment.id,
        created_at=known.created_at if known else house.clock(),
        former_enrollments=_formers(known) if known else (),
        bound_at=enrollment.created_at,
        owner=invitation.user,
        groups=tuple(dict.fromkeys(invitation.groups)),
        user_enrollment=hello.user_enrollment,
        version=known.version if known else 0,
    )
    return _described(_entrusted(device, known) if known and _named(known, invitation, hello) else device, hello)


def _formers(known: Device) -> tuple[str, ...]:
    former = (known.enrollment_id, *known.former_enrollments) if known.enrollment_id else ()
    return former[:FORMER_ENROLLMENTS]


def _named(known: Device, invitation: Invitation, hello: Hello) -> bool:
    """Whoever invited meant this very device."""
    return invitation.replaces == known.id or (hello.serial == known.serial and known.serial in invitation.serials)


def _entrusted(device: Device, known: Device) -> Device:
    groups = tuple(dict.fromkeys((*known.groups, *device.groups)))
    return replace(device, owner=device.owner or known.owner, groups=groups)


def _forgotten(house: House, arrival: _Arrival) -> list[Change]:
    """What is known of, and was meant for, whoever had the record before."""
    if not arrival.anew or arrival.known is None:
        return []
    known = arrival.known.id
    told = [Remove(row) for row in house.store.collect(Inventory, known, limit=SECTIONS).items]
    return [*told, *(Remove(row) for row in house.store.collect(Declaration, known, limit=SECTIONS).items)]


def _described(device: Device, hello: Hello) -> Device:
    told = dict(hello.identifiers) | ({"serial": hello.serial} if hello.serial else {})
    return replace(
        device,
        platform=hello.platform,
        status=DeviceStatus.PENDING,
        identifiers={**device.identifiers, **told},
        model=hello.model or device.model,
        model_name=hello.model_name or device.model_name,
        capabilities=hello.capabilities or device.capabilities,
        name=hello.name or device.name,
        os_version=hello.os_version or device.os_version,
        os_build=hello.os_build or device.os_build,
    )


def _pointers(house: House, arrival: _Arrival) -> list[Change]:
    """Identifiers point to the device that tells them now; those that it no longer tells point nowhere."""
    device, changes = arrival.device, list[Change]()
    for kind in UNIQUE:
        value, before = (
            device.identifiers.get(kind, ""),
            arrival.known.identifiers.get(kind, "") if arrival.known else "",
        )
        pointer = _pointer(house, kind, value)
        if value and pointer is None:
            changes.append(Create(Identifier(kind, value.upper(), device.id)))
        elif pointer is not None and pointer.device_id != device.id:
            changes.append(Replace(replace(pointer, device_id=device.id)))
        if before and before.upper() != value.upper() and (old := _pointer(house, kind, before)):
            changes.append(Remove(old))
    return changes
