"""`muster`: all commands, and what becomes of their failures."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from chalicelib.cli import (
    android,
    apple,
    audit,
    commands,
    device,
    devices,
    escrow,
    findings,
    google,
    invitations,
    lazy,
    posture,
    reports,
    session,
    tokens,
    warnings,
    windows,
)
from chalicelib.cli.failures import Failure
from chalicelib.cli.output import Json, show_json
from chalicelib.cli.session import client

app = typer.Typer(
    cls=lazy.LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not signed in or not allowed, 4 not found, "
    "5 Muster cannot be reached, 6 still waiting when the time was over, 130 interrupted.",
)


@app.callback()
def muster(
    ctx: typer.Context,
    context: Annotated[str, typer.Option("--context", help="Talk to this Muster; see `muster context list`.")] = "",
) -> None:
    """Muster manages devices: enroll, see, command, prove."""
    ctx.obj = context


def openapi(ctx: typer.Context, as_json: Json = False) -> None:
    """The API's OpenAPI document, which is JSON anyway."""
    show_json(client(ctx).get("/openapi.json"))


def version(ctx: typer.Context, as_json: Json = False) -> None:
    """The version of this command, and of Muster if it can be reached."""
    from importlib.metadata import version as installed

    found = {"cli": installed("muster"), "server": _server_version(ctx)}
    if as_json:
        show_json(found)
    else:
        typer.echo(f"muster {found['cli']}, server {found['server'] or 'not reached'}")


def _server_version(ctx: typer.Context) -> str | None:
    try:
        return str(client(ctx).get("/version")["version"])
    except Failure:
        return None


app.command("login")(session.login)
app.command("logout")(session.logout)
app.command("whoami")(session.whoami)
app.command("enroll")(invitations.enroll)
app.add_typer(devices.app, name="devices")
app.add_typer(device.app, name="device")
app.add_typer(commands.app, name="commands")
app.command("findings")(findings.findings)
app.add_typer(posture.app, name="posture")
app.command("warnings")(warnings.warnings)
app.add_typer(reports.app, name="reports")
app.add_typer(audit.app, name="audit")
app.add_typer(escrow.app, name="escrow")
app.add_typer(invitations.app, name="invitations")
app.add_typer(apple.app, name="apple")
app.add_typer(windows.app, name="windows")
app.add_typer(google.app, name="google")
app.add_typer(android.app, name="android")
app.add_typer(tokens.app, name="tokens")
app.add_typer(session.context_app, name="context")
lazy.add_placeholders(app)
app.command("openapi")(openapi)
app.command("version")(version)


def main(arguments: Sequence[str] | None = None) -> None:
    """Always ends by SystemExit."""
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name="muster")
    except Failure as failure:
        sys.stderr.write(f"muster: {failure}\n")
        sys.exit(failure.code)
