"""Every command can be read by a machine."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from chalicelib.cli import lazy, main


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not hasattr(command, "commands"):
        yield path, lazy.load(path[0]) if path[0] in lazy.HEAVY else command
        return
    for name, child in command.commands.items():
        yield from leaves(child, (*path, name))


ALL = {" ".join(path): command for path, command in leaves(typer.main.get_command(main.app))}


@pytest.mark.parametrize("name", sorted(ALL))
def test_it_takes_json(name: str) -> None:
    assert any("--json" in parameter.opts for parameter in ALL[name].params)
