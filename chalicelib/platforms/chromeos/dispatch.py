"""Wake-up of a Chromebook: nobody is pushed to; what waits is handed to Google, what is under way is asked after.

Google keeps a command's state only for those who know its id, so the id is kept with the command as soon as it is
known. A process that died between the call and that write left a command that is sent and has no id: of those that may
happen only once a person decides, the others are asked for again.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from chalicelib.core import channels, delivery
from chalicelib.core.delivery import HEAD, Outcome
from chalicelib.core.errors import Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Poll, PushRefused
from chalicelib.model.command import Command, CommandState
from chalicelib.model.enrollment import Enrollment
from chalicelib.platforms.chromeos import directory, errands, outcomes
from chalicelib.platforms.chromeos.errands import Begun
from chalicelib.platforms.google.client import GoogleAbsent, GoogleBusy, GoogleRefused, NotConnected
from chalicelib.platforms.outgoing import NoAnswer

PATIENCE = 300  # seconds that whoever sent a command has to keep its id; longer than any function runs
BUDGET = 25.0  # seconds of one wake-up, which has less than a minute and may be one of several
FORBIDDEN = 403
OURS = frozenset({"invalid_grant", "unauthorized_client", "invalid_client"})  # RFC 6749 §5.2: no token for us at all
ENDS: Mapping[str, str] = {"REMOTE_POWERWASH": "erased", "Deprovision": "deprovisioned"}  # request type → why it left
UNCONFIRMED = "It may have happened: check the device before you ask again."
LATER = "There is more to hand over than one turn has time for."


def wake(house: House, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
    """Enrollment id → None where nothing is left to do. Where Google has no time for one, it has none for the rest."""
    answers: dict[str, PushRefused | None] = {}
    halt: PushRefused | None = None
    until = time.monotonic() + BUDGET
    for enrollment in enrollments:
        if halt is None and time.monotonic() > until:
            halt = PushRefused(LATER)
        try:
            answers[enrollment.id] = halt or _tend(house, enrollment)
        except (GoogleBusy, NotConnected, GoogleRefused) as problem:
            refusal = PushRefused(str(problem), alarm=not isinstance(problem, GoogleBusy))
            halt = None if _forbidden(problem) else refusal
            answers[enrollment.id] = refusal
    return answers


def _forbidden(problem: Exception) -> bool:
    """The administrator in whose name we ask may be allowed some org units only: the next device may be in another."""
    return isinstance(problem, GoogleRefused) and problem.code == FORBIDDEN


def _tend(house: House, enrollment: Enrollment) -> PushRefused | None:
    poll = house.store.poll(enrollment.id, HEAD)
    if poll is None:
        return None
    under_way = sum(_step(house, poll, command) for command in delivery.deliverable(house, poll))
    return PushRefused(f"{under_way} commands are under way at Google.") if under_way else None


def _step(house: House, poll: Poll, command: Command) -> bool:
    """Whether it is still under way."""
    held = command.progress if command.state is CommandState.SENT else {}
    if held.get("id"):
        return _follow(house, poll, command, str(held["id"]))
    if held and house.clock() - int(held.get("since", 0)) < PATIENCE:
        return True  # somebody else is about to keep its id
    sent = delivery.send(house, command, {"since": house.clock()})
    return _hand_over(house, replace(poll, queue=(sent,)), sent) if sent else False


def _hand_over(house: House, poll: Poll, command: Command) -> bool:
    try:
        done = errands.do(house, poll.enrollment.hardware_id, command)
    except (GoogleBusy, NotConnected) as problem:
        if not (command.once and _unsure(problem)):
            delivery.defer(house, poll, command.id)
        raise
    except GoogleRefused as problem:
        if _about_us(problem):
            delivery.defer(house, poll, command.id)
            raise
        return _finish(house, poll, command, Outcome(CommandState.FAILED, _why(problem)))
    if isinstance(done, Outcome):
        return _finish(house, poll, command, done)
    return _begun(house, command, done)


def _about_us(problem: GoogleRefused) -> bool:
    return problem.code in (401, FORBIDDEN) or problem.reason in OURS


def _unsure(problem: Exception) -> bool:
    """The line broke: it may have happened. It stays sent, and once its time is over a person is asked."""
    return isinstance(problem.__cause__, NoAnswer)


def _begun(house: House, command: Command, begun: Begun) -> bool:
    with suppress(Stale):  # it ended meanwhile, for whatever reason: its id is of no use any more
        house.store.replace(replace(command, progress={"id": begun.google_id}))
    return True


def _follow(house: House, poll: Poll, command: Command, google_id: str) -> bool:
    device_id = poll.enrollment.hardware_id
    try:
        outcome = outcomes.read(house, device_id, directory.command(house, device_id, google_id))
    except GoogleRefused as problem:
        if _about_us(problem):
            raise
        outcome = Outcome(CommandState.FAILED, f"Google does not tell how it went ({problem.code}). {UNCONFIRMED}")
    if outcome is None:
        return True
    return _finish(house, replace(poll, queue=(command,)), command, outcome)


def _finish(house: House, poll: Poll, command: Command, outcome: Outcome) -> bool:
    finished = delivery.finish(house, poll, command.id, outcome)
    left = ENDS.get(command.request_type)
    if finished is not None and left and outcome.state is CommandState.ACKNOWLEDGED:
        channels.leave(house, poll.enrollment, left)  # clears what waits: it cannot be sent any more
    return False


def _why(problem: GoogleRefused) -> str:
    if isinstance(problem, GoogleAbsent):
        return "Google does not know this device, or the org unit, any more."
    return f"Google refused: {problem.text or problem.reason or problem.code}"
