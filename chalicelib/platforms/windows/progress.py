"""How far a command is that takes more than one message, or is done only when its nodes say so (Command.progress)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from chalicelib.model.command import Command

# What the device was last sent for it: steps of the job, the next nodes of an action that asks, the nodes of its watch.
STEPS, MORE, WATCH = "steps", "more", "watch"
_TAGS: Mapping[str, str] = {STEPS: "", MORE: "m", WATCH: "w"}


@dataclass(frozen=True, slots=True)
class Progress:
    """`start` to `end`: what the message holds of the phase. `chunk`, `offset`: of the large step at `start`."""

    session: str = ""
    message: int = 0
    phase: str = STEPS
    start: int = 0
    end: int = 0
    chunk: int = 0
    begin: int = 0  # characters of its data that the device had before this chunk
    offset: int = 0  # and that it has with it
    last: bool = True  # this chunk ends it
    swapped: tuple[int, ...] = ()  # steps whose Add goes as Replace, since the node is there already, or the reverse
    only: tuple[int, ...] = ()  # of `start` to `end`, nothing but these is outstanding
    since: int = 0  # when the watch began
    values: Mapping[str, str] = field(default_factory=dict)  # what the job's own questions brought
    rest: bool = False  # further questions, and the answers so far, lie in the blob store

    @classmethod
    def of(cls, command: Command) -> "Progress":
        known = {each.name for each in fields(cls)}
        stored = {name: value for name, value in command.progress.items() if name in known}
        return cls(**{**stored, "swapped": tuple(stored.get("swapped", ())), "only": tuple(stored.get("only", ()))})

    def stored(self) -> dict[str, Any]:
        plain = asdict(Progress())
        return {name: value for name, value in asdict(self).items() if value != plain[name]}

    def outstanding(self) -> list[int]:
        return [i for i in range(self.start, self.end) if not self.only or i in self.only]

    def reference(self, command_id: str, number: int) -> str:
        """The CmdID of one step or question: by it a Status names the command."""
        chunk = f"c{self.chunk}" if self.chunk or not self.last else ""
        return f"{command_id}.{_TAGS[self.phase]}{number}{chunk}"


def owner(reference: str) -> str:
    """The command, or the section, that a CmdRef belongs to."""
    return reference.rpartition(".")[0] or reference
