"""`muster posture`: what is expected of every device."""

from typing import Annotated, Any

import typer

from chalicelib.cli.failures import Misuse
from chalicelib.cli.output import Json, details, show_json
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="What is expected of every device.")

PATH = "/settings/posture"


@app.command()
def show(ctx: typer.Context, as_json: Json = False) -> None:
    """The rules that the nightly sweep judges by."""
    _print(client(ctx).get(PATH), as_json=as_json)


@app.command("set")
def set_rules(
    ctx: typer.Context,
    seen_within_days: Annotated[int | None, typer.Option(min=1, max=365, help="A silent device is a finding.")] = None,
    os_minimum: Annotated[
        list[str] | None, typer.Option(help="ios=18.1; ios= for no minimum; repeat the option.")
    ] = None,
    passcode_required: Annotated[bool | None, typer.Option(help="A device without a passcode is a finding.")] = None,
    encryption_required: Annotated[bool | None, typer.Option(help="An unencrypted disk is a finding.")] = None,
    as_json: Json = False,
) -> None:
    """Change what is named; the rest stays."""
    wish = {
        "seen_within_days": seen_within_days,
        "passcode_required": passcode_required,
        "encryption_required": encryption_required,
    }
    changes: dict[str, Any] = {name: value for name, value in wish.items() if value is not None}
    if not changes and not os_minimum:
        raise Misuse("Nothing to change: give --seen-within-days, --os-minimum, --passcode-required …")
    talk = client(ctx)
    rules = talk.get(PATH)
    minimum = _merged(rules["os_minimum"], os_minimum or [])
    _print(talk.put(PATH, {**rules, **changes, "os_minimum": minimum}), as_json=as_json)


def _merged(known: dict[str, str], given: list[str]) -> dict[str, str]:
    merged = dict(known)
    for pair in given:
        platform, equals, version = (part.strip() for part in pair.partition("="))
        if not equals or not platform:
            raise Misuse(f"{pair!r} is not PLATFORM=VERSION; write ios=18.1, or ios= for no minimum.")
        merged[platform] = version
    return {platform: version for platform, version in merged.items() if version}


def _print(rules: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(rules)
        return
    minimum = [f"{platform} {version}" for platform, version in sorted(rules["os_minimum"].items())]
    details(
        [
            ("Seen within", f"{rules['seen_within_days']} days"),
            ("At least", minimum),
            ("Passcode", "required" if rules["passcode_required"] else "not required"),
            ("Encryption", "required" if rules["encryption_required"] else "not required"),
        ]
    )
