"""`muster windows`: how PCs come in, and what wakes them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.cli.failures import Misuse
from chalicelib.cli.output import Json, details, read_secret, show_json
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="What Windows asks for.")
enrollment_app = typer.Typer(no_args_is_help=True, help="The sign-in page: who has an account may enroll a PC.")
app.add_typer(enrollment_app, name="enrollment")
entra_app = typer.Typer(no_args_is_help=True, help="Enrollment with Entra: tenants and applications.")
app.add_typer(entra_app, name="entra")
wns_app = typer.Typer(no_args_is_help=True, help="The package whose notifications wake PCs.")
app.add_typer(wns_app, name="wns")
terms_app = typer.Typer(no_args_is_help=True, help="What is shown before a PC enrolls with Entra.")
app.add_typer(terms_app, name="terms")

PATH = "/settings/windows"
Ownership = Annotated[str | None, typer.Option(help="Whose the PCs are: corporate or personal.")]
Groups = Annotated[list[str] | None, typer.Option("--group", help="Put them here; repeat the option; '' for none.")]


@enrollment_app.command("show")
def show_enrollment(ctx: typer.Context, as_json: Json = False) -> None:
    """Whether people may sign in, and what becomes of their PCs."""
    _print_enrollment(client(ctx).get(f"{PATH}/enrollment"), as_json=as_json)


@enrollment_app.command("set")
def set_enrollment(
    ctx: typer.Context,
    federated: Annotated[bool | None, typer.Option(help="Everybody who can sign in may enroll a PC.")] = None,
    ownership: Ownership = None,
    groups: Groups = None,
    as_json: Json = False,
) -> None:
    """Change what is named; the rest stays."""
    changes = _named(federated=federated, ownership=ownership, groups=groups)
    _print_enrollment(_merge(ctx, "enrollment", changes), as_json=as_json)


@entra_app.command("show")
def show_entra(ctx: typer.Context, as_json: Json = False) -> None:
    """Whose tokens are believed, and what becomes of the PCs."""
    _print_entra(client(ctx).get(f"{PATH}/entra"), as_json=as_json)


@entra_app.command("set")
def set_entra(
    ctx: typer.Context,
    tenants: Annotated[list[str] | None, typer.Option("--tenant", help="Tenant id; repeat the option.")] = None,
    audiences: Annotated[
        list[str] | None, typer.Option("--audience", help="Application id or its URI, as tokens have it; repeatable.")
    ] = None,
    ownership: Ownership = None,
    groups: Groups = None,
    close: Annotated[bool, typer.Option("--close", help="Believe nobody's tokens any more.")] = False,
    as_json: Json = False,
) -> None:
    """Change what is named; the rest stays. Tenants and audiences replace those named before."""
    if close and (tenants or audiences):
        raise Misuse("--close goes without --tenant and --audience.")
    believed: dict[str, Any] = {"tenants": [], "audiences": []} if close else {}
    changes = believed | _named(tenants=tenants, audiences=audiences, ownership=ownership, groups=groups)
    _print_entra(_merge(ctx, "entra", changes), as_json=as_json)


@wns_app.command("show")
def show_wns(ctx: typer.Context, as_json: Json = False) -> None:
    """The package, and since when its secret is held. The secret is never shown."""
    _print_wns(client(ctx).get(f"{PATH}/wns"), as_json=as_json)


@wns_app.command("set")
def set_wns(
    ctx: typer.Context,
    pfn: Annotated[str, typer.Option(help="Package family name.")],
    sid: Annotated[str, typer.Option(help="Package SID, ms-app://s-1-15-2-…")],
    keep_secret: Annotated[bool, typer.Option("--keep-secret", help="Ask for no secret, keep the one held.")] = False,
    as_json: Json = False,
) -> None:
    """Set the package. Its secret is read from standard input, so that no list of processes shows it."""
    body = {"pfn": pfn, "sid": sid}
    if not keep_secret:
        body["secret"] = read_secret("Client secret")
    _print_wns(client(ctx).put(f"{PATH}/wns", body), as_json=as_json)


@terms_app.command("show")
def show_terms(ctx: typer.Context, as_json: Json = False) -> None:
    """The organisation's own text; nothing while Muster's words are shown."""
    _print_terms(client(ctx).get(f"{PATH}/terms"), as_json=as_json)


@terms_app.command("set")
def set_terms(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Plain text, UTF-8.")] = None,
    default: Annotated[bool, typer.Option("--default", help="Back to Muster's own words.")] = False,
    as_json: Json = False,
) -> None:
    """Show this text above what management can and cannot do."""
    if (file is None) != default:
        raise Misuse("Give a file, or --default.")
    _print_terms(client(ctx).put(f"{PATH}/terms", {"text": _read(file) if file else ""}), as_json=as_json)


def _named(**options: Any) -> dict[str, Any]:
    """Those that were given; an empty text in a list only says that nothing stays of it."""
    given = {name: value for name, value in options.items() if value is not None}
    return {name: [one for one in value if one] if isinstance(value, list) else value for name, value in given.items()}


def _merge(ctx: typer.Context, name: str, changes: dict[str, Any]) -> dict[str, Any]:
    if not changes:
        raise Misuse(f"Nothing to change; see `muster windows {name} set --help`.")
    talk = client(ctx)
    changed: dict[str, Any] = talk.put(f"{PATH}/{name}", {**talk.get(f"{PATH}/{name}"), **changes})
    return changed


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Misuse(f"{path} cannot be read as text.") from None


def _print_enrollment(found: dict[str, Any], *, as_json: bool) -> None:
    signing_in = "everybody with an account" if found["federated"] else "closed"
    _print(found, [("Sign-in page", signing_in), *_terms_of(found)], as_json=as_json)


def _print_entra(found: dict[str, Any], *, as_json: bool) -> None:
    tenants = found["tenants"] or "none: closed"
    _print(found, [("Tenants", tenants), ("Audiences", found["audiences"]), *_terms_of(found)], as_json=as_json)


def _terms_of(found: dict[str, Any]) -> list[tuple[str, Any]]:
    return [("Ownership", found["ownership"]), ("Groups", found["groups"])]


def _print_wns(found: dict[str, Any], *, as_json: bool) -> None:
    pairs = [("Package", found["pfn"]), ("SID", found["sid"]), ("Secret held since", found["secret_since"])]
    _print(found, pairs, as_json=as_json)


def _print_terms(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        typer.echo(found["text"] or "Muster's own words are shown.")


def _print(found: dict[str, Any], pairs: list[tuple[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        details(pairs)
