"""Commands whose modules are imported when they are used: `muster --help` should not wait for the AWS SDK."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# Name → module with a function of that name, and what `muster --help` says of it.
HEAVY: Mapping[str, tuple[str, str]] = {
    "dev": ("chalicelib.cli.dev.command", "Run Muster on this machine."),
    "deploy": ("chalicelib.cli.deploy", "Deploy Muster to AWS."),
    "package": ("chalicelib.cli.package", "Build what is deployed."),
}


class LazyGroup(TyperGroup):
    """Lists placeholders; running, completing and explaining a command resolve it to the real one."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in HEAVY else command, rest


@cache
def load(name: str) -> Any:
    app = typer.Typer(add_completion=False)
    app.command(name)(getattr(import_module(HEAVY[name][0]), name))
    return typer.main.get_command(app)


def add_placeholders(app: typer.Typer) -> None:
    for name, (_, text) in HEAVY.items():
        app.command(name, help=text)(_placeholder)


def _placeholder() -> None:
    raise AssertionError("the group resolves this name to the real command")
