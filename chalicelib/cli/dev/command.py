"""`muster dev`: start, stop and look at Muster on this machine."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.panel import Panel

from chalicelib.cli.dev.session import Session
from chalicelib.cli.dev.state import DevError, State, alive

SECRET = ("admin_password", "admin_token", "engine_access_key", "engine_secret_key", "environment", "outputs")
PATIENCE = 300  # seconds; a first start installs and packages
GRACE = 60  # seconds to save and stop


def dev(
    detach: Annotated[bool, typer.Option("--detach", help="Return as soon as it runs.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop what --detach started; the data is kept.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say whether it runs; exits 1 if not.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="--status for machines.")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Of the front door; 0 takes a free one.")] = None,
    demo: Annotated[int, typer.Option(min=0, max=100, help="Simulated devices to enroll.")] = 0,
    state: Annotated[Path, typer.Option(help="Where keys, data and logs are kept.")] = Path(".muster"),
) -> None:
    """Run all of Muster on this machine: an embedded AWS engine, the real deployment, one address."""
    console = Console(highlight=False)
    kept = State(state)
    try:
        if status:
            _status(kept, as_json, console)
        elif stop:
            _stop(kept, console)
        elif detach:
            _detach(kept, port, demo, console)
        else:
            _foreground(kept, port, demo, console)
    except DevError as error:
        Console(stderr=True, highlight=False).print(f"[red]{error}[/]", soft_wrap=True)
        raise typer.Exit(1) from error


def _foreground(state: State, port: int | None, demo: int, console: Console) -> None:
    state.prepare()
    # SIGTERM ends like Ctrl-C: through the cleanup that saves the data.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _only_one(state), Session(state, port, lambda line: console.print(line) if line else None) as session:
            console.print(_welcome(session.summary, state))
            if demo:
                session.populate(demo)
            while not session.broken:
                time.sleep(0.2)
            raise DevError(f"The embedded AWS engine ended: see {state.folder / 'engine.log'}.")
    except KeyboardInterrupt:
        console.print("Stopped; the data is kept.")


def _detach(state: State, port: int | None, demo: int, console: Console) -> None:
    running = state.read()
    if running:
        console.print(_welcome(running, state))
        return
    state.prepare()
    command = [sys.executable, "-m", "chalicelib.cli.dev", "--state", str(state.folder), "--demo", str(demo)]
    command += ["--port", str(port)] if port is not None else []
    with state.log.open("wb") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=Path.cwd()
        )
    with console.status("Starting Muster …"):
        summary = _await_summary(state, child)
    console.print(_welcome(summary, state))


def _await_summary(state: State, child: subprocess.Popen[bytes]) -> Mapping[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if child.poll() is not None:
            lines = [line for line in state.log.read_text().splitlines() if line.strip()]
            raise DevError(lines[-1] if lines else f"Muster ended at once: see {state.log}.")
        summary = state.read()
        if summary.get("pid") == child.pid:
            return summary
        time.sleep(0.05)
    child.terminate()
    raise DevError(f"Muster did not start within {PATIENCE} seconds: see {state.log}.")


def _stop(state: State, console: Console) -> None:
    running = state.read()
    if not running:
        raise DevError(f"Muster does not run from {state.folder}.")
    pid = int(running["pid"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while alive(pid):
        if time.monotonic() > deadline:
            raise DevError(f"Process {pid} does not end: see {state.log}.")
        time.sleep(0.05)
    console.print("Stopped; the data is kept.")


def _status(state: State, as_json: bool, console: Console) -> None:
    running = state.read()
    shown = {name: value for name, value in running.items() if name not in SECRET}
    if as_json:
        print(json.dumps({"running": bool(running), **shown}))
    else:
        console.print(f"Muster runs at {running['console_url']}." if running else "Muster does not run.")
    if not running:
        raise typer.Exit(1)


@contextmanager
def _only_one(state: State) -> Iterator[None]:
    """The lock dies with its process, however that ends."""
    with (state.folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            where = state.read().get("console_url", "its address")
            raise DevError(f"Muster runs already at {where}: stop it with `muster dev --stop`.") from error
        yield


def _welcome(summary: Mapping[str, Any], state: State) -> Panel:
    text = (
        f"Console   [bold]{summary['console_url']}[/]\n"
        f"Sign in   [bold]{summary['admin_username']}[/]   password in {_short(state.summary_file)}\n"
        f"Trust     {_short(Path(summary['ca_file']))}   (the development CA of this address)\n\n"
        "[bold]Next[/]\n"
        "  muster enroll               a link and a QR code for a device\n"
        "  muster devices list         what is enrolled\n"
        "  muster device lock DEVICE   a first command"
    )
    return Panel(text, title="Muster is running", title_align="left", expand=False, padding=(1, 2))


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
