"""`muster reports`: run, wait, download."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.cli.client import Client
from chalicelib.cli.failures import Failure, Misuse
from chalicelib.cli.output import Json, progress, say, show_json, table, wait_for
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="Reports for auditors and administrators.")

COLUMNS = {"ID": "id", "KIND": "kind", "STATE": "state", "ROWS": "rows", "ASKED": "created_at", "BY": "requested_by"}


@app.command()
def run(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Which one; the answer to an unknown one names all.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    form: Annotated[str, typer.Option("--format", help="csv or jsonl; else by the file's name.")] = "",
    timeout: Annotated[int, typer.Option(min=1, max=3600, help="Seconds to wait for it.")] = 300,
    as_json: Json = False,
) -> None:
    """Run a report and download it."""
    form = form or ("jsonl" if output.suffix in (".jsonl", ".ndjson") else "csv")
    if form not in ("csv", "jsonl"):
        raise Misuse(f"There is no format {form!r}; take csv or jsonl.")
    talk = client(ctx)
    report = talk.post("/reports", {"kind": kind})
    with progress(f"Building the {kind} report …"):
        report = _finished(talk, report, timeout)
    content = _download(talk, report, form)
    try:
        output.write_bytes(content)
    except OSError as error:
        raise Misuse(f"{output} cannot be written: {error.strerror}.") from None
    if as_json:
        show_json({**report, "output": str(output), "bytes": len(content)})
    else:
        say(f"{report['rows']} rows, {len(content)} bytes: {output}")


def _finished(talk: Client, report: dict[str, Any], timeout: int) -> dict[str, Any]:
    late = f"The report is not ready after {timeout} s; it appears in `muster reports list`."
    path = f"/reports/{report['id']}"
    ended: dict[str, Any] = wait_for(
        lambda: dict(talk.get(path)), lambda found: found["state"] != "queued", timeout, late
    )
    if ended["state"] != "ready":
        raise Failure(f"The report failed: {ended['detail'] or 'see the log of the reports function'}")
    return ended


def _download(talk: Client, report: dict[str, Any], form: str) -> bytes:
    link = talk.get(f"/reports/{report['id']}/download", format=form)
    content = talk.download(link["url"])
    if hashlib.sha256(content).hexdigest() != link["sha256"]:
        raise Failure("The file that arrived is not the one that Muster wrote (SHA-256 differs); download it again.")
    return content


@app.command("list")
def list_reports(ctx: typer.Context, as_json: Json = False) -> None:
    """All reports, oldest first."""
    found = list(client(ctx).items("/reports"))
    if as_json:
        show_json(found)
    else:
        table(found, COLUMNS, "No reports yet; `muster reports run inventory --output inventory.csv`.")
