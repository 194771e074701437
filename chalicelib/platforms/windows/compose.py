"""Steps and questions as parts of a message, as many as fit (OMA-TS-DM_Protocol-V1_2_1 §7: large objects)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.windows import syncml, syncml_write
from chalicelib.platforms.windows.jobs import Job
from chalicelib.platforms.windows.nodes import Step
from chalicelib.platforms.windows.progress import Progress
from chalicelib.platforms.windows.syncml import Command, Group, Item, Meta, Part

SWAPPED = {syncml.ADD: syncml.REPLACE, syncml.REPLACE: syncml.ADD}
_SMALLEST_CHUNK = 256  # characters


def part_of(step: Step, reference: str) -> Command:
    item = Item(target=step.uri, meta=Meta(format=step.format, type=step.type), data=step.data)
    return Command(reference, step.verb, (item,))


def questions(asked: Mapping[str, str], room: int) -> list[Part]:
    """One Get for each CmdID → LocURI, as many as fit: what a PC with little room has beyond that is not asked."""
    parts: list[Part] = []
    for reference, uri in asked.items():
        part = Command(reference, syncml.GET, (Item(target=uri),))
        room -= syncml_write.size(part)
        if room < 0:
            return parts
        parts.append(part)
    return parts


def size(parts: Iterable[Part]) -> int:
    return sum(syncml_write.size(part) for part in parts)


def portion(command_id: str, job: Job, told: Progress, room: int, largest: int) -> tuple[list[Part], Progress] | None:
    """What of the job goes into `room` bytes from `told.start` on. None: nothing, but more room would help.

    Unprocessable where the device can never take it.
    """
    steps = [replace(step, verb=SWAPPED[step.verb]) if i in told.swapped else step for i, step in enumerate(job.steps)]
    if job.atomic:
        return _atomic(command_id, steps, replace(told, start=0, end=len(steps), only=()), room)
    if told.offset:
        return _chunk(command_id, steps[told.start], told, room)
    parts, taken = _as_many(command_id, steps, told, room)
    if parts:
        return list(parts), replace(told, end=taken, chunk=0, begin=0, offset=0, last=True)
    return _too_large(command_id, steps[told.start], told, room, largest)


def _as_many(command_id: str, steps: list[Step], told: Progress, room: int) -> tuple[list[Command], int]:
    parts: list[Command] = []
    limit = told.end if told.only else len(steps)
    for index in range(told.start, limit):
        if told.only and index not in told.only:
            continue
        part = part_of(steps[index], replace(told, chunk=0, last=True).reference(command_id, index))
        room -= syncml_write.size(part)
        if room < 0:
            return parts, index
        parts.append(part)
    return parts, limit


def _atomic(command_id: str, steps: list[Step], told: Progress, room: int) -> tuple[list[Part], Progress] | None:
    inner = tuple(part_of(step, told.reference(command_id, index)) for index, step in enumerate(steps))
    group = Group(command_id, syncml.ATOMIC, inner)
    return ([group], told) if syncml_write.size(group) <= room else None


def _too_large(
    command_id: str, step: Step, told: Progress, room: int, largest: int
) -> tuple[list[Part], Progress] | None:
    length = len((step.data or "").encode())
    if largest and length > largest:
        raise Unprocessable(f"The device takes objects of at most {largest} bytes; this one has {length}.")
    return _chunk(command_id, step, replace(told, chunk=0, offset=0), room)


def _chunk(command_id: str, step: Step, told: Progress, room: int) -> tuple[list[Part], Progress] | None:
    """The next piece; the first one tells the size of the whole."""
    data, characters = step.data or "", min(room, len(step.data or "") - told.offset)
    while characters >= min(_SMALLEST_CHUNK, len(data) - told.offset):
        end = told.offset + characters
        reached = replace(told, end=told.start + 1, begin=told.offset, offset=end, last=end == len(data))
        meta = Meta(step.format, step.type, size=-1 if told.chunk else len(data.encode()))
        item = Item(target=step.uri, meta=meta, data=data[told.offset : end], more=not reached.last)
        part = Command(reached.reference(command_id, told.start), step.verb, (item,))
        if (excess := syncml_write.size(part) - room) <= 0:
            return [part], reached
        characters -= max(excess // 6, 1)  # one character takes six bytes at most
    return None
