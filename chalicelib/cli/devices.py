"""`muster devices`: list, look at, assign, retire, delete; and how a device is named on the command line."""

from typing import Annotated, Any

import typer

from chalicelib.cli.client import Client
from chalicelib.cli.failures import Failure, Misuse, NotFound
from chalicelib.cli.output import Json, details, done, say, show_json, table
from chalicelib.cli.session import client

app = typer.Typer(no_args_is_help=True, help="The devices of the organisation.")

DeviceArgument = Annotated[
    str, typer.Argument(metavar="DEVICE", help="Its id, serial, UDID or (if only one has it) name.")
]
Reason = Annotated[str, typer.Option(help="Why; it goes into the audit trail.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]

COLUMNS = {
    "NAME": "name", "SERIAL": "serial", "PLATFORM": "platform", "MODEL": "model", "OS": "os_version", "OWNER": "owner",
    "STATUS": "status", "LAST SEEN": "last_seen", "ID": "id",
}  # fmt: skip


def resolve(talk: Client, text: str) -> dict[str, Any]:
    """The one device that this names. NotFound; Failure where several have the name."""
    found: list[dict[str, Any]] = []
    for device in talk.items("/devices", identifier=text):
        found.append(device)
        if len(found) > 1:
            raise Failure(
                f"Several devices are called {text!r}; use the id or serial: `muster devices list --query {text}`."
            )
    if not found:
        raise NotFound(f"No device has the id, serial, UDID or name {text!r}; `muster devices list` shows all.")
    return found[0]


@app.command("list")
def list_devices(
    ctx: typer.Context,
    query: Annotated[str, typer.Option("--query", "-q", help="Part of the name, serial, model or owner.")] = "",
    platform: Annotated[str, typer.Option(help="ios, ipados, macos …")] = "",
    status: Annotated[str, typer.Option(help="pending, enrolled, unenrolled or retired.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="0 is all.")] = 0,
    as_json: Json = False,
) -> None:
    """All devices, or those that match."""
    found = list(client(ctx).items("/devices", limit, q=query, platform=platform, status=status))
    if as_json:
        show_json(found)
    else:
        table(found, COLUMNS, "No devices; `muster enroll` invites one.")


@app.command()
def show(ctx: typer.Context, device: DeviceArgument, as_json: Json = False) -> None:
    """One device, with its inventory in JSON."""
    talk = client(ctx)
    found = talk.get(f"/devices/{resolve(talk, device)['id']}")
    if as_json:
        show_json(found)
        return
    hidden = ("inventory", "facts", "identifiers", "version")
    pairs = [(name, value) for name, value in found.items() if name not in hidden and value not in ("", None, [])]
    pairs += [(f"identifiers.{name}", value) for name, value in found["identifiers"].items()]
    pairs += [(f"facts.{name}", value) for name, value in sorted(found["facts"].items())]
    sections = [f"{name} ({part['at']})" for name, part in found["inventory"].items()]
    details([*pairs, ("inventory", sections)])


@app.command()
def actions(ctx: typer.Context, device: DeviceArgument, as_json: Json = False) -> None:
    """What this device can do, and why it cannot do the rest."""
    talk = client(ctx)
    found = talk.get(f"/devices/{resolve(talk, device)['id']}/actions")["items"]
    if as_json:
        show_json(found)
        return
    rows = [{**action, "can": "yes" if not action["refusal"] else "no"} for action in found]
    table(rows, {"ACTION": "name", "CAN": "can", "WHY NOT": "refusal"}, "This device takes no actions.")


@app.command()
def update(
    ctx: typer.Context,
    device: DeviceArgument,
    owner: Annotated[str | None, typer.Option(help="Whom it is assigned to; empty for nobody.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="Its groups, all of them; repeat the option.")] = None,
    no_groups: Annotated[bool, typer.Option("--no-groups", help="Take it out of all groups.")] = False,
    ownership: Annotated[str | None, typer.Option(help="corporate or personal.")] = None,
    name: Annotated[str | None, typer.Option(help="Its name in Muster.")] = None,
    as_json: Json = False,
) -> None:
    """Change what is recorded about a device."""
    wish = {"owner": owner, "groups": [] if no_groups else group or None, "ownership": ownership, "name": name}
    body = {key: value for key, value in wish.items() if value is not None}
    if not body:
        raise Misuse("Nothing to change: give --owner, --group, --no-groups, --ownership or --name.")
    talk = client(ctx)
    changed = talk.patch(f"/devices/{resolve(talk, device)['id']}", body)
    if as_json:
        show_json(changed)
    else:
        say("Changed.")


@app.command()
def retire(
    ctx: typer.Context,
    device: DeviceArgument,
    reason: Reason = "",
    now: Annotated[bool, typer.Option("--now", help="Revoke its certificate at once, do not ask it to leave.")] = False,
    as_json: Json = False,
) -> None:
    """End the management and keep the record."""
    talk = client(ctx)
    retired = talk.post(f"/devices/{resolve(talk, device)['id']}/retire", {"reason": reason, "now": now})
    if as_json:
        show_json(retired)
    else:
        say("Retired; the device removes its profile when it is next online." if not now else "Retired.")


@app.command()
def delete(
    ctx: typer.Context, device: DeviceArgument, reason: Reason = "", yes: Yes = False, as_json: Json = False
) -> None:
    """Delete the record of a device that has left."""
    talk = client(ctx)
    found = resolve(talk, device)
    if not yes and not typer.confirm(
        f"Delete the record of {found['name'] or found['serial'] or found['id']}?", err=True
    ):
        raise Misuse("Nothing was done.")
    talk.delete(f"/devices/{found['id']}", reason=reason)
    done("Deleted.", as_json=as_json, id=found["id"], deleted=True)
