"""The state folder: what `muster dev` keeps between two starts, readable by its owner only."""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.cli.dev.processes import is_ours

NUMBERS = frozenset(
    {"pid", "port", "engine_port", "push_port", "push_control_port", "wns_port", "entra_port", "microsoft_control_port"}
)
SHOWN = frozenset({"pid", "console_url", "admin_username", "ca_file"})  # of every summary
PROGRAMS = ("-m chalicelib.cli", "/muster ")  # one of them is in the command line of every muster dev


class DevError(Exception):
    """`str(error)` says in one sentence what is wrong and what to do."""


class State:
    """A folder with dev.json (for tools), keys, logs and the engine's data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.summary_file = self.folder / "dev.json"
        self.memory_file = self.folder / "memory.json"
        self.log = self.folder / "dev.log"
        self.engine_data = self.folder / "engine"
        self.scratch = self.folder / "tmp"
        self.ca_file = self.folder / "ca.pem"

    def prepare(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for part in (self.engine_data, self.scratch):
                part.mkdir(exist_ok=True)
            self.remember()
        except OSError as error:
            raise DevError(
                f"The state folder {self.folder} cannot be used ({error.strerror}): name another."
            ) from error

    def read(self) -> dict[str, Any]:
        """The summary of a running stack; empty when none runs."""
        summary = _read(self.summary_file)
        if summary and not summary.keys() >= SHOWN:
            raise _foreign(self.summary_file)
        # After an end by force the file stays, and its number may be somebody else's by now.
        return summary if summary and any(is_ours(summary["pid"], name) for name in PROGRAMS) else {}

    def write(self, summary: Mapping[str, Any]) -> None:
        private(self.summary_file, json.dumps(summary, indent=1).encode())

    def clear(self) -> None:
        self.summary_file.unlink(missing_ok=True)

    def recall(self) -> dict[str, Any]:
        """What has to stay the same from start to start: port, credentials, first administrator."""
        memory = _read(self.memory_file)
        if not all(isinstance(value, str) for name, value in memory.items() if name not in NUMBERS):
            raise _foreign(self.memory_file)
        return memory

    def remember(self, **values: Any) -> None:
        private(self.memory_file, json.dumps({**self.recall(), **values}, indent=1).encode())


def private(path: Path, content: bytes) -> None:
    """Written as a whole or not at all, never readable by others."""
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(preferred: int = 0) -> int:
    """The preferred port if nobody has it, else any."""
    if preferred and port_is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unreadable(path: Path, folder: Path) -> DevError:
    return DevError(f"{path} cannot be read: delete the folder {folder} to start afresh.")


def _foreign(path: Path) -> DevError:
    return DevError(f"{path} is not what muster dev wrote: delete the folder {path.parent} to start afresh.")


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(path, path.parent) from error
    if not isinstance(content, dict) or any(type(content[name]) is not int for name in NUMBERS & content.keys()):
        raise _foreign(path)
    return content
