"""`muster enroll` and `muster invitations`: links and QR codes that let devices in."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.cli.client import segment
from chalicelib.cli.failures import Misuse
from chalicelib.cli.output import Json, console, say, show_json, table
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="Invitations to enroll.")

_UNITS = {"m": 60, "h": 3600, "d": 86_400}
COLUMNS = {
    "ID": "id", "STATE": "state", "USES": "used", "OWNERSHIP": "ownership", "USER": "user", "EXPIRES": "expires_at",
    "BY": "created_by", "NOTE": "note",
}  # fmt: skip


def enroll(
    ctx: typer.Context,
    uses: Annotated[int, typer.Option(min=1, max=10_000, help="For how many devices.")] = 1,
    expires: Annotated[str, typer.Option(help="30m, 12h, 7d: from 5 minutes to 90 days.")] = "7d",
    personal: Annotated[bool, typer.Option("--personal", help="The devices belong to their users.")] = False,
    user: Annotated[str, typer.Option(help="Whom the devices are assigned to.")] = "",
    group: Annotated[list[str] | None, typer.Option(help="A group they join; repeat the option.")] = None,
    serial: Annotated[list[str] | None, typer.Option(help="Only this serial number; repeat the option.")] = None,
    replaces: Annotated[str, typer.Option(help="Id of the device whose enrollment may be taken over.")] = "",
    note: Annotated[str, typer.Option(help="For your colleagues.")] = "",
    qr_svg: Annotated[Path | None, typer.Option(help="Write the QR code to this SVG file.")] = None,
    qr_png: Annotated[Path | None, typer.Option(help="Write the QR code to this PNG file.")] = None,
    as_json: Json = False,
) -> None:
    """Invite devices to enroll: prints a link and its QR code."""
    body: dict[str, Any] = {"ownership": "personal" if personal else "corporate", "expires_in": seconds(expires)}
    body |= {
        "max_uses": uses,
        "user": user,
        "groups": group or [],
        "serials": serial or [],
        "replaces": replaces,
        "note": note,
    }
    made = client(ctx).post("/invitations", body)
    _write_codes(made, qr_svg, qr_png)
    if as_json:
        show_json(made)
        return
    typer.echo(made["link"])
    # A pipe gets the link alone; the code is for eyes.
    typer.echo(_drawn(made["link"]), err=not console().is_terminal)
    devices = "one device" if uses == 1 else f"{uses} devices"
    say(f"For {devices}, until {made['expires_at']}. The link is shown this once; whoever has it can enroll.")


def seconds(text: str) -> int:
    found = re.fullmatch(r"(\d{1,6})\s*([mhd])", text.strip().lower())
    if not found:
        raise Misuse(f"{text!r} is not a time; write 30m, 12h or 7d.")
    return int(found[1]) * _UNITS[found[2]]


def _write_codes(made: dict[str, Any], svg: Path | None, png: Path | None) -> None:
    try:
        if svg:
            svg.write_text(made["qr_svg"])
        if png:
            import segno

            segno.make(made["link"], error="m", micro=False).save(str(png), kind="png", scale=8, border=4)
    except OSError as error:
        raise Misuse(f"{error.filename} cannot be written: {error.strerror}; the link is {made['link']}") from None


def _drawn(link: str) -> str:
    import io

    import segno

    out = io.StringIO()
    segno.make(link, error="l", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue()


@app.command("list")
def list_invitations(ctx: typer.Context, as_json: Json = False) -> None:
    """All invitations, oldest first."""
    found = list(client(ctx).items("/invitations"))
    if as_json:
        show_json(found)
    else:
        rows = [{**one, "used": f"{one['uses']}/{one['max_uses']}"} for one in found]
        table(rows, COLUMNS, "No invitations; `muster enroll` makes one.")


@app.command()
def revoke(ctx: typer.Context, invitation: str, as_json: Json = False) -> None:
    """Withdraw an invitation. Devices that used it stay enrolled."""
    revoked = client(ctx).delete(f"/invitations/{segment(invitation)}")
    if as_json:
        show_json(revoked)
    else:
        say("Withdrawn.")
