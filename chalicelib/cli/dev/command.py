"""`muster dev`: start, stop and look at Muster on this machine."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from chalicelib.cli.dev import detached, screen
from chalicelib.cli.dev.processes import alive
from chalicelib.cli.dev.session import Session
from chalicelib.cli.dev.state import DevError, State

SECRET = ("admin_password", "admin_token", "engine_access_key", "engine_secret_key", "environment", "outputs")
ENDS = (signal.SIGINT, signal.SIGTERM)
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
            detached.start(kept, port, demo, console)
        else:
            _foreground(kept, port, demo, console)
    except DevError as error:
        _refuse(str(error), error)
    except OSError as error:
        what = error.filename or kept.folder
        _refuse(f"{what} cannot be used ({error.strerror}): put that right, or name another folder by --state.", error)


def _refuse(sentence: str, error: Exception) -> NoReturn:
    Console(stderr=True, highlight=False).print(sentence, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(1) from error


def _foreground(state: State, port: int | None, demo: int, console: Console) -> None:
    state.prepare()
    for number in ENDS:
        signal.signal(number, _interrupt)
    try:
        with _only_one(state), ExitStack() as running:
            with screen.telling(console) as say:
                session = running.enter_context(Session(state, port, say))
                if demo:
                    session.populate(demo)
            screen.welcome(console, session.summary, session.notes, state)
            session.ready()
            while not session.broken:
                time.sleep(0.2)
            raise DevError(f"The embedded AWS engine ended: see {state.folder / 'engine.log'}.")
    except KeyboardInterrupt:
        console.print("Stopped; the data is kept.")


def _interrupt(*_: object) -> NoReturn:
    """SIGTERM ends like Ctrl-C: through the cleanup that saves the data, which a second one must not break off."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


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
