"""How an open command ends: the changes and the audit entry, one transaction each."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from chalicelib.core.errors import Conflict
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import SYSTEM, event
from chalicelib.model.command import TERMINAL, TRANSITIONS, Command, CommandState
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.people import Principal

DETAIL_LIMIT = 500
PAGE = 100


def move(command: Command, state: CommandState) -> None:
    """Raises Conflict unless the transition table allows it."""
    if state not in TRANSITIONS[command.state]:
        raise Conflict(f"A command that is {command.state} cannot become {state}.")


def end(
    house: House,
    command: Command,
    state: CommandState,
    detail: str = "",
    *,
    actor: Principal | str = SYSTEM,
    result: Mapping[str, Any] | None = None,
    changes: tuple[Change, ...] = (),
) -> Command:
    """Moves a command to a terminal state; the payload, which may hold secrets, is not kept."""
    move(command, state)
    now = house.clock()
    ended = replace(
        command,
        state=state,
        detail=detail[:DETAIL_LIMIT],
        finished_at=now,
        payload=b"",
        sealed=False,
        result=result or {},
    )
    what = event(
        house,
        actor,
        f"command.{state}",
        f"device:{command.device_id}",
        command=command.id,
        action=command.action,
        sent_at=command.sent_at,
        detail=ended.detail,
    )
    house.store.commit(Replace(ended), *changes, audit=what)
    return ended


def open_commands(house: House, enrollment_id: str) -> Iterator[Command]:
    """All open commands of a channel; their number is bounded at request time."""
    poll = house.store.poll(enrollment_id, PAGE)
    yield from poll.queue if poll else ()


def clear_queue(house: House, enrollment: Enrollment, reason: str) -> None:
    """Cancels what waits for a device and its users; what could destroy data is parked for a person to decide."""
    for channel_id in (enrollment.id, *enrollment.user_channels):
        for command in open_commands(house, channel_id):
            retry_stale(partial(_clear, house, command, reason))


def _clear(house: House, command: Command, reason: str) -> None:
    current = house.store.find(Command, command.enrollment_id, command.id)
    if current is None or current.state in TERMINAL or current.state is CommandState.PARKED:
        return
    if not current.parks:
        end(house, current, CommandState.CANCELLED, reason)
        return
    move(current, CommandState.PARKED)
    what = event(
        house,
        SYSTEM,
        "command.parked",
        f"device:{current.device_id}",
        command=current.id,
        action=current.action,
        detail=reason,
    )
    parked = replace(current, state=CommandState.PARKED, detail=reason)
    house.store.commit(Replace(parked), audit=what)


def payload_context(enrollment_id: str, command_id: str) -> dict[str, str]:
    """Binds a sealed payload to its channel and command."""
    return {"owner": enrollment_id, "kind": "command", "number": command_id}
