"""A command under way meets what the device reports of it: it ends, or it goes on. Success of a step is not the job's.

Reports count where session, message and command agree with what was sent; anything else changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chalicelib.core import channels, delivery, inventory
from chalicelib.core.delivery import Outcome
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device
from chalicelib.platforms.reading import Reading
from chalicelib.platforms.windows import jobs, leftovers, syncml
from chalicelib.platforms.windows.actions import registry
from chalicelib.platforms.windows.conversation import Conversation
from chalicelib.platforms.windows.jobs import Job
from chalicelib.platforms.windows.packages import CHUNK
from chalicelib.platforms.windows.progress import MORE, STEPS, WATCH, Progress
from chalicelib.platforms.windows.reports import NOT_EXECUTED, NOT_FOUND, ROLLED_BACK, SUCCESS, Reports

if TYPE_CHECKING:  # they bring pydantic, which an idle session does not need
    from chalicelib.platforms.windows.actions.action import Action, Verdict

TURNED = ((syncml.ADD, 418), (syncml.REPLACE, 404))
ERASE = "erase"
_REMEMBERED = 1024  # characters of an answer that is kept with the command
MEANINGS: Mapping[int, str] = {  # OMA-TS-SyncML_RepPro-V1_2_2 §10, OMA-TS-DM_RepPro-V1_2_1 §10
    400: "the PC found the command malformed", 401: "the PC wants other credentials", 403: "the PC forbids it",
    404: "the PC does not have this node", 405: "the node does not allow it", 406: "the PC does not support it",
    407: "the PC wants credentials", 409: "it conflicts with what the PC is doing", 413: "it is too large for the PC",
    414: "the name of the node is too long", 415: "the PC does not know this format", 418: "the node is there already",
    420: "the PC has no space left", 424: "the PC got less or more than was announced",
    425: "the PC does not permit it", 500: "the PC failed", 507: "the PC undid all of it", 516: "the PC could not undo",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Next:
    """What goes out for a command in the reply: a portion of its job, or questions to these nodes."""

    command: Command
    job: Job
    progress: Progress
    nodes: tuple[str, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)  # answers to the questions that went before these


@dataclass(frozen=True, slots=True)
class Taken:
    """`gone`: the device took the order to erase itself, and is not spoken to any more."""

    poll: Poll
    following: tuple[Next, ...] = ()
    gone: bool = False


def take(house: House, poll: Poll, talk: Conversation, reports: Reports) -> Taken:
    following: list[Next] = []
    for command in poll.queue:
        told = Progress.of(command)
        if command.state is not CommandState.SENT or (told.session, bool(told.message)) != (talk.session, True):
            continue
        decided = _Case(house, command, told, reports).decide()
        if isinstance(decided, Outcome):
            poll = delivery.finish(house, poll, command.id, decided) or poll
            if command.action == ERASE and decided.state is CommandState.ACKNOWLEDGED:
                channels.leave(house, poll.enrollment, "erased")
                return Taken(poll, gone=True)
        elif decided is not None:
            following.append(decided)
    return Taken(poll, tuple(following))


@dataclass(frozen=True, slots=True)
class _Case:
    house: House
    command: Command
    told: Progress
    reports: Reports

    @property
    def job(self) -> Job:
        return jobs.read(delivery.payload(self.house, self.command))

    def decide(self) -> Outcome | Next | None:
        """None while the device has not said all, or says nothing new."""
        mine = [reference for number, reference in self.reports.codes if number == self.told.message]
        if not any(reference.startswith(self.command.id) for reference in mine):
            return None
        return _PHASES[self.told.phase](self)

    def steps(self) -> Outcome | Next | None:
        codes = {i: self._code(i) for i in self.told.outstanding()}
        job, whole = self.job, self._group_code()
        if whole in SUCCESS:  # an Atomic may be answered as a whole only
            codes = {i: whole if code is None else code for i, code in codes.items()}
        if None in codes.values():
            return self._undone(whole) if whole is not None else None
        answered = {i: code for i, code in codes.items() if code is not None}
        if not self.told.last:
            return self._next_chunk(job, answered)
        failed = list(_failed(job, answered))
        if again := self._swap(job, answered, failed):
            return again
        if failed:
            return self._failed(job, answered, failed)
        return self._went_well(job) if whole is None or whole in SUCCESS else self._undone(whole)

    def _next_chunk(self, job: Job, codes: Mapping[int, int]) -> "Outcome | Next":
        if set(codes.values()) == {CHUNK}:
            return Next(self.command, job, replace(self.told, chunk=self.told.chunk + 1))
        failed = list(_failed(job, codes))
        if failed:
            return self._failed(job, codes, failed)
        return Outcome(CommandState.FAILED, "The PC took a piece of a large object for the whole.")

    def _swap(self, job: Job, codes: Mapping[int, int], failed: list[int]) -> "Next | None":
        """A node that is there is replaced, one that is not is added; each step is turned once, if that is all."""
        turn = [i for i in failed if (job.steps[i].verb, codes[i]) in TURNED and i not in self.told.swapped]
        undone = (NOT_EXECUTED, ROLLED_BACK)
        if not turn or any(i not in turn and codes[i] not in undone for i in failed):
            return None
        swapped = tuple(sorted({*self.told.swapped, *turn}))
        return Next(self.command, job, replace(self.told, swapped=swapped, only=() if job.atomic else tuple(turn)))

    def _code(self, index: int) -> int | None:
        return self.reports.codes.get((self.told.message, self.told.reference(self.command.id, index)))

    def _group_code(self) -> int | None:
        """The Status of the Atomic itself, where the job is one."""
        return self.reports.codes.get((self.told.message, self.command.id))

    def _undone(self, code: int) -> Outcome:
        return Outcome(CommandState.FAILED, f"{MEANINGS.get(code, 'the PC refused')} (status {code}).")

    def _went_well(self, job: Job) -> Outcome | Next | None:
        values = {**self.told.values, **self._values(job)}
        if self.told.end < len(job.steps):
            kept = _remembered(values) if self._asks(job) else {}
            return Next(self.command, job, Progress(start=self.told.end, values=kept))
        action = registry.action(self.command.action)
        if action is None or not (action.watch or action.read):
            return Outcome(CommandState.ACKNOWLEDGED)
        if action.read:
            return self._read(action, job, values)
        since = replace(self.told, values=_remembered(values), since=self.house.clock())
        return self._watched(action, job, since, {})

    def _asks(self, job: Job) -> bool:
        return any(step.verb == syncml.GET for step in job.steps)

    def _values(self, job: Job) -> dict[str, str]:
        asked = {
            self.told.reference(self.command.id, i): job.steps[i].uri
            for i in self.told.outstanding()
            if job.steps[i].verb == syncml.GET
        }
        return self.reports.answers(self.told.message, asked) or {}

    def _failed(self, job: Job, codes: Mapping[int, int], failed: list[int]) -> Outcome:
        """The one that made the others fail: in an Atomic they are only undone, or not even tried."""
        culprit = next((i for i in failed if codes[i] not in (NOT_EXECUTED, ROLLED_BACK)), failed[0])
        code, step = codes[culprit], job.steps[culprit]
        action = registry.action(self.command.action)
        meaning = (action.meanings.get(code) if action else None) or MEANINGS.get(code, "the PC refused")
        return Outcome(CommandState.FAILED, f"{meaning} (status {code} to {step.verb} {step.uri}).")

    def more(self) -> Outcome | Next | None:
        action = registry.action(self.command.action)
        if action is None or action.more is None:
            return Outcome(CommandState.FAILED, "This release does not know the action any more.")
        values = self._answered()
        if values is None:
            return None
        if self.told.rest:
            held = leftovers.load(self.house, self.command.enrollment_id, self.command.id)
            values = {**held.values, **values}
            if held.nodes:
                progress = Progress(phase=MORE, end=len(held.nodes))
                return Next(self.command, self.job, progress, held.nodes, values)
        return self._read(action, self.job, values)

    def _answered(self) -> dict[str, str] | None:
        """The nodes asked for are not remembered: the device names each in its answer; a missing one is left out."""
        told, message = self.told, self.told.message
        references = [told.reference(self.command.id, i) for i in told.outstanding()]
        if any((message, each) not in self.reports.codes for each in references):
            return None
        return self.reports.answers(message, dict.fromkeys(references, "")) or {}

    def _read(self, action: "Action", job: Job, values: Mapping[str, str]) -> Outcome | Next:
        nodes = action.more(values) if action.more else ()
        if nodes:
            return Next(self.command, job, Progress(phase=MORE, end=len(nodes)), nodes)
        device = self.house.store.get(Device, self.command.device_id)
        reading = action.read(device, values) if action.read else Reading()
        keep(self.house, device, reading)
        return Outcome(CommandState.ACKNOWLEDGED, result=reading.result)

    def watch(self) -> Outcome | Next | None:
        action = registry.action(self.command.action)
        if action is None or action.watch is None:
            return Outcome(CommandState.ACKNOWLEDGED)
        asked = {self.told.reference(self.command.id, i): uri for i, uri in enumerate(action.watch.nodes)}
        values = self.reports.answers(self.told.message, asked)
        return None if values is None else self._watched(action, self.job, self.told, values)

    def _watched(self, action: "Action", job: Job, told: Progress, values: Mapping[str, str]) -> Outcome | Next | None:
        watch = action.watch
        if watch is None:
            return Outcome(CommandState.ACKNOWLEDGED)
        if watch.nodes and told.phase != WATCH:
            start = Progress(phase=WATCH, end=len(watch.nodes), since=told.since, values=told.values)
            return Next(self.command, job, start, watch.nodes)
        verdict = watch.judge(values, {**self.command.params, **told.values})
        return self._judged(verdict, told, watch.patience)

    def _judged(self, verdict: "Verdict", told: Progress, patience: int) -> Outcome | None:
        if verdict.state == "done":
            return Outcome(CommandState.ACKNOWLEDGED, verdict.detail, verdict.result)
        if verdict.state == "failed":
            return Outcome(CommandState.FAILED, verdict.detail, verdict.result)
        if self.house.clock() - told.since >= patience:
            return Outcome(CommandState.FAILED, f"The PC never said that it was done. {verdict.detail}".strip())
        return None  # asked again in the next session


_PHASES = {STEPS: _Case.steps, MORE: _Case.more, WATCH: _Case.watch}


def _remembered(values: Mapping[str, str]) -> dict[str, str]:
    return {uri: value[:_REMEMBERED] for uri, value in values.items()}


def _failed(job: Job, codes: Mapping[int, int]) -> Iterator[int]:
    for index, code in codes.items():
        # What is not there needs no removing, and what a node does not tell is missing from the answers.
        verb = job.steps[index].verb
        fine = verb == syncml.GET or (verb == syncml.DELETE and code == NOT_FOUND)
        if (code not in SUCCESS and not fine) or code in (CHUNK, NOT_EXECUTED, ROLLED_BACK):
            yield index


def keep(house: House, device: Device, reading: Reading) -> Device:
    """The device as it is known after it."""
    for section, body in reading.sections.items():
        inventory.record(house, device.id, section, body)
    if not reading.attributes and not reading.facts:
        return device
    return inventory.merge(house, device.id, attributes=reading.attributes, facts=reading.facts, known=device)
