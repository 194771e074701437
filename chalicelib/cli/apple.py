"""`muster apple`: the certificate that lets Muster wake devices, and whom over-the-air enrollment believes."""

from pathlib import Path
from typing import Annotated

import typer

from chalicelib.cli.failures import Misuse
from chalicelib.cli.output import Json, details, done, show_json
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="What Apple asks for.")
push_app = typer.Typer(no_args_is_help=True, help="The push certificate: request, upload, renew.")
app.add_typer(push_app, name="push-cert")
anchors_app = typer.Typer(no_args_is_help=True, help="The certificates that over-the-air enrollment believes.")
app.add_typer(anchors_app, name="ota-anchors")
ade_app = typer.Typer(no_args_is_help=True, help="The server at Apple Business or School Manager: its key, its link.")
app.add_typer(ade_app, name="ade")

PATH = "/settings/push-certificate"
ANCHORS = "/settings/apple/ota-anchors"
ADE = "/settings/apple/ade"


@push_app.command()
def request(
    ctx: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("muster-push.csr"),
    vendor_certificate: Annotated[
        Path | None, typer.Option(help="Your MDM vendor certificate with its chain, PEM.")
    ] = None,
    vendor_key: Annotated[Path | None, typer.Option(help="The vendor's private key, PEM.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key and write the request for it. The key stays sealed in Muster."""
    if (vendor_certificate is None) != (vendor_key is None):
        raise Misuse("Give --vendor-certificate and --vendor-key together, or neither.")
    body = {"vendor_certificate": _read(vendor_certificate), "vendor_key": _read(vendor_key)} if vendor_key else {}
    made = client(ctx).post(f"{PATH}/request", body)
    _write(output, made["request"])
    following = "Upload it at https://identity.apple.com/pushcert." if body else "Have your MDM vendor sign it."
    done(f"Wrote {output}. {following}", as_json=as_json, output=str(output))


@push_app.command()
def upload(
    ctx: typer.Context,
    certificate: Annotated[Path, typer.Argument(help="What Apple issued, PEM.")],
    as_json: Json = False,
) -> None:
    """Upload the certificate that Apple issued."""
    _print(client(ctx).put(PATH, {"certificate": _read(certificate)}), as_json=as_json)


@push_app.command()
def show(ctx: typer.Context, as_json: Json = False) -> None:
    """The certificate in use, and how long it lasts."""
    _print(client(ctx).get(PATH), as_json=as_json)


@ade_app.command("key")
def make_ade_key(
    ctx: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("muster-ade.pem"),
    as_json: Json = False,
) -> None:
    """Make a key and write its certificate, which Apple takes as the server's public key. The key stays sealed."""
    made = client(ctx).post(f"{ADE}/key", {})
    _write(output, made["certificate"])
    done(f"Wrote {output}. Upload it for your MDM server at Apple, then `muster apple ade link`.",
         as_json=as_json, output=str(output), key=made["key"])  # fmt: skip


@ade_app.command("link")
def link_ade(
    ctx: typer.Context,
    server_uuid: Annotated[str, typer.Argument(help="The server's UUID at Apple, written as Apple writes it.")],
    certificate: Annotated[
        Path | None, typer.Option(help="The certificate that Apple has, PEM; else that of the newest key.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Sign tokens for this server from now on."""
    named = {"certificate": _read(certificate)} if certificate else {}
    _print_link(client(ctx).put(ADE, {"server_uuid": server_uuid, **named}), as_json=as_json)


@ade_app.command("show")
def show_ade(ctx: typer.Context, as_json: Json = False) -> None:
    """The server that is linked, and the key that signs for it."""
    _print_link(client(ctx).get(ADE), as_json=as_json)


def _print_link(found: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        details([("Server", found["server_uuid"]), ("Key", found["key"]), ("Linked", found["linked_at"])])


@anchors_app.command("show")
def show_anchors(ctx: typer.Context, as_json: Json = False) -> None:
    """The certificates, PEM; over-the-air enrollment is closed while there are none."""
    found = client(ctx).get(ANCHORS)
    if as_json:
        show_json(found)
    else:
        typer.echo(found["pem"], nl=False)


@anchors_app.command("set")
def set_anchors(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The certificates of the Apple iPhone Device CA, PEM.")],
    as_json: Json = False,
) -> None:
    """Open over-the-air enrollment to devices with a certificate from these, and replace those set before."""
    found = client(ctx).put(ANCHORS, {"pem": _read(file)})
    if as_json:
        show_json(found)
    else:
        details([("SHA-256", fingerprint) for fingerprint in found["fingerprints"]])


@anchors_app.command("clear")
def clear_anchors(ctx: typer.Context, as_json: Json = False) -> None:
    """Close over-the-air enrollment."""
    client(ctx).delete(ANCHORS)
    done("Over-the-air enrollment is closed.", as_json=as_json, cleared=True)


def _print(found: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        details(
            [
                ("Topic", found["topic"]),
                ("Serial", found["serial"]),
                ("Expires", found["not_after"]),
                ("Days left", found["days_left"]),
            ]
        )


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        raise Misuse(f"{path} cannot be read as PEM text.") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise Misuse(f"{path} cannot be written: {error.strerror}.") from None
