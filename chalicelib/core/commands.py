"""What people do with commands: ask for one, look at them, cancel one that was not sent; and how they expire.

The row is the truth; wake-ups are hints. How a command reaches its device is core/delivery.py.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.core import access, ids
from chalicelib.core.errors import Conflict, NotFound, Stale, Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import ActionSpec, Change, Create, Page, PlatformPort, Prepared
from chalicelib.core.queue import end, open_commands, payload_context
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device, DeviceStatus
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.model.people import Principal
from chalicelib.model.records import RememberedRequest

MAX_OPEN = 100  # open commands of one channel
LIFE = 30 * 86_400
RETIRE = "retire"  # the action of the command that asks a device to leave


def request(
    house: House,
    principal: Principal,
    device_id: str,
    action: str,
    params: Mapping[str, Any],
    *,
    reason: str = "",
    remember: RememberedRequest | None = None,
) -> Command:
    """Queues an action. Forbidden, NotFound, Conflict (not enrolled, queue full), Unprocessable (with the reason)."""
    access.authorize(principal, "command.request")

    def attempt() -> Command:
        device = house.store.get(Device, device_id)
        spec = _specified(house, device, action)
        access.authorize(principal, spec.permission)
        _commandable(device, spec)
        now = house.clock()
        command_id = ids.command_id(spec.priority, now)
        prepared = spec.prepare(house, device, params, command_id)
        command = _draft(house, device, spec, prepared, command_id, params)
        command = replace(command, requested_by=principal.actor, reason=reason)
        _room(house, command.enrollment_id)
        what = event(
            house,
            principal,
            "command.queued",
            f"device:{device_id}",
            command=command_id,
            action=action,
            params=dict(command.params),
            reason=reason,
        )
        remembered = (Create(remember_answer(remember, command)),) if remember else ()
        house.store.commit(Create(command), *prepared.changes, *remembered, audit=what)
        return replace(command, version=1)

    return retry_stale(attempt)


def remember_answer(remember: RememberedRequest, command: Command) -> RememberedRequest:
    return replace(remember, answer={"device_id": command.device_id, "command_id": command.id})


def _specified(house: House, device: Device, action: str) -> ActionSpec:
    platform = platform_of(house, device)
    spec = platform.action(action)
    if spec is None:
        raise Unprocessable(
            f"There is no action {action!r} for {device.platform}; known: {', '.join(platform.actions())}."
        )
    return spec


def platform_of(house: House, device: Device) -> PlatformPort:
    for platform in house.platforms.values():
        if device.platform in platform.systems:
            return platform
    raise Unprocessable(f"No platform speaks for {device.platform}.")


def _commandable(device: Device, spec: ActionSpec) -> None:
    if device.status is not DeviceStatus.ENROLLED:
        raise Conflict(f"The device is {device.status}; only an enrolled device takes commands.")
    if refusal := spec.refusal(device):
        raise Unprocessable(refusal)


def _room(house: House, enrollment_id: str) -> None:
    poll = house.store.poll(enrollment_id, MAX_OPEN)
    if poll is None or poll.enrollment.status is not EnrollmentStatus.ENABLED:
        raise Conflict("The channel is not enrolled; wait until the device (or user) has checked in.")
    if len(poll.queue) >= MAX_OPEN:
        raise Conflict(f"{MAX_OPEN} commands wait for this device already; cancel some, or wait until it checks in.")


def _draft(
    house: House, device: Device, spec: ActionSpec, prepared: Prepared, command_id: str, params: Mapping[str, Any]
) -> Command:
    now = house.clock()
    channel = f"{device.enrollment_id}:{prepared.user_channel}" if prepared.user_channel else device.enrollment_id
    payload = prepared.payload.reveal()
    if prepared.secret:
        payload = house.vault.seal(prepared.payload, payload_context(channel, command_id))
    return Command(
        id=command_id,
        enrollment_id=channel,
        device_id=device.id,
        action=spec.name,
        request_type=spec.request_type,
        payload=payload,
        sealed=prepared.secret,
        created_at=now,
        expires_at=now + LIFE,
        requested_by="",
        params=params if prepared.shown is None else prepared.shown,
        destructive=spec.destructive,
        once=spec.once,
        parks=spec.parks,
    )


def channels(house: House, device: Device) -> list[str]:
    """Every channel that ever held commands for the device: current, its users, former ones."""
    ids = (device.enrollment_id, *device.former_enrollments)
    users = {each.id: each.user_channels for each in house.store.get_many(Enrollment, *ids)}
    return [channel for enrollment_id in ids for channel in (enrollment_id, *users.get(enrollment_id, ()))]


def get(house: House, device_id: str, command_id: str) -> Command:
    for channel in channels(house, house.store.get(Device, device_id)):
        if command := house.store.find(Command, channel, command_id):
            return command
    raise NotFound("This device has no such command.")


def history(house: House, device_id: str, limit: int = 50) -> Page[Command]:
    """Open commands first, then finished ones, the newest first; at most `limit` of them."""
    device = house.store.get(Device, device_id)
    waiting: list[Command] = []
    done: list[Command] = []
    for channel in channels(house, device):
        waiting += open_commands(house, channel)
        done += house.store.collect(Command, channel, limit=limit, newest=True).items
    done.sort(key=lambda command: command.finished_at, reverse=True)
    return Page(tuple([*waiting, *done][:limit]))


def cancel(house: House, principal: Principal, device_id: str, command_id: str) -> Command:
    """Conflict once it was sent: cancelled before it is sent means never delivered."""
    access.authorize(principal, "command.cancel")

    def attempt() -> Command:
        command = get(house, device_id, command_id)
        if command.state not in (CommandState.QUEUED, CommandState.PARKED, CommandState.AWAITING_APPROVAL):
            raise Conflict(f"The command is {command.state}; only one that has not been sent can be cancelled.")
        if command.destructive or command.action == RETIRE:
            access.authorize(principal, "command.destructive")
        return end(house, command, CommandState.CANCELLED, "Cancelled.", actor=principal)

    return retry_stale(attempt)


def expire(house: House, enrollment_id: str) -> int:
    """Ends the commands of a channel whose time is over; how many."""
    now, expired = house.clock(), 0
    for command in open_commands(house, enrollment_id):
        if command.expires_at <= now:
            try:
                end(house, command, CommandState.EXPIRED, "The device did not answer in time.")
            except Stale:
                continue
            expired += 1
    return expired


def queue_removal(house: House, device: Device, principal: Principal) -> Change | None:
    """The command that asks a device to leave by itself, ready to commit; None where the platform cannot."""
    now = house.clock()
    command_id = ids.command_id(1, now)
    removal = platform_of(house, device).removal(house, device, command_id)
    if removal is None:
        return None
    request_type, payload = removal
    return Create(
        Command(
            id=command_id,
            enrollment_id=device.enrollment_id,
            device_id=device.id,
            action=RETIRE,
            request_type=request_type,
            payload=payload,
            created_at=now,
            expires_at=now + LIFE,
            requested_by=principal.actor,
        )
    )
