"""What a queued command has Google do, kept as JSON in the command's payload; and how each kind of it is done.

An errand ends with the call (status, org unit, annotations, refresh) or only begins with it: a command that Google
passes on to the device, and that is asked after by its id.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from chalicelib.core import delivery, inventory
from chalicelib.core.delivery import Outcome
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.command import Command, CommandState
from chalicelib.model.secret import Secret
from chalicelib.platforms.chromeos import directory, readings, telemetry
from chalicelib.platforms.chromeos.directory import Change
from chalicelib.platforms.google.desk import Begun

COMMAND, STATUS, MOVE, ANNOTATE, REFRESH = "command", "status", "move", "annotate", "refresh"


@dataclass(frozen=True, slots=True)
class Errand:
    kind: str
    body: Mapping[str, str] = field(default_factory=dict)


def write(command_id: str, errand: Errand) -> bytes:
    return json.dumps({"id": command_id, **asdict(errand)}, separators=(",", ":")).encode()


def read(payload: bytes) -> Errand:
    document = json.loads(payload)
    return Errand(document["kind"], document["body"])


def prepared(command_id: str, errand: Errand, shown: Mapping[str, Any]) -> Prepared:
    return Prepared(Secret(write(command_id, errand)), shown=shown)


def for_device(command_type: str, payload: Mapping[str, Any] | None = None) -> Errand:
    """DirectoryChromeosdevicesIssueCommandRequest; its payload is JSON within JSON."""
    told = {"payload": json.dumps(payload)} if payload else {}
    return Errand(COMMAND, {"commandType": command_type, **told})


def do(house: House, device_id: str, command: Command) -> Outcome | Begun:
    """One call or two. GoogleBusy, GoogleRefused, NotConnected."""
    errand = read(delivery.payload(house, command))
    return _KINDS[errand.kind](house, device_id, command, errand.body)


def _command(house: House, device_id: str, command: Command, body: Mapping[str, str]) -> Begun:
    return Begun(directory.issue(house, device_id, body))


def _status(house: House, device_id: str, command: Command, body: Mapping[str, str]) -> Outcome:
    change = Change(body["change"])
    failures = directory.change_status(house, [device_id], change, body.get("reason", ""))
    if failures:
        return Outcome(CommandState.FAILED, f"Google did not change the device's status: {failures[device_id]}")
    facts = {Change.DISABLE: {"disabled": True}, Change.REENABLE: {"disabled": False}}.get(change)
    if facts:
        inventory.merge(house, command.device_id, facts=facts)
    return Outcome(CommandState.ACKNOWLEDGED, SAID[change])


SAID: Mapping[Change, str] = {
    Change.DISABLE: "Google holds it as disabled; the device shows so when it is next online.",
    Change.REENABLE: "Google holds it as active again; it took a licence where its kind needs one.",
    Change.DEPROVISION: "It is not managed any more. What is on it stays until somebody resets it to factory settings.",
}


def _move(house: House, device_id: str, command: Command, body: Mapping[str, str]) -> Outcome:
    directory.move(house, [device_id], body["org_unit"])
    return Outcome(CommandState.ACKNOWLEDGED, result={"org_unit": body["org_unit"]})


def _annotate(house: House, device_id: str, command: Command, body: Mapping[str, str]) -> Outcome:
    directory.annotate(house, device_id, body)
    return Outcome(CommandState.ACKNOWLEDGED, result=dict(command.params))


def _refresh(house: House, device_id: str, command: Command, body: Mapping[str, str]) -> Outcome:
    found = readings.reading(directory.device(house, device_id), telemetry.device(house, device_id))
    for section, content in found.sections.items():
        inventory.record(house, command.device_id, section, content)
    inventory.merge(house, command.device_id, attributes=found.attributes, facts=found.facts)
    return Outcome(CommandState.ACKNOWLEDGED, result=found.result)


_KINDS: Mapping[str, Callable[[House, str, Command, Mapping[str, str]], Outcome | Begun]] = {
    COMMAND: _command,
    STATUS: _status,
    MOVE: _move,
    ANNOTATE: _annotate,
    REFRESH: _refresh,
}
