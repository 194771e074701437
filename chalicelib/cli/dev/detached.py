"""`muster dev --detach`: the same in a process of its own, and back when it runs."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from chalicelib.cli.dev import screen
from chalicelib.cli.dev.state import DevError, State

PATIENCE = 300  # seconds; a first start installs and packages


def start(state: State, port: int | None, demo: int, console: Console) -> None:
    running = state.read()
    if running:
        screen.welcome(console, running, [], state)
        return
    state.prepare()
    command = [sys.executable, "-m", "chalicelib.cli.dev", "--state", str(state.folder), "--demo", str(demo)]
    command += ["--port", str(port)] if port is not None else []
    with state.log.open("wb") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=Path.cwd()
        )
    with console.status("Starting Muster …") as status:
        summary = _await_summary(state, child, lambda line: status.update(Text(line)))
    screen.welcome(console, summary, summary["notes"], state)


def _await_summary(state: State, child: subprocess.Popen[bytes], say: screen.Say) -> Mapping[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        lines = [line for line in state.log.read_text(errors="replace").splitlines() if line.strip()]
        if child.poll() is not None:
            raise DevError(lines[-1] if lines else f"Muster ended at once: see {state.log}.")
        summary = state.read()
        if summary.get("pid") == child.pid and summary.get("ready"):
            return summary
        if lines:
            say(lines[-1])
        time.sleep(0.05)
    child.terminate()
    raise DevError(f"Muster did not start within {PATIENCE} seconds: see {state.log}.")
