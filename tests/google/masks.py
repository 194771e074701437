"""google.protobuf.FieldMask: what an update changes, and what it leaves as it was."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection
from typing import Any

from tests.google.errors import invalid

Known = Callable[[str], bool] | Collection[str] | None


def applied(old: dict[str, Any], new: dict[str, Any], mask: str, known: Known = None) -> dict[str, Any]:
    """A masked field is taken from new, or cleared where new has none; others stay. `*` is the whole resource."""
    result = copy.deepcopy(old)
    for path in paths(mask, known):
        if path == "*":
            return copy.deepcopy(new)
        _put(result, new, path.split("."))
    return result


def paths(mask: str, known: Known = None) -> list[str]:
    """The paths in lower camel case; both spellings are taken."""
    found = [_camel(path.strip()) for path in mask.split(",") if path.strip()]
    for path in found:
        if path != "*" and known is not None and not (known(path) if callable(known) else path in known):
            raise invalid(f"Invalid field mask: unknown or unmodifiable path '{path}'.")
    return found


def _camel(path: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match.group(1).upper(), path)


def _put(result: dict[str, Any], new: Any, path: list[str]) -> None:
    name, rest = path[0], path[1:]
    given = new.get(name) if isinstance(new, dict) else None
    if not rest:
        if given is None:
            result.pop(name, None)
        else:
            result[name] = copy.deepcopy(given)
        return
    inner = result.get(name)
    if inner is not None and not isinstance(inner, dict):
        raise invalid(f"Invalid field mask: '{name}' has no fields that can be named.")
    inner = {} if inner is None else inner
    _put(inner, given or {}, rest)
    if inner or given is not None:
        result[name] = inner
