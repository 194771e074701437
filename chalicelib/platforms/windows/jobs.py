"""What a queued command makes a PC do: steps in order, kept as JSON in the command's payload."""

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.core.ports import Change, Prepared
from chalicelib.model.secret import Secret
from chalicelib.platforms.windows.nodes import Step
from chalicelib.platforms.windows.syncml import GET

_PLAIN = 1024  # bytes; a longer job is compressed: its row is read and written with each message


@dataclass(frozen=True, slots=True)
class Job:
    """`atomic`: all steps or none of them (no Get among them)."""

    steps: tuple[Step, ...]
    atomic: bool = False

    def __post_init__(self) -> None:
        if self.atomic and any(step.verb == GET for step in self.steps):
            raise ValueError("A Get has no place in an Atomic.")


def write(command_id: str, job: Job) -> bytes:
    steps = [{name: value for name, value in asdict(step).items() if value not in ("", None, False)}
             for step in job.steps]  # fmt: skip
    document: dict[str, Any] = {"id": command_id, "steps": steps, "atomic": job.atomic}
    plain = json.dumps(document, separators=(",", ":")).encode()
    return plain if len(plain) <= _PLAIN else zlib.compress(plain, 9)


def read(payload: bytes) -> Job:
    document = json.loads(payload if payload.startswith(b"{") else zlib.decompress(payload))
    return Job(tuple(Step(**step) for step in document["steps"]), document["atomic"])


def prepared(command_id: str, job: Job, shown: dict[str, Any], changes: tuple[Change, ...] = ()) -> Prepared:
    """Sealed where one of the steps carries a secret."""
    secret = any(step.secret for step in job.steps)
    return Prepared(Secret(write(command_id, job)), secret=secret, shown=shown, changes=changes)
