"""Every command can be read by a machine."""

from collections.abc import Iterator
from inspect import signature
from typing import Any

import pytest
import typer

from chalicelib.cli import main
from chalicelib.cli.deploy import deploy
from chalicelib.cli.dev.command import dev
from chalicelib.cli.package import package

MOUNTED = {"dev": dev, "deploy": deploy, "package": package}


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, child in command.commands.items():
        yield from leaves(child, (*path, name))


ALL = {" ".join(path): command for path, command in leaves(typer.main.get_command(main.app))}


@pytest.mark.parametrize("name", sorted(ALL))
def test_it_takes_json(name: str) -> None:
    if name in MOUNTED:
        assert "as_json" in signature(MOUNTED[name]).parameters
    else:
        assert any("--json" in parameter.opts for parameter in ALL[name].params)
