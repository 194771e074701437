"""`python -m chalicelib.cli.dev`: what `muster dev --detach` starts."""

import typer

from chalicelib.cli.dev.command import dev

# A traceback with the values of variables would show passwords.
app = typer.Typer(pretty_exceptions_enable=False)
app.command()(dev)
app()
