"""`muster deploy`: package, upload, change set, deploy. Tried on the embedded engine only, never on AWS."""

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from chalicelib.cli import vendor
from chalicelib.cli.output import progress
from chalicelib.cli.package import build
from chalicelib.cli.stack import ChangeSet, DeployError, Stack, ensure_bucket, zip_size
from chalicelib.cli.vendor import PackagingError

COLOURS = {"Add": "green", "Modify": "yellow", "Remove": "red"}
UNTRIED = (
    "muster deploy was tried on the embedded engine only, never on AWS itself: read the change set before you agree."
)


def deploy(
    stage: Annotated[str, typer.Option(help="Names the stack muster-STAGE and its functions.")],
    region: Annotated[str, typer.Option(help="AWS region.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the change set and delete it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before the change set is executed.")] = False,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="NAME=VALUE for the template; may be repeated.")
    ] = None,
    aws: Annotated[bool, typer.Option(help="With infra/aws.yaml: domains, WAF, budget.")] = True,
    bucket: Annotated[str, typer.Option(help="For zip and template; made if absent.")] = "",
    endpoint_url: Annotated[str, typer.Option(help="Another address than AWS, for tests.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only; needs --yes or --dry-run.")] = False,
) -> None:
    """Deploy to AWS with the credentials of your environment."""
    console = Console(highlight=False, stderr=as_json)
    if as_json and not (yes or dry_run):
        raise typer.BadParameter("--json cannot ask: give --yes or --dry-run with it.")
    try:
        result = _deploy(console, stage, region, dry_run, yes, parameter or [], aws, bucket, endpoint_url)
        if as_json:
            print(json.dumps(result, indent=2))
    except (PackagingError, DeployError, BotoCoreError, ClientError) as error:
        Console(stderr=True, highlight=False).print(f"[red]Not deployed: {error}[/]", soft_wrap=True)
        raise typer.Exit(1) from error


def _deploy(
    console: Console,
    stage: str,
    region: str,
    dry_run: bool,
    yes: bool,
    given: Sequence[str],
    aws: bool,
    bucket: str,
    endpoint_url: str,
) -> dict[str, Any]:
    def client(service: str) -> Any:
        return boto3.client(service, region_name=region, endpoint_url=endpoint_url or None)

    console.print(f"[yellow]{UNTRIED}[/]")
    with progress("Packaging …"):
        package = build(vendor.LAMBDA, ("core.yaml", "aws.yaml") if aws else ("core.yaml",))
    account = client("sts").get_caller_identity()["Account"]
    name = bucket or f"muster-deployments-{account}-{region}"
    ensure_bucket(client, name, region)
    stack = Stack(f"muster-{stage}", name, client, tags={"application": "muster", "stage": stage})
    with progress(f"Uploading {zip_size(package):.1f} MB …"):
        template = stack.upload(package)
    known = json.loads(package.template.read_text())["Parameters"]
    kept = {name: value for name, value in stack.parameters().items() if name in known}
    parameters = kept | {"Stage": stage} | _at_its_domain(_given(given, known))
    proposed = stack.propose(template, parameters)
    _apply(console, stack, proposed, dry_run, yes)
    changes = [asdict(change) for change in proposed.changes]
    if dry_run:
        return {"changes": changes}
    outputs = stack.outputs()
    if not parameters.get("ConsoleUrl"):
        # The functions learn the REST API's own address only when it is there.
        second = stack.propose(template, parameters | {"ConsoleUrl": outputs["EndpointURL"].rstrip("/")})
        _apply(console, stack, second, dry_run=False, yes=True)
    addresses = {"console_url": stack.parameters().get("ConsoleUrl"), "device_url": outputs["DeviceUrl"]}
    console.print(f"Console  {addresses['console_url']}\nDevices  {addresses['device_url']}")
    return {"changes": changes, **addresses}


def _apply(console: Console, stack: Stack, change_set: ChangeSet, dry_run: bool, yes: bool) -> None:
    if not change_set.changes:
        console.print("Nothing to change.")
        return
    console.print(_table(change_set))
    if dry_run:
        stack.discard(change_set)
        console.print("Nothing was changed: the change set is deleted.")
    elif yes or typer.confirm("Deploy this?"):
        with progress("CloudFormation is at work …"):
            stack.execute(change_set)
    else:
        stack.discard(change_set)
        raise typer.Abort


def _table(change_set: ChangeSet) -> Table:
    table = Table("", "Resource", "Type", "Replacement")
    for change in change_set.changes:
        colour = COLOURS.get(change.action, "white")
        table.add_row(f"[{colour}]{change.action}[/]", change.name, change.kind, change.replacement)
    return table


def _at_its_domain(given: Mapping[str, str]) -> dict[str, str]:
    """Who names a domain means that people and devices are sent there, if no other address is given."""
    domains = {plane: given.get(f"{plane}Domain", "") for plane in ("Console", "Device", "Manage")}
    return {f"{plane}Url": f"https://{domain}" for plane, domain in domains.items() if domain} | dict(given)


def _given(pairs: Sequence[str], known: Container[str]) -> dict[str, str]:
    parameters = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise DeployError(f"--parameter {pair} is not NAME=VALUE.")
        if name not in known:
            raise DeployError(f"The template has no parameter {name}: see infra/core.yaml and infra/aws.yaml.")
        parameters[name] = value
    return parameters
