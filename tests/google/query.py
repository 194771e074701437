"""Query parameters of a method: known names, their types, what is required."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from tests.google.errors import invalid
from tests.google.schema import LIMITS, PATTERNS

UNKNOWN = "Invalid JSON payload received. Unknown name \"{0}\": Cannot bind query parameter. Field '{0}' could not be found in request message."  # noqa: E501 - Google's sentence


def typed(raw: str, method: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: said for name, said in method.get("parameters", {}).items() if said["location"] == "query"}
    found = parse_qs(raw, keep_blank_values=True)
    for name in found:
        if name not in own and name not in common:
            raise invalid(UNKNOWN.format(name))
    for name, said in own.items():
        if said.get("required") and not any(found.get(name, [])):
            raise invalid(f'Required parameter: "{name}"')
    return {name: _values(name, own[name], texts) for name, texts in found.items() if name in own}


def _values(name: str, said: Mapping[str, Any], texts: list[str]) -> Any:
    values = [_value(name, said, text) for text in texts]
    if said.get("repeated"):
        return values
    if len(values) > 1:
        raise invalid(f'Invalid value at "{name}": the parameter is not repeated.')
    return values[0]


def _value(name: str, said: Mapping[str, Any], text: str) -> Any:
    wrong = invalid(f"Invalid value at '{name}' ({said.get('format') or said['type']}), \"{text[:100]}\"")
    if said["type"] == "boolean":
        if text not in ("true", "false"):
            raise wrong
        return text == "true"
    if said["type"] == "integer":
        return _integer(said, text, wrong)
    pattern = PATTERNS.get(said.get("format", ""))
    if ("enum" in said and text not in said["enum"]) or (pattern and not re.search(pattern, text)):
        raise wrong
    return text


def _integer(said: Mapping[str, Any], text: str, wrong: Exception) -> int:
    if not re.fullmatch(r"-?[0-9]{1,19}", text):
        raise wrong
    least, most = LIMITS.get(said.get("format", "int32"), (-(2**63), 2**63 - 1))
    if not max(least, int(said.get("minimum", least))) <= int(text) <= most:
        raise wrong
    return int(text)
