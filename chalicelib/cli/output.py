"""What the commands print: results on stdout, as JSON or for people; everything else on stderr."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalicelib.cli.failures import TimedOut

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print JSON only.")]


def show_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """A remark for a person. Nothing in it is markup: names come from devices."""
    console(stderr=True).print(text, markup=False)


def done(text: str, *, as_json: bool, **facts: Any) -> None:
    """What was done: a remark for a person, or the facts as JSON."""
    if as_json:
        show_json(facts)
    else:
        say(text)


def read_secret(prompt: str) -> str:
    """One line of standard input; on a terminal it is asked for and not shown."""
    if sys.stdin.isatty():
        return str(typer.prompt(prompt, hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def clean(value: Any) -> str:
    """Text without control characters, which a device could use to rewrite the terminal."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], empty: str) -> None:
    """`columns`: heading → field. Wide enough to be piped: only a terminal cuts."""
    from rich.table import Table
    from rich.text import Text

    out = console()
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in columns:
        grid.add_column(heading, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(clean(row.get(field))) for field in columns.values()))
    if not grid.row_count:
        say(empty)
        return
    if not out.is_terminal:
        out.width = 400
    out.print(grid)


def details(pairs: Sequence[tuple[str, Any]]) -> None:
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        console().print(f"{name:<{width}}  {clean(value)}", markup=False)


@contextmanager
def progress(text: str) -> Iterator[None]:
    """A spinner on a terminal; silence in a pipe."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield
        return
    with err.status(text, spinner="dots"):
        yield


def wait_for(ask: Callable[[], dict[str, Any]], done: Callable[[dict[str, Any]], bool], timeout: int, late: str) -> Any:
    """Asks again, a little slower each time, until it is done. TimedOut."""
    until, pause = time.monotonic() + timeout, 0.25
    while not done(found := ask()):
        if time.monotonic() + pause > until:
            raise TimedOut(late)
        time.sleep(pause)
        pause = min(pause * 1.3, 3)
    return found
