"""The fleet as people see it: list, look up, assign, retire, delete."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.core import access, channels, commands
from chalicelib.core.errors import BadRequest, Conflict
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Page, Remove, Replace
from chalicelib.core.queue import clear_queue
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.device import Device, DeviceStatus, Identifier, Inventory, Ownership
from chalicelib.model.enrollment import Declaration, Enrollment, EnrollmentStatus
from chalicelib.model.finding import Finding
from chalicelib.model.people import Principal

GROUPS_MAX = 50


@dataclass(frozen=True, slots=True)
class Seen:
    """A device with its current enrollment, which knows when it was last heard of."""

    device: Device
    enrollment: Enrollment | None

    @property
    def last_seen(self) -> int:
        return self.enrollment.seen_at if self.enrollment else 0


def listing(house: House, principal: Principal, limit: int = 50, cursor: str = "") -> Page[Seen]:
    access.authorize(principal, "device.read")
    page = house.store.listing(Device, limit=limit, cursor=cursor)
    return Page(with_enrollments(house, page.items), page.cursor)


def with_enrollments(house: House, devices: Sequence[Device]) -> tuple[Seen, ...]:
    """One batch read for up to 100 devices."""
    wanted = {device.enrollment_id for device in devices if device.enrollment_id}
    found = {e.id: e for e in house.store.get_many(Enrollment, *wanted)} if wanted else {}
    return tuple(Seen(device, found.get(device.enrollment_id)) for device in devices)


def view(house: House, principal: Principal, device_id: str) -> Seen:
    access.authorize(principal, "device.read")
    device = house.store.get(Device, device_id)
    return with_enrollments(house, (device,))[0]


def update(
    house: House,
    principal: Principal,
    device_id: str,
    *,
    owner: str | None = None,
    groups: Sequence[str] | None = None,
    ownership: Ownership | None = None,
    name: str | None = None,
    expected_version: int | None = None,
) -> Device:
    """Stale where `expected_version` is given and the record has moved on."""
    access.authorize(principal, "device.write")
    if groups is not None and len(groups) > GROUPS_MAX:
        raise BadRequest(f"A device is in at most {GROUPS_MAX} groups.")
    asked: dict[str, Any] = {"owner": owner, "ownership": ownership, "name": name}
    asked["groups"] = None if groups is None else tuple(dict.fromkeys(groups))

    def attempt() -> Device:
        device = house.store.get(Device, device_id)
        if expected_version is not None and device.version != expected_version:
            raise Conflict("The device was changed meanwhile; read it again.")
        news = {key: value for key, value in asked.items() if value is not None and getattr(device, key) != value}
        if news.get("ownership") is Ownership.CORPORATE and device.personal_by_nature:
            raise Conflict("Only the work part of this device is managed: it stays personal until it enrolls anew.")
        if not news:
            return device
        details = {key: str(value) for key, value in news.items()}
        what = event(house, principal, "device.updated", f"device:{device_id}", **details)
        house.store.commit(Replace(replace(device, **news)), audit=what)
        return replace(device, **news, version=device.version + 1)

    return retry_stale(attempt)


def retire(house: House, principal: Principal, device_id: str, reason: str = "", *, now: bool = False) -> Device:
    """Ends the management, keeps the record. The device is asked to remove its profile; its certificate is revoked when
    it has, or at once with `now` (then the profile stays on it until its user removes it)."""
    access.authorize(principal, "device.retire")
    device = house.store.get(Device, device_id)
    current = house.store.find(Enrollment, device.enrollment_id)
    if not now and device.status is not DeviceStatus.RETIRED:
        _removal(house, device, principal)  # a platform that refuses does so before anything is changed
    if current is not None and current.live:
        clear_queue(house, current, "The device was retired.")

    def attempt() -> Device:
        held = house.store.get(Device, device_id)
        if held.status is DeviceStatus.RETIRED:
            return held
        removal = None if now else _removal(house, held, principal)
        asked = removal is not None
        what = event(house, principal, "device.retired", f"device:{device_id}", reason=reason, removal=asked)
        retired = replace(held, status=DeviceStatus.RETIRED)
        house.store.commit(Replace(retired), *((removal,) if removal else ()), audit=what)
        return replace(retired, version=held.version + 1)

    retired = retry_stale(attempt)
    if current is not None and (now or current.status is not EnrollmentStatus.ENABLED):
        channels.leave(house, current, "retired")
    return retired


def _removal(house: House, device: Device, principal: Principal) -> Change | None:
    current = house.store.find(Enrollment, device.enrollment_id)
    if current is None or current.status is not EnrollmentStatus.ENABLED:
        return None
    return commands.queue_removal(house, device, principal)


def delete(house: House, principal: Principal, device_id: str, reason: str = "") -> None:
    """Removes the record of a device that has left. Its audit entries stay, and so do its escrowed secrets."""
    access.authorize(principal, "device.delete")

    def attempt() -> None:
        device = house.store.get(Device, device_id)
        current = house.store.find(Enrollment, device.enrollment_id)
        if current is not None and current.live:
            raise Conflict(
                "The device is still managed; retire it first and wait until it has left (or retire it with now)."
            )
        what = event(house, principal, "device.deleted", f"device:{device_id}", reason=reason, serial=device.serial)
        house.store.commit(Remove(device), *_belongings(house, device), audit=what)

    retry_stale(attempt)


def _belongings(house: House, device: Device) -> list[Change]:
    pointers = [house.store.find(Identifier, kind, value) for kind, value in device.identifiers.items()]
    changes: list[Change] = [Remove(p) for p in pointers if p is not None and p.device_id == device.id]
    changes += [Remove(item) for item in house.store.collect(Inventory, device.id, limit=25).items]
    changes += [Remove(item) for item in house.store.collect(Finding, device.id, limit=25).items]
    changes += [Remove(item) for item in house.store.collect(Declaration, device.id, limit=25).items]
    return changes
