"""login, logout, whoami, context."""

import sys
from dataclasses import replace
from typing import Annotated

import typer

from chalicelib.cli import contexts
from chalicelib.cli.client import Client
from chalicelib.cli.contexts import Context
from chalicelib.cli.failures import Misuse
from chalicelib.cli.output import Json, details, done, show_json, table

context_app = typer.Typer(no_args_is_help=True, help="Which Muster to talk to.")


def client(ctx: typer.Context) -> Client:
    """For the context that was chosen with --context."""
    return Client(contexts.load(str(ctx.find_root().obj or "")))


def login(
    ctx: typer.Context,
    url: Annotated[
        str, typer.Option(help="Muster's address: https://muster.example.com. Default: the context's.")
    ] = "",
    username: Annotated[str, typer.Option("--username", "-u", help="Asked for if it is left out.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Keep an API token, read from standard input.")
    ] = False,
    ca_file: Annotated[str, typer.Option(help="PEM of the CA to trust, if the system does not.")] = "",
    as_json: Json = False,
) -> None:
    """Sign in and remember where; the session renews itself for eight hours, the password is not kept."""
    context = _context(str(ctx.find_root().obj or ""), url, ca_file)
    if token_stdin:
        token = sys.stdin.readline().strip()
        context = replace(context, token=token, username="")
        Client(context).get("/me")
    else:
        username = username or context.username or typer.prompt("Username", err=True)
        context = Client(context).sign_in(username, _password(password_stdin))
    contexts.save(context)
    text = f"Signed in to {context.url}; this is now the context {context.name}."
    done(text, as_json=as_json, context=context.name, url=context.url)


def _context(name: str, url: str, ca_file: str) -> Context:
    if url:
        from urllib.parse import urlsplit

        url = contexts.base(url)
        return Context(name or urlsplit(url).hostname or "default", url, ca_file)
    known = contexts.load(name)
    if known.name == contexts.DEV and known.password:
        raise Misuse("The stack in this folder needs no login; give --url to sign in elsewhere.")
    return Context(known.name, known.url, ca_file or known.ca_file, username=known.username)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Misuse("There is no terminal to ask for the password; use --password-stdin.")
    return str(typer.prompt("Password", hide_input=True, err=True))


def logout(ctx: typer.Context, as_json: Json = False) -> None:
    """Forget the session or token of the context."""
    name = str(ctx.find_root().obj or "")
    contexts.forget_session(name)
    done("Signed out on this machine.", as_json=as_json, context=contexts.load(name).name)


def whoami(ctx: typer.Context, as_json: Json = False) -> None:
    """Who you are for Muster, and what you may do."""
    me = client(ctx).get("/me")
    if as_json:
        show_json(me)
    else:
        details([("Name", me["name"]), ("Role", me["role"]), ("Person", me["person"]), ("May", me["permissions"])])


@context_app.command("list")
def list_contexts(ctx: typer.Context, as_json: Json = False) -> None:
    """All contexts."""
    names = contexts.names()
    current = contexts.load(str(ctx.find_root().obj or "")).name if names else ""
    rows = [{"name": name, "url": contexts.load(name).url, "current": name == current} for name in names]
    if as_json:
        show_json(rows)
    else:
        table(rows, {"NAME": "name", "ADDRESS": "url", "CURRENT": "current"}, "No contexts; `muster login` makes one.")


@context_app.command("use")
def use_context(name: str, as_json: Json = False) -> None:
    """Talk to this one from now on."""
    contexts.use(name)
    done(f"The context is now {name}.", as_json=as_json, context=name)
