"""`muster commands`: what was asked of a device, and how it went."""

from typing import Annotated, Any

import typer

from chalicelib.cli.client import Client, segment
from chalicelib.cli.devices import DeviceArgument, resolve
from chalicelib.cli.failures import Failure
from chalicelib.cli.output import Json, details, progress, say, show_json, table, wait_for
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="What was asked of a device, and how it went.")

PATIENCE = 120
TERMINAL = ("acknowledged", "failed", "expired", "cancelled")
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the device has answered.")]
Timeout = Annotated[int, typer.Option(min=1, max=86_400, help="Seconds that --wait waits.")]
CommandArgument = Annotated[str, typer.Argument(metavar="COMMAND", help="The command's id.")]

COLUMNS = {
    "COMMAND": "id",
    "ACTION": "action",
    "STATE": "state",
    "ASKED": "created_at",
    "BY": "requested_by",
    "DETAIL": "detail",
    "WAITS FOR": "waiting_for",
}


def follow(talk: Client, command: dict[str, Any], timeout: int) -> dict[str, Any]:
    """The command when it has ended. TimedOut."""
    path = f"/devices/{command['device_id']}/commands/{command['id']}"
    late = f"The device has not answered within {timeout} s; it will when it is next online: `muster commands show`."
    with progress(f"Waiting for the device ({command['action']}) …"):
        ended: dict[str, Any] = wait_for(lambda: dict(talk.get(path)), _over, timeout, late)
    return ended


def _over(command: dict[str, Any]) -> bool:
    return command["state"] in TERMINAL


def show_one(command: dict[str, Any], *, as_json: bool) -> None:
    """Prints it; a command that ended without success is a Failure."""
    if as_json:
        show_json(command)
    else:
        pairs = [("Command", command["id"]), ("Action", command["action"]), ("State", command["state"])]
        pairs += [("Asked", f"{command['created_at']} by {command['requested_by']}")]
        pairs += [
            (label, command[name])
            for label, name in (("Ended", "finished_at"), ("Detail", "detail"), ("Waits for", "waiting_for"))
            if command[name]
        ]
        details(pairs)
    if command["state"] in ("failed", "expired"):
        raise Failure(f"The command {command['state']}: {command['detail'] or 'the device gave no reason'}")


@app.command("list")
def list_commands(
    ctx: typer.Context,
    device: DeviceArgument,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: Json = False,
) -> None:
    """Open commands, then finished ones, the newest first."""
    talk = client(ctx)
    found = talk.get(f"/devices/{resolve(talk, device)['id']}/commands", limit=limit)["items"]
    if as_json:
        show_json(found)
    else:
        table(found, COLUMNS, "Nothing was asked of this device yet.")


@app.command()
def show(ctx: typer.Context, device: DeviceArgument, command: CommandArgument, as_json: Json = False) -> None:
    """One command with its result."""
    talk = client(ctx)
    found = talk.get(_path(talk, device, command))
    if as_json:
        show_json(found)
    else:
        details([(name, value) for name, value in found.items() if value not in ("", None, {}, [])])


@app.command()
def cancel(ctx: typer.Context, device: DeviceArgument, command: CommandArgument, as_json: Json = False) -> None:
    """Cancel a command that was not sent yet; then it is never delivered."""
    talk = client(ctx)
    cancelled = talk.delete(_path(talk, device, command))
    if as_json:
        show_json(cancelled)
    else:
        say("Cancelled.")


def _path(talk: Client, device: str, command: str) -> str:
    return f"/devices/{resolve(talk, device)['id']}/commands/{segment(command)}"
