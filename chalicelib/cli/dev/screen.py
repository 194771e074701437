"""What `muster dev` shows: what it is doing, what is worth knowing, where it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel

from chalicelib.cli.dev.state import State

Say = Callable[[str], None]


@contextmanager
def telling(console: Console) -> Iterator[Say]:
    """A spinner with the latest word on a terminal; lines elsewhere."""
    if not console.is_terminal:
        yield lambda line: console.print(line, markup=False, soft_wrap=True)
        return
    with console.status("Starting Muster …") as status:
        yield status.update


def welcome(console: Console, summary: Mapping[str, Any], notes: Sequence[str], state: State) -> None:
    console.print(_panel(summary, state))
    for note in notes:
        console.print(note, markup=False, soft_wrap=True)


def _panel(summary: Mapping[str, Any], state: State) -> Panel:
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
