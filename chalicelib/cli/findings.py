"""`muster findings`: where the posture of devices falls short."""

from typing import Annotated

import typer

from chalicelib.cli.devices import resolve
from chalicelib.cli.output import Json, show_json, table
from chalicelib.cli.session import client

COLUMNS = {
    "DEVICE": "device_id", "CONTROL": "control", "EXPECTED": "expected", "OBSERVED": "observed", "SINCE": "since",
    "RESOLVED": "resolved_at",
}  # fmt: skip


def findings(
    ctx: typer.Context,
    device: Annotated[str, typer.Option(help="Only this device; then resolved findings, too.")] = "",
    as_json: Json = False,
) -> None:
    """Open posture findings."""
    talk = client(ctx)
    found = list(talk.items("/findings", device=resolve(talk, device)["id"] if device else ""))
    if as_json:
        show_json(found)
    else:
        table(found, COLUMNS, "No findings.")
