"""What goes out: commands under way go on, waiting ones are sent as long as the message has room."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chalicelib.core import delivery
from chalicelib.core.errors import Stale, Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.command import Command, CommandState
from chalicelib.platforms.windows import compose, jobs, leftovers
from chalicelib.platforms.windows.actions import registry
from chalicelib.platforms.windows.conversation import Conversation
from chalicelib.platforms.windows.jobs import Job
from chalicelib.platforms.windows.outcomes import Next
from chalicelib.platforms.windows.progress import STEPS, WATCH, Progress
from chalicelib.platforms.windows.syncml import Part

OVERHEAD = 2 * 1024  # header, statuses of a usual package, frame
USER_SCOPE = "./user/"


@dataclass(slots=True)
class Outbox:
    """One message in the making."""

    house: House
    poll: Poll
    talk: Conversation
    number: int  # its MsgID
    room: int
    parts: list[Part] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def put(self, command: Command, parts: list[Part]) -> None:
        self.room -= compose.size(parts)
        self.parts += parts
        self.commands.append(command.id)

    def mark(self, told: Progress) -> dict[str, object]:
        return replace(told, session=self.talk.session, message=self.number).stored()


def go_on(out: Outbox, following: tuple[Next, ...]) -> None:
    """The next portion, or the next questions, of what the device has just reported on."""
    for each in following:
        try:
            composed = _next_of(each, out)
        except Unprocessable as never:
            delivery.give_up(out.house, each.command, str(never))
            continue
        if composed is None:
            continue  # no room: redelivered from here in a later message
        parts, told = composed
        try:
            out.house.store.replace(replace(each.command, progress=out.mark(told)))
        except Stale:
            continue
        out.put(each.command, parts)


def _next_of(each: Next, out: Outbox) -> tuple[list[Part], Progress] | None:
    if each.nodes:
        return _questions(each.command, each.progress, each.nodes, out, each.known)
    return compose.portion(each.command.id, each.job, each.progress, out.room, out.talk.largest)


def _questions(
    command: Command, told: Progress, nodes: tuple[str, ...], out: Outbox, known: Mapping[str, str]
) -> tuple[list[Part], Progress] | None:
    asked = {told.reference(command.id, number): uri for number, uri in enumerate(nodes)}
    parts = compose.questions(asked, out.room)
    if not parts:
        return None
    rest = len(parts) < len(nodes) or bool(known)
    if rest:
        leftovers.keep(out.house, command.enrollment_id, command.id, nodes[len(parts) :], known)
    return parts, replace(told, end=len(parts), rest=rest)


def send_waiting(out: Outbox) -> None:
    for command in delivery.deliverable(out.house, out.poll):
        if command.id in out.commands or _under_way(command, out.talk):
            continue
        if not _send(out, command):
            return


def _under_way(command: Command, talk: Conversation) -> bool:
    """Sent in this very session: its report may still come."""
    return command.state is CommandState.SENT and command.progress.get("session") == talk.session


def _send(out: Outbox, command: Command) -> bool:
    """False where the message is full."""
    told = Progress.of(command)
    if command.state is CommandState.SENT and told.phase == WATCH:
        return _watch_again(out, command, told)
    job = jobs.read(delivery.payload(out.house, command))
    if not out.talk.user and _for_user(job):
        return True  # waits until somebody is logged in
    if told.phase != Progress().phase or told.offset:
        told = Progress(swapped=told.swapped)  # questions, and the pieces of a large object, start anew
    try:
        composed = compose.portion(command.id, job, told, out.room, out.talk.largest)
    except Unprocessable as never:
        delivery.give_up(out.house, command, str(never))
        return True
    if composed is None:
        return _no_room(out, command)
    parts, reached = composed
    if delivery.send(out.house, command, out.mark(reached)) is not None:
        out.put(command, parts)
    return True


def _no_room(out: Outbox, command: Command) -> bool:
    """In an empty message there is no more room to be had."""
    if out.parts:
        return False
    delivery.give_up(out.house, command, f"It does not fit into a message of {out.talk.room} bytes.")
    return True


def _watch_again(out: Outbox, command: Command, told: Progress) -> bool:
    action = registry.action(command.action)
    nodes = action.watch.nodes if action and action.watch else ()
    composed = _questions(command, told, nodes, out, {})
    if composed is None:
        return False
    try:
        out.house.store.replace(replace(command, progress=out.mark(told)))
    except Stale:
        return True
    out.put(command, composed[0])
    return True


def _for_user(job: Job) -> bool:
    return any(step.uri.lower().startswith(USER_SCOPE) for step in job.steps)


def again(out: Outbox, *, refused: bool = False) -> None:
    """What our last message held goes out once more, but for what must not happen twice.

    The device repeated its own, so ours was lost; or it `refused` to read ours before we prove ourselves: then nothing
    of it was done, and all of it is sent under the new message.
    """
    for command in out.poll.queue:
        told = Progress.of(command)
        sent = (told.session, told.message) == (out.talk.session, out.talk.sent)
        if command.state is not CommandState.SENT or not sent:
            continue
        if command.once and told.phase == STEPS and not refused:
            continue
        composed = _same(command, told, out)
        if composed is None:
            continue
        if refused:
            try:
                out.house.store.replace(replace(command, progress=out.mark(composed[1])))
            except Stale:
                continue
        out.put(command, composed[0])


def _same(command: Command, told: Progress, out: Outbox) -> tuple[list[Part], Progress] | None:
    """Further questions of an action that asks are not remembered: it begins anew in the next session."""
    action = registry.action(command.action)
    if told.phase == WATCH and action and action.watch:
        return _questions(command, told, action.watch.nodes, out, {})
    if told.phase != STEPS:
        return None
    job = jobs.read(delivery.payload(out.house, command))
    return compose.portion(command.id, job, replace(told, offset=told.begin), out.room, out.talk.largest)
