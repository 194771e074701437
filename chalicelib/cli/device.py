"""`muster device VERB DEVICE`: ask one device to do something, and follow it to the end if wanted."""

import inspect
import sys
from typing import Annotated, Any

import typer

from chalicelib.cli import commands, verbs
from chalicelib.cli.client import Client
from chalicelib.cli.devices import DeviceArgument, resolve
from chalicelib.cli.failures import Misuse
from chalicelib.cli.output import Json
from chalicelib.cli.session import client
from chalicelib.cli.verbs import Option, Verb

app = typer.Typer(no_args_is_help=True, help="Ask one device to do something.")

_KINDS = {"str": str, "bool": bool, "file": str, "json": str, "stdin": bool}
_Reason = Annotated[str, typer.Option(help="Why; it goes into the audit trail.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]


def _add(verb: Verb) -> None:
    def run(ctx: typer.Context, device: str, **given: Any) -> None:
        _ask(client(ctx), verb, device, given)

    signature = _signature(verb)
    setattr(run, "__signature__", signature)  # noqa: B010  typer reads the options from it
    run.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    app.command(verb.name, help=verb.help)(run)


def _signature(verb: Verb) -> inspect.Signature:
    parameters = [_parameter("ctx", typer.Context), _parameter("device", DeviceArgument)]
    parameters += [_option(option) for option in verb.options]
    parameters.append(_parameter("reason", _Reason, ""))
    if verb.destructive:
        parameters.append(_parameter("yes", _Yes, False))
    parameters.append(_parameter("wait", commands.Wait, False))
    parameters.append(_parameter("timeout", commands.Timeout, commands.PATIENCE))
    parameters.append(_parameter("as_json", Json, False))
    return inspect.Signature(parameters)


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _option(option: Option) -> inspect.Parameter:
    flag = "--" + option.name.replace("_", "-") + ("-stdin" if option.kind == "stdin" else "")
    missing: Any = ... if option.required else (False if _KINDS[option.kind] is bool else "")
    return _parameter(option.name, _KINDS[option.kind], typer.Option(missing, flag, help=option.help))


def _ask(talk: Client, verb: Verb, text: str, given: dict[str, Any]) -> None:
    params = verbs.params(verb, {name: value for name, value in given.items() if value != ""})
    device = resolve(talk, text)
    if verb.destructive and not given["yes"]:
        _confirm(verb, device)
    body = {"action": verb.name, "params": params, "reason": given["reason"]}
    command = talk.post(f"/devices/{device['id']}/commands", body)
    if given["wait"]:
        command = commands.follow(talk, command, given["timeout"])
    commands.show_one(command, as_json=given["as_json"])


def _confirm(verb: Verb, device: dict[str, Any]) -> None:
    name = device["name"] or device["serial"] or device["id"]
    if not sys.stdin.isatty():
        raise Misuse(f"{verb.name} is final: repeat it with --yes.")
    typed = typer.prompt(f"{verb.help} Type its name ({name}) to go on", err=True)
    if str(typed).strip() != name:
        raise Misuse("That is not its name; nothing was done.")


for _verb in verbs.VERBS:
    _add(_verb)
