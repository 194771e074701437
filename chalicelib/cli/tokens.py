"""`muster tokens`: API tokens for machines."""

import sys
from typing import Annotated

import typer

from chalicelib.cli.client import segment
from chalicelib.cli.output import Json, done, say, show_json, table
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="API tokens for machines.")

COLUMNS = {
    "ID": "id",
    "NAME": "name",
    "ROLE": "role",
    "EXPIRES": "expires_at",
    "REVOKED": "revoked",
    "BY": "created_by",
}


@app.command()
def create(
    ctx: typer.Context,
    name: str,
    role: Annotated[str, typer.Option(help="admin, helpdesk or auditor.")] = "auditor",
    days: Annotated[int, typer.Option(min=1, max=365)] = 90,
    as_json: Json = False,
) -> None:
    """Create one; it is shown this once, on standard output."""
    made = client(ctx).post("/tokens", {"name": name, "role": role, "days": days})
    if as_json:
        show_json(made)
        return
    sys.stdout.write(made["token"] + "\n")
    say(f"Valid until {made['expires_at']}. It is shown this once.")


@app.command("list")
def list_tokens(ctx: typer.Context, as_json: Json = False) -> None:
    """All of them, without the secrets."""
    found = list(client(ctx).items("/tokens"))
    if as_json:
        show_json(found)
    else:
        table(found, COLUMNS, "No API tokens.")


@app.command()
def revoke(ctx: typer.Context, token: Annotated[str, typer.Argument(help="Its id.")], as_json: Json = False) -> None:
    """Revoke one; it stops working at once."""
    client(ctx).delete(f"/tokens/{segment(token)}")
    done("Revoked.", as_json=as_json, id=token, revoked=True)
