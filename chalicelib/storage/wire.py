"""Flat items ↔ DynamoDB's JSON, in calls and in stream images.

Source: Amazon DynamoDB API Reference, AttributeValue.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.core.errors import MusterError
from chalicelib.storage.codec import Item, Value

_TO_WIRE: Mapping[type, Callable[[Any], Mapping[str, Any]]] = {
    str: lambda value: {"S": value},
    int: lambda value: {"N": str(value)},
    bool: lambda value: {"BOOL": value},
    bytes: lambda value: {"B": base64.b64encode(value).decode()},
}
_FROM_WIRE: Mapping[str, Callable[[Any], Value]] = {
    "S": str,
    "N": int,
    "BOOL": bool,
    "B": base64.b64decode,
}


def to_wire(item: Item) -> dict[str, Any]:
    return {name: _TO_WIRE[type(value)](value) for name, value in item.items()}


def from_wire(item: Mapping[str, Any]) -> dict[str, Value]:
    """Attributes of a type that we never write are left out: they are not ours."""
    found = {}
    for name, tagged in item.items():
        try:
            ((tag, value),) = tagged.items()
            if tag in _FROM_WIRE:
                found[name] = _FROM_WIRE[tag](value)
        except (AttributeError, TypeError, ValueError) as problem:
            raise MusterError(f"The stored attribute {name} cannot be read.") from problem
    return found
