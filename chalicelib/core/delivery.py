"""Commands between queue and device: delivered, deferred, reported on. A device is believed on what it was sent."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.core.errors import Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Poll
from chalicelib.core.queue import end, move, open_commands, payload_context
from chalicelib.model.command import Command, CommandState

HEAD = 25  # commands read with the enrollment in a poll
LONGEST_ID = 27  # characters of ids.command_id
MAX_DELIVERIES = 10  # a command that was delivered so often and never answered is given up
FOREIGN_REPORT = "report on a foreign command"  # infra/core.yaml counts the log lines that say so
UNCONFIRMED = "The device asked again without answering; it may have happened. Check the device before you ask again."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a device's report amounts to; `changes` are committed with it."""

    state: CommandState
    detail: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


def next_command(house: House, poll: Poll, *, skip_deferred: bool) -> tuple[Command, bytes] | None:
    """The command to deliver now and its wire payload; one write marks it sent. Expired ones are passed over."""
    for command in deliverable(house, poll, skip_deferred=skip_deferred):
        sent = send(house, command)
        if sent is not None:
            return sent, payload(house, sent)
    return None


def deliverable(house: House, poll: Poll, *, skip_deferred: bool = False) -> Iterator[Command]:
    """What may be sent now, in the order of the queue."""
    for command in _candidates(house, poll):
        if _eligible(command, house.clock(), skip_deferred):
            yield command


def _candidates(house: House, poll: Poll) -> tuple[Command, ...]:
    """The queue head that was read with the enrollment; all of it where the head holds nothing to deliver."""
    head = poll.queue
    if len(head) < HEAD or any(_eligible(command, house.clock(), True) for command in head):
        return head
    return tuple(open_commands(house, poll.enrollment.id))


def _eligible(command: Command, now: int, skip_deferred: bool) -> bool:
    waiting = command.state in (CommandState.QUEUED, CommandState.SENT)
    return waiting and command.expires_at > now >= command.not_before and not (skip_deferred and command.deferred)


def send(house: House, command: Command, progress: Mapping[str, Any] | None = None) -> Command | None:
    """Marks it sent, one write. None where it is not to be sent: given up, or somebody else was faster."""
    if command.state is CommandState.SENT and command.once:
        give_up(house, command, UNCONFIRMED)
        return None
    if command.deliveries >= MAX_DELIVERIES and not command.deferred:
        give_up(house, command, f"Delivered {MAX_DELIVERIES} times and never answered.")
        return None
    sent = replace(
        command,
        state=CommandState.SENT,
        sent_at=command.sent_at or house.clock(),
        deliveries=command.deliveries + 1,
        deferred=False,
        progress=progress or {},
    )
    try:
        return house.store.replace(sent)
    except Stale:  # cancelled or delivered by a parallel request: not ours to send
        return None


def give_up(house: House, command: Command, reason: str) -> None:
    """Ends it as failed, unless somebody else was faster."""
    with suppress(Stale):
        end(house, command, CommandState.FAILED, reason)


def payload(house: House, command: Command) -> bytes:
    if not command.sealed:
        return command.payload
    return house.vault.open(command.payload, payload_context(command.enrollment_id, command.id)).reveal()


def recognise(house: House, poll: Poll, command_id: str) -> Poll | None:
    """The poll with the command that a report names, if it is open. None: this channel never had it, or no longer.

    A report on a finished command is the repeat after a lost reply, and is known by one more read; so is a command
    behind the head of the queue. What is not known is foreign or invented, but for three honest cases: its result was
    kept to its end (storage/layout.py), it was asked of this device under a former enrollment, or the commands were
    restored from a backup that is older than it.
    """
    if any(command.id == command_id for command in poll.queue):
        return poll
    if len(command_id) > LONGEST_ID:
        return None
    found = house.store.find(Command, poll.enrollment.id, command_id)
    if found is None or found.id != command_id:  # finished ones lie by age, whatever priority the report claims
        return None
    return replace(poll, queue=(*poll.queue, found)) if found.open else poll


def find_open(house: House, poll: Poll, command_id: str) -> Command | None:
    """The open command of this channel with this id: from the poll, or by one more read."""
    for command in poll.queue:
        if command.id == command_id:
            return command
    if len(poll.queue) < HEAD:
        return None
    found = house.store.find(Command, poll.enrollment.id, command_id)
    return found if found and found.open else None


def finish(house: House, poll: Poll, command_id: str, outcome: Outcome) -> Poll | None:
    """Takes a device's report. None for an unknown, finished or never sent command: nothing changes then."""
    command = find_open(house, poll, command_id)
    if command is None or command.state is not CommandState.SENT:
        return None
    try:
        end(
            house,
            command,
            outcome.state,
            outcome.detail,
            actor=f"device:{command.device_id}",
            result=outcome.result,
            changes=outcome.changes,
        )
    except Stale:  # a repeat of the same report was faster
        return None
    return Poll(poll.enrollment, tuple(c for c in poll.queue if c.id != command_id))


def defer(house: House, poll: Poll, command_id: str) -> Poll | None:
    """The device said NotNow: the command goes back to the queue and is offered again later."""
    command = find_open(house, poll, command_id)
    if command is None or command.state is not CommandState.SENT:
        return None
    move(command, CommandState.QUEUED)
    waiting = replace(command, state=CommandState.QUEUED, deferred=True, deferrals=command.deferrals + 1)
    try:
        waiting = house.store.replace(waiting)
    except Stale:
        return None
    return Poll(poll.enrollment, tuple(waiting if c.id == command_id else c for c in poll.queue))
