"""What the embedded engine saved when it ended: looked through before it starts, since it drops what it cannot read."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chalicelib.cli.dev.state import State, unreadable


def check(state: State) -> None:
    """A missing service would be a stack in ruins: better not to start."""
    folder = state.engine_data / "state"
    for path in sorted(path for path in folder.rglob("*") if path.suffix in CHECKS):
        try:
            CHECKS[path.suffix](path)
        except (OSError, ValueError, TypeError, RecursionError, zipfile.BadZipFile) as error:
            raise unreadable(path, state.folder) from error


def rewind_streams(state: State) -> None:
    """MiniStack saves how far its functions have read a table's stream, but not the stream, which starts anew."""
    saved = state.engine_data / "state" / "lambda.json"
    if not saved.exists():
        return
    content = _saved(saved)
    positions = content.get("payload", {}).get("dynamodb_stream_positions", {}).get("data", {})
    positions.update(dict.fromkeys(positions, 0))
    saved.write_text(json.dumps(content))


def _saved(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text())
    if not isinstance(content, dict):
        raise TypeError("not an object")
    return content


def _key(path: Path) -> None:
    load_pem_private_key(path.read_bytes(), None)


def _code(path: Path) -> None:
    """A function's zip is named by its hash."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
        raise zipfile.BadZipFile


CHECKS = {".json": _saved, ".pem": _key, ".zip": _code}
