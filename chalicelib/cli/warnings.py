"""`muster warnings`: what ends by itself within the next 60 days."""

import typer

from chalicelib.cli.output import Json, show_json, table
from chalicelib.cli.session import client

COLUMNS = {"WHAT": "subject", "ENDS": "not_after", "DAYS LEFT": "days_left", "SO": "detail"}


def warnings(ctx: typer.Context, as_json: Json = False) -> None:
    """What is about to expire, and what to do about it."""
    found = client(ctx).get("/warnings")["items"]
    if as_json:
        show_json(found)
    else:
        table(found, COLUMNS, "Nothing expires within 60 days.")
