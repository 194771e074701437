"""`muster audit`: read the trail, take it away, verify it without Muster."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.cli.failures import Failure, Misuse
from chalicelib.cli.output import Json, done, progress, say, show_json, table
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="The audit trail.")

COLUMNS = {
    "AT": "at", "ACTOR": "actor", "ACTION": "action", "TARGET": "target", "RESULT": "result", "ENTRY": "entry",
}  # fmt: skip


@app.command("list")
def list_entries(
    ctx: typer.Context,
    shard: Annotated[int, typer.Option(min=-1, max=15, help="One chain, oldest first; -1: the newest of all.")] = -1,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """The newest entries, or those of one chain."""
    found = list(client(ctx).items("/audit", limit, shard=None if shard < 0 else shard))
    if as_json:
        show_json(found)
    else:
        rows = [{**entry, "entry": f"{entry['shard']}/{entry['sequence']}"} for entry in found]
        table(rows, COLUMNS, "The trail is empty.")


@app.command()
def export(
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; else standard output.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The whole trail with its signed heads, as JSON Lines."""
    with progress("Exporting the audit trail …"):
        lines = client(ctx).raw("/audit/export")
    if output is None:
        typer.echo(lines.decode(), nl=False)
        return
    try:
        output.write_bytes(lines)
    except OSError as error:
        raise Misuse(f"{output} cannot be written: {error.strerror}.") from None
    count = len(lines.splitlines()) - 1
    done(f"{count} entries: {output}", as_json=as_json, entries=count, output=str(output))


@app.command()
def verify(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="An exported trail; without it, a fresh export.")] = None,
    key: Annotated[
        Path | None, typer.Option(help="The public key that you trust (DER or PEM), kept elsewhere.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every link of the chain and the signature. A file is checked offline."""
    if file is not None:
        lines = _read(file).splitlines(keepends=False)
    else:
        with progress("Exporting the audit trail …"):
            lines = client(ctx).raw("/audit/export").splitlines(keepends=False)
    _verify(lines, key, as_json=as_json)


def _verify(lines: Iterable[bytes], key: Path | None, *, as_json: bool) -> None:
    from chalicelib.core import audit  # core takes no configuration and no network for this

    trusted = _key(_read(key)) if key else None
    try:
        verified = audit.verify((line.decode() for line in lines), trusted)
    except UnicodeDecodeError:
        raise Failure("The trail does not verify: it is not UTF-8 text.") from None
    except audit.Broken as broken:
        if as_json:
            show_json({"verified": False, "reason": str(broken)})
        raise Failure(f"The trail does not verify: {broken}") from None
    if as_json:
        show_json({"verified": True, "pinned": trusted is not None, **asdict(verified)})
    else:
        signed = datetime.fromtimestamp(verified.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        signer = f"the key that you trust, {verified.key[:16]}…" if trusted else f"key {verified.key[:16]}…, not pinned"
        say(f"Intact: {verified.entries} entries in {verified.shards} chains, signed {signed} with {signer}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misuse(f"{path} cannot be read: {error.strerror}.") from None


def _key(content: bytes) -> bytes:
    if not content.startswith(b"-----BEGIN"):
        return content
    from cryptography.hazmat.primitives import serialization

    loaded = serialization.load_pem_public_key(content)
    return loaded.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
