"""Which Muster to talk to: named contexts in the user's configuration, or the development stack in this folder."""

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from chalicelib.cli.failures import Misuse, NotAllowed

DEV = "dev"  # the name of the context that .muster/dev.json makes by itself
DEV_FILE = Path(".muster/dev.json")


@dataclass(frozen=True, slots=True)
class Context:
    """`password` is known of the development stack only, so that its sign-in renews itself; others refresh."""

    name: str
    url: str
    ca_file: str = ""
    token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)


def config_file() -> Path:
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "muster" / "config.json"


def load(name: str = "") -> Context:
    """The context of this name, else the current one, else the development stack. Misuse, NotAllowed."""
    config = _read(config_file())
    name = name or str(config.get("current", ""))
    if name and name in config.get("contexts", {}):
        return Context(name=name, **config["contexts"][name])
    if name not in ("", DEV):
        raise Misuse(
            f"There is no context {name!r}; `muster context list` shows all, `muster --context {name} login` makes it."
        )
    if not DEV_FILE.is_file():
        raise NotAllowed(
            "You are not signed in; run `muster login --url https://…`, or `make run` for a Muster on this machine."
        )
    return _development(_read(DEV_FILE))


def _development(state: dict[str, Any]) -> Context:
    return Context(
        name=DEV,
        url=base(str(state.get("api_url") or state.get("console_url", ""))),
        ca_file=str(state.get("ca_file", "")),
        token=str(state.get("admin_token", "")),
        username=str(state.get("admin_username", "")),
        password=str(state.get("admin_password", "")),
    )


def base(url: str) -> str:
    return url.rstrip("/").removesuffix("/api/v1")


def save(context: Context, *, current: bool = True) -> None:
    """Readable for the user only; the password is never written."""
    config = _read(config_file())
    kept = {name: value for name, value in asdict(context).items() if name not in ("name", "password")}
    config.setdefault("contexts", {})[context.name] = kept
    if current:
        config["current"] = context.name
    _write(config)


def forget_session(name: str) -> None:
    context = load(name)
    if context.name != DEV:
        save(replace(context, token="", refresh_token=""), current=False)


def names() -> list[str]:
    known = sorted(_read(config_file()).get("contexts", {}))
    return [*known, DEV] if DEV_FILE.is_file() and DEV not in known else known


def use(name: str) -> None:
    if name not in names():
        raise Misuse(f"There is no context {name!r}; known: {', '.join(names()) or 'none'}.")
    _write({**_read(config_file()), "current": name})


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError:
        raise Misuse(f"{path} is not valid JSON; repair or delete it.") from None
    return content if isinstance(content, dict) else {}


def _write(config: dict[str, Any]) -> None:
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(config, file, indent=2)
    draft.replace(path)
