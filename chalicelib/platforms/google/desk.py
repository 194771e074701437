"""Wake-up of a device that Google speaks for: what waits is handed to Google, what is under way is asked after.

Google keeps a command's state only for those who know its id, so the id is kept with the command as soon as it is
known. A process that died between the call and that write left a command that is sent and has no id: of those that may
happen only once a person decides, the others are asked for again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from chalicelib.core import channels, delivery
from chalicelib.core.delivery import HEAD, Outcome
from chalicelib.core.errors import Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Poll, PushRefused
from chalicelib.model.command import Command, CommandState
from chalicelib.model.enrollment import Enrollment
from chalicelib.platforms.google.client import GoogleAbsent, GoogleBusy, GoogleRefused, NotConnected
from chalicelib.platforms.outgoing import NoAnswer

PATIENCE = 300  # seconds that whoever sent a command has to keep its id; longer than any function runs
BUDGET = 25.0  # seconds of one wake-up, which has less than a minute and may be one of several
FORBIDDEN = 403
OURS = frozenset({"invalid_grant", "unauthorized_client", "invalid_client"})  # RFC 6749 §5.2: no token for us at all
UNCONFIRMED = "It may have happened: check the device before you ask again."
LATER = "There is more to hand over than one turn has time for."


@dataclass(frozen=True, slots=True)
class Begun:
    """Google passes it on. `google_id` is what to ask after; `until`, where there is none: what a report will say."""

    google_id: str = ""
    until: Mapping[str, str] = field(default_factory=dict)


def _nothing(house: House, poll: Poll) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Desk:
    """What is particular about a platform. Its functions raise GoogleBusy, GoogleRefused, NotConnected.

    `absent` is the sentence for a device that Google does not know any more; `ends` tells by request type why a device
    has left once that is done; `first` is done before any command.
    """

    do: Callable[[House, Enrollment, Command], Outcome | Begun]
    follow: Callable[[House, Enrollment, str], Outcome | None]
    absent: str
    ends: Mapping[str, str] = field(default_factory=dict)
    first: Callable[[House, Poll], None] = _nothing


def wake(desk: Desk, house: House, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
    """Enrollment id → None where nothing is left to do. Where Google has no time for one, it has none for the rest."""
    answers: dict[str, PushRefused | None] = {}
    halt: PushRefused | None = None
    until = time.monotonic() + BUDGET
    for enrollment in enrollments:
        if halt is None and time.monotonic() > until:
            halt = PushRefused(LATER)
        try:
            answers[enrollment.id] = halt or _tend(desk, house, enrollment)
        except (GoogleBusy, NotConnected, GoogleRefused) as problem:
            refusal = PushRefused(str(problem), alarm=not isinstance(problem, GoogleBusy))
            halt = None if _forbidden(problem) else refusal
            answers[enrollment.id] = refusal
    return answers


def _forbidden(problem: Exception) -> bool:
    """The administrator in whose name we ask may be allowed some org units only: the next device may be in another."""
    return isinstance(problem, GoogleRefused) and problem.code == FORBIDDEN


def _tend(desk: Desk, house: House, enrollment: Enrollment) -> PushRefused | None:
    poll = house.store.poll(enrollment.id, HEAD)
    if poll is None:
        return None
    desk.first(house, poll)
    under_way = sum(_step(desk, house, poll, command) for command in delivery.deliverable(house, poll))
    return PushRefused(f"{under_way} commands are under way at Google.") if under_way else None


def _step(desk: Desk, house: House, poll: Poll, command: Command) -> bool:
    """Whether it is to be asked after again."""
    held = command.progress if command.state is CommandState.SENT else {}
    if held.get("id"):
        return _follow(desk, house, poll, command, str(held["id"]))
    if held.get("until"):
        return False  # a report ends it
    if held and house.clock() - int(held.get("since", 0)) < PATIENCE:
        return True  # somebody else is about to keep its id
    sent = delivery.send(house, command, {"since": house.clock()})
    return _hand_over(desk, house, replace(poll, queue=(sent,)), sent) if sent else False


def _hand_over(desk: Desk, house: House, poll: Poll, command: Command) -> bool:
    try:
        done = desk.do(house, poll.enrollment, command)
    except (GoogleBusy, NotConnected) as problem:
        if not (command.once and _unsure(problem)):
            delivery.defer(house, poll, command.id)
        raise
    except GoogleRefused as problem:
        if _about_us(problem):
            delivery.defer(house, poll, command.id)
            raise
        return _finish(desk, house, poll, command, Outcome(CommandState.FAILED, _why(desk, command, problem)))
    if isinstance(done, Outcome):
        return _finish(desk, house, poll, command, done)
    return _begun(house, command, done)


def _about_us(problem: GoogleRefused) -> bool:
    return problem.code in (401, FORBIDDEN) or problem.reason in OURS


def _unsure(problem: Exception) -> bool:
    """The line broke: it may have happened. It stays sent, and once its time is over a person is asked."""
    return isinstance(problem.__cause__, NoAnswer)


def _begun(house: House, command: Command, begun: Begun) -> bool:
    with suppress(Stale):  # it ended meanwhile, for whatever reason: its id is of no use any more
        kept = {"id": begun.google_id} if begun.google_id else {"until": dict(begun.until)}
        house.store.replace(replace(command, progress=kept))
    return bool(begun.google_id)


def _follow(desk: Desk, house: House, poll: Poll, command: Command, google_id: str) -> bool:
    try:
        outcome = desk.follow(house, poll.enrollment, google_id)
    except GoogleRefused as problem:
        if _about_us(problem):
            raise
        outcome = Outcome(CommandState.FAILED, f"Google does not tell how it went ({problem.code}). {UNCONFIRMED}")
    if outcome is None:
        return True
    return _finish(desk, house, replace(poll, queue=(command,)), command, outcome)


def _finish(desk: Desk, house: House, poll: Poll, command: Command, outcome: Outcome) -> bool:
    finished = delivery.finish(house, poll, command.id, outcome)
    left = desk.ends.get(command.request_type)
    if finished is not None and left and outcome.state is CommandState.ACKNOWLEDGED:
        channels.leave(house, poll.enrollment, left)  # clears what waits: it cannot be sent any more
    return False


def _why(desk: Desk, command: Command, problem: GoogleRefused) -> str:
    """Google's words may repeat what was sent, so they are not kept where that is secret."""
    if isinstance(problem, GoogleAbsent):
        return desk.absent
    said = problem.reason if command.sealed else problem.text or problem.reason
    return f"Google refused: {said or problem.code}"
