"""`muster escrow`: which secrets are held for a device, and revealing one with a reason."""

import sys
from typing import Annotated

import typer

from chalicelib.cli.client import segment
from chalicelib.cli.devices import DeviceArgument, resolve
from chalicelib.cli.output import Json, say, show_json, table
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="Secrets held for devices.")

COLUMNS = {"KIND": "kind", "VERSION": "number", "SINCE": "created_at", "CONFIRMED": "confirmed"}


@app.command("list")
def list_held(ctx: typer.Context, device: DeviceArgument, as_json: Json = False) -> None:
    """What is held for a device, without the secrets."""
    talk = client(ctx)
    held = talk.get(f"/devices/{resolve(talk, device)['id']}/escrow")["items"]
    if as_json:
        show_json(held)
    else:
        table(held, COLUMNS, "Nothing is held for this device.")


@app.command()
def reveal(
    ctx: typer.Context,
    device: DeviceArgument,
    kind: Annotated[str, typer.Argument(help="As `muster escrow list` names it: filevault_key, lock_pin …")],
    reason: Annotated[str, typer.Option(help="Why, in at least 8 characters; it goes into the audit trail.")],
    number: Annotated[int, typer.Option("--version", min=0, help="0 is the newest.")] = 0,
    as_json: Json = False,
) -> None:
    """Show a secret. It is audited first."""
    talk = client(ctx)
    path = f"/devices/{resolve(talk, device)['id']}/escrow/{segment(kind)}/reveal"
    shown = talk.post(path, {"reason": reason, "number": number})
    if as_json:
        show_json(shown)
        return
    if shown["encoding"] == "base64":
        say("The secret is not text; it is printed as base64.")
    sys.stdout.write(shown["value"] + "\n")
