"""Limits on what a device may make us build: depth, nodes, bytes and integers, shared parts counted each time."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from chalicelib.core.errors import BadRequest, TooLarge

MAX_BODY = 4 * 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 60_000  # an application list of 3,000 entries with 8 keys has 51,000
MAX_BYTES = 2 * MAX_BODY
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1


def refuse(what: str) -> NoReturn:
    raise BadRequest(f"The message is not acceptable: {what}.")


class Budget:
    """What one message may still spend. A shared node spends at every place where it appears."""

    __slots__ = ("bytes", "nodes")

    def __init__(self) -> None:
        self.nodes = MAX_NODES
        self.bytes = MAX_BYTES

    def node(self, size: int = 0) -> None:
        self.nodes -= 1
        self.bytes -= size
        if self.nodes < 0 or self.bytes < 0:
            refuse("it unfolds to too many values")

    def depth(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            refuse("it is nested too deeply")


def check_size(body: bytes, limit: int = MAX_BODY) -> None:
    if len(body) > limit:
        raise TooLarge(f"The message has {len(body)} bytes; at most {limit} are accepted.")


def integer(value: int) -> int:
    """Property lists know 64 bits, signed or unsigned."""
    if not _LOWEST <= value <= _HIGHEST:
        refuse("an integer is out of range")
    return value


def read_json(body: bytes) -> Mapping[str, Any]:
    """A JSON object from a device under the same limits as a property list."""
    check_size(body)
    try:
        value = json.loads(body, object_pairs_hook=_object, parse_int=_json_integer, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The message is not well-formed JSON.") from error
    if not isinstance(value, dict):
        refuse("a JSON object was expected")
    _walk(value, Budget(), 0)
    return value


def _json_integer(text: str) -> int:
    return integer(int(text)) if len(text) <= 20 else refuse("an integer is out of range")


def _constant(name: str) -> NoReturn:
    refuse(f"{name} is no JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        refuse("a key appears twice")
    return result


def _walk(value: Any, budget: Budget, depth: int) -> None:
    budget.depth(depth)
    children = value.values() if isinstance(value, dict) else value
    for child in children:
        budget.node()
        if isinstance(child, (dict, list)):
            _walk(child, budget, depth + 1)
