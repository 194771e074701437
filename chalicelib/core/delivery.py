"""Commands between queue and device: delivered, deferred, reported on. A device is believed on what it was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.core.errors import Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Poll
from chalicelib.core.queue import end, move, open_commands, payload_context
from chalicelib.model.command import Command, CommandState

HEAD = 25  # commands read with the enrollment in a poll
MAX_DELIVERIES = 10  # a command that was delivered so often and never answered is given up
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
    for command in _candidates(house, poll):
        if not _eligible(command, house.clock(), skip_deferred):
            continue
        try:
            sent = _send(house, command)
        except Stale:  # cancelled or delivered by a parallel request: not ours to send
            continue
        if sent is not None:
            return sent, _payload(house, sent)
    return None


def _candidates(house: House, poll: Poll) -> tuple[Command, ...]:
    """The queue head that was read with the enrollment; all of it where the head holds nothing to deliver."""
    head = poll.queue
    if len(head) < HEAD or any(_eligible(command, house.clock(), True) for command in head):
        return head
    return tuple(open_commands(house, poll.enrollment.id))


def _eligible(command: Command, now: int, skip_deferred: bool) -> bool:
    waiting = command.state in (CommandState.QUEUED, CommandState.SENT)
    return waiting and command.expires_at > now >= command.not_before and not (skip_deferred and command.deferred)


def _send(house: House, command: Command) -> Command | None:
    if command.state is CommandState.SENT and command.destructive:
        end(house, command, CommandState.FAILED, UNCONFIRMED)
        return None
    if command.deliveries >= MAX_DELIVERIES and not command.deferred:
        end(house, command, CommandState.FAILED, f"Delivered {MAX_DELIVERIES} times and never answered.")
        return None
    now = house.clock()
    sent = replace(
        command,
        state=CommandState.SENT,
        sent_at=command.sent_at or now,
        deliveries=command.deliveries + 1,
        deferred=False,
    )
    return house.store.replace(sent)


def _payload(house: House, command: Command) -> bytes:
    if not command.sealed:
        return command.payload
    return house.vault.open(command.payload, payload_context(command.enrollment_id, command.id)).reveal()


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
