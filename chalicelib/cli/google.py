"""`muster google`: the service account, the topic and who may push; Android and ChromeOS come through it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.cli.failures import Misuse
from chalicelib.cli.output import Json, details, done, show_json
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="The connection to Google, for Android and ChromeOS.")

PATH = "/settings/google"
KEPT = ("topic", "push_email", "customer", "admin")


@app.command()
def connect(
    ctx: typer.Context,
    key_file: Annotated[
        Path | None, typer.Argument(metavar="KEYFILE", help="The service account's key, JSON; else the one held stays.")
    ] = None,
    topic: Annotated[str | None, typer.Option(help="projects/P/topics/T, where Google publishes.")] = None,
    push_email: Annotated[
        str | None, typer.Option(help="The service account that the push subscription signs with.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="Google's customer, for ChromeOS: C….")] = None,
    admin: Annotated[str | None, typer.Option(help="In whose name ChromeOS is managed; '' for nobody.")] = None,
    as_json: Json = False,
) -> None:
    """Connect, or change what is named; the rest stays. Delete the key file afterwards: Muster keeps the key sealed."""
    wish = {"topic": topic, "push_email": push_email, "customer": customer, "admin": admin}
    named: dict[str, Any] = {name: value for name, value in wish.items() if value is not None}
    if key_file is None and not named:
        raise Misuse("Nothing to change; see `muster google connect --help`.")
    talk = client(ctx)
    held = talk.get(PATH)
    body = {name: held[name] for name in KEPT} if held["connected"] else {}
    body |= named | ({"key": _read(key_file)} if key_file else {})
    missing = [f"--{name.replace('_', '-')}" for name in ("topic", "push_email") if name not in body]
    if missing:
        raise Misuse(f"To connect, give {' and '.join(missing)} too.")
    _print(talk.put(PATH, body), as_json=as_json)


@app.command()
def show(ctx: typer.Context, as_json: Json = False) -> None:
    """Who asks, and since when the key is held. The key is never shown."""
    _print(client(ctx).get(PATH), as_json=as_json)


@app.command()
def disconnect(ctx: typer.Context, as_json: Json = False) -> None:
    """Forget the service account and its key. What was set at Google stays there."""
    client(ctx).delete(PATH)
    done("Muster is not connected to Google any more.", as_json=as_json, disconnected=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Misuse(f"{path} cannot be read as a key file.") from None


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    pairs = [("Push endpoint", found["push_endpoint"]), ("Android enterprise", found["enterprise"])]
    if found["connected"]:
        pairs = [
            ("Project", found["project"]),
            ("Service account", found["client_email"]),
            ("Client id", found["client_id"]),
            ("Key", found["key_id"]),
            ("Key held since", found["key_since"]),
            ("Topic", found["topic"]),
            ("Pushes signed by", found["push_email"]),
            ("Customer", found["customer"]),
            ("ChromeOS in the name of", found["admin"]),
            *pairs,
        ]
    details([("Connected", found["connected"]), *pairs])
