"""What a finished command leaves behind: outcome, facts, inventory, escrowed secrets; one function a RequestType."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core import channels, delivery, escrow, inventory
from chalicelib.core.delivery import Outcome
from chalicelib.core.errors import BadRequest
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Poll
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple import message as wire
from chalicelib.platforms.apple import plist, readings
from chalicelib.platforms.apple.actions.queries import private
from chalicelib.platforms.apple.message import Plist
from chalicelib.platforms.apple.report import Report, Status
from chalicelib.platforms.reading import Reading


@dataclass(frozen=True, slots=True)
class Effect:
    """`changes` are committed with the end of the command; `failure` makes an acknowledged command a failed one."""

    result: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""


def take(house: House, poll: Poll, report: Report) -> Poll | None:
    """Ends the command that a report is about; None where the device is gone with it.

    A report on a command of another device, unknown or ended, changes nothing.
    """
    command = delivery.find_open(house, poll, report.command_id)
    if command is None or command.state is not CommandState.SENT:
        return poll
    if report.status is not Status.ACKNOWLEDGED:
        outcome = Outcome(CommandState.FAILED, report.error or "The device refused without giving a reason.")
        return delivery.finish(house, poll, command.id, outcome) or poll
    return _acknowledged(house, poll, command, report.answer)


def _acknowledged(house: House, poll: Poll, command: Command, answer: Plist) -> Poll | None:
    effect = _effect(house, command, answer)
    state = CommandState.FAILED if effect.failure else CommandState.ACKNOWLEDGED
    outcome = Outcome(state, effect.failure, effect.result, effect.changes)
    finished = delivery.finish(house, poll, command.id, outcome)
    if finished is None:
        return poll
    keep(house, command.device_id, Reading({}, effect.attributes, effect.facts))
    if command.request_type == "EraseDevice":
        channels.leave(house, poll.enrollment, "erased")
        return None
    return finished


def _effect(house: House, command: Command, answer: Plist) -> Effect:
    reader, effect = readings.READERS.get(command.request_type), EFFECTS.get(command.request_type)
    if reader is None and effect is None:  # most commands: the acknowledgement is all, and the device need not be read
        return Effect()
    device = house.store.get(Device, command.device_id)
    if reader is not None:
        keep(house, device.id, reader(answer, device, _managed_only(command)), device)
    return effect(house, command, device, answer) if effect else Effect()


def take_section(house: House, device_id: str, request_type: str, report: Report, section: str) -> Device:
    """The device as it is known after it."""
    device = house.store.get(Device, device_id)
    reading = readings.READERS[request_type](report.answer, device, section.startswith("managed-"))
    return keep(house, device_id, reading, device) or device


def keep(house: House, device_id: str, reading: Reading, known: Device | None = None) -> Device | None:
    """The device, where what was read is part of its record."""
    for section, body in reading.sections.items():
        inventory.record(house, device_id, section, body)
    if not reading.attributes and not reading.facts:
        return None
    return inventory.merge(house, device_id, attributes=reading.attributes, facts=reading.facts, known=known)


def _managed_only(command: Command) -> bool:
    asked = plist.read(command.payload).get("Command", {}) if not command.sealed else {}
    return asked.get("ManagedAppsOnly") is True


def _settings(house: House, command: Command, device: Device, answer: Plist) -> Effect:
    """Each item of a Settings command has a status of its own; one item is what we send."""
    said = answer.get("Settings")
    items = said if isinstance(said, list) else [said]
    for item in items:
        if isinstance(item, Mapping) and item.get("Status", "Acknowledged") != "Acknowledged":
            return Effect(failure="The device did not accept the setting.")
    if command.action == "set-device-name":
        return Effect(attributes={"name": wire.name(command.params, "name")})
    return Effect()


def _bypass_code(house: House, command: Command, device: Device, answer: Plist) -> Effect:
    code = wire.field(answer, "ActivationLockBypassCode", str, "")
    if not code:
        return Effect(failure="The device holds no bypass code; it is available for 15 days after supervision.")
    sealed = escrow.sealing(house, device.id, "bypass_code", Secret(code.encode()), note=command.id)
    return Effect({"escrowed": "bypass_code"}, (sealed,))


def _filevault_key(house: House, command: Command, device: Device, answer: Plist) -> Effect:
    from chalicelib.platforms.apple.actions import filevault

    envelope = wire.field(wire.field(answer, "RotateResult", dict, {}), "EncryptedNewRecoveryKey", bytes, b"")
    try:
        key = filevault.open_filevault_reply(house, device.id, command.id, envelope)
    except BadRequest as error:
        return Effect(failure=str(error))
    sealed = escrow.sealing(house, device.id, "filevault_key", key, note=command.id)
    return Effect({"escrowed": "filevault_key"}, (sealed,))


def _recovery_lock(house: House, command: Command, device: Device, answer: Plist) -> Effect:
    used = escrow.noted(house, device.id, "recovery_lock", command.id)
    confirmed = escrow.confirming(house, device.id, "recovery_lock", command.id)
    return Effect(changes=confirmed, facts={"recovery_lock": bool(used and used.reveal())})


def _recovery_lock_verified(house: House, command: Command, device: Device, answer: Plist) -> Effect:
    return Effect({"verified": wire.field(answer, "PasswordVerified", bool, False)})


def _location(house: House, command: Command, device: Device, answer: Plist) -> Effect:
    if private(device):
        return Effect(failure="The location of a personal device is not kept.")
    return Effect({name: plist.jsonable(answer[key]) for name, key in _PLACE.items() if _plain(answer.get(key))})


_PLACE = {
    "latitude": "Latitude", "longitude": "Longitude", "horizontal_accuracy": "HorizontalAccuracy",
    "vertical_accuracy": "VerticalAccuracy", "altitude": "Altitude", "speed": "Speed", "course": "Course",
    "timestamp": "Timestamp",
}  # fmt: skip


def _plain(value: object) -> bool:
    return isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= 64)


def _lost_mode(on: bool) -> Callable[[House, Command, Device, Plist], Effect]:
    return lambda house, command, device, answer: Effect(facts={"lost_mode": on})


EFFECTS: Mapping[str, Callable[[House, Command, Device, Plist], Effect]] = {
    "Settings": _settings,
    "ActivationLockBypassCode": _bypass_code,
    "RotateFileVaultKey": _filevault_key,
    "SetRecoveryLock": _recovery_lock,
    "VerifyRecoveryLock": _recovery_lock_verified,
    "DeviceLocation": _location,
    "EnableLostMode": _lost_mode(True),
    "DisableLostMode": _lost_mode(False),
}
