"""`muster android`: the enterprise at Google, and the policies of the organisation."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.cli.client import segment
from chalicelib.cli.failures import Misuse
from chalicelib.cli.output import Json, details, say, show_json
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="What Android asks for.")
enterprise_app = typer.Typer(no_args_is_help=True, help="The organisation's enterprise at Google.")
app.add_typer(enterprise_app, name="enterprise")
policy_app = typer.Typer(no_args_is_help=True, help="The policies by mode: corporate, personal, dedicated.")
app.add_typer(policy_app, name="policy")

PATH = "/settings/android"
YAML = (".yaml", ".yml")
Mode = Annotated[str, typer.Argument(help="corporate, personal or dedicated.")]


@app.command("sign-up")
def sign_up(ctx: typer.Context, as_json: Json = False) -> None:
    """Begin the sign-up at Google: the link to open in a browser. It leads back to Muster, which does the rest."""
    found = client(ctx).post(f"{PATH}/sign-up", {})
    if as_json:
        show_json(found)
    else:
        say(f"Open this link as an administrator of the organisation, before {found['expires_at']}:")
        typer.echo(found["url"])


@enterprise_app.command("show")
def show_enterprise(ctx: typer.Context, as_json: Json = False) -> None:
    """The enterprise that Muster is bound to."""
    _print_enterprise(client(ctx).get(PATH), as_json=as_json)


@enterprise_app.command("use")
def use_enterprise(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="enterprises/…, which the service account's project owns.")],
    as_json: Json = False,
) -> None:
    """Bind an enterprise that exists, and have Google tell Muster what happens in it."""
    _print_enterprise(client(ctx).put(f"{PATH}/enterprise", {"name": name}), as_json=as_json)


@policy_app.command("show")
def show_policy(ctx: typer.Context, mode: Mode, as_json: Json = False) -> None:
    """The policy with its version; what is secret in it is shown as ***."""
    _print_policy(client(ctx).get(_policy(mode)), as_json=as_json)


@policy_app.command("set")
def set_policy(
    ctx: typer.Context,
    mode: Mode,
    file: Annotated[Path, typer.Argument(help="The whole policy in Google's names, JSON or YAML.")],
    version: Annotated[
        int | None, typer.Option(min=0, help="Only in place of this version; else of the one there is now.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Replace the policy. Refused where somebody else changed it since the version that is named."""
    document, talk = _read(file), client(ctx)
    read = talk.get(_policy(mode))["version"] if version is None else version
    _print_policy(talk.put(_policy(mode), {"document": document, "version": read}), as_json=as_json)


def _policy(mode: str) -> str:
    return f"{PATH}/policies/{segment(mode)}"


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Misuse(f"{path} cannot be read as text.") from None
    found = _from_yaml(path, text) if path.suffix.lower() in YAML else _from_json(path, text)
    if not isinstance(found, dict):
        raise Misuse(f"{path} is no policy: it has to be names and their values.")
    return found


def _from_json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Misuse(f"{path} is not valid JSON: {error}.") from None


def _from_yaml(path: Path, text: str) -> Any:
    """Only what JSON could say, too: a YAML date is refused rather than guessed at."""
    import yaml

    try:
        return json.loads(json.dumps(yaml.safe_load(text)))
    except yaml.YAMLError as error:
        raise Misuse(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from None
    except (TypeError, ValueError):
        raise Misuse(f"{path} has a value that is no text, number or truth; put dates and times into quotes.") from None


def _print_enterprise(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        details([("Enterprise", found["enterprise"] or "none: see `muster android sign-up`")])


def _print_policy(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    show_json(found["document"])
    told = "one for each device" if found["per_device"] else "yes" if found["pushed"] else found["problem"] or "not yet"
    version = f"version {found['version']}" if found["version"] else "Muster's default"
    say(f"{found['mode']}: {version}; at Google: {told}")
