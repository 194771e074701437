"""Frozen dataclass ↔ flat item: an attribute per field, default values left out, unknown attributes ignored.

A default that is left out is filled in by the class that reads, so a default in `model` must not change its meaning.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeVar, get_origin, get_type_hints

from chalicelib.core.errors import MusterError

R = TypeVar("R")
Value = str | int | bytes | bool
Item = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class _Attribute:
    name: str
    to_value: Callable[[Any], Value]
    from_value: Callable[[Any], Any]
    default: Any


_KNOWN: dict[type, tuple[_Attribute, ...]] = {}


def encode(record: object) -> dict[str, Value]:
    item: dict[str, Value] = {}
    for attribute in _attributes(type(record)):
        value = getattr(record, attribute.name)
        if value != attribute.default:
            item[attribute.name] = attribute.to_value(value)
    return item


def decode(kind: type[R], item: Mapping[str, Any]) -> R:
    """MusterError if an attribute is missing or cannot be read as its field."""
    try:
        return kind(**{a.name: a.from_value(item[a.name]) for a in _attributes(kind) if a.name in item})
    except (ValueError, TypeError) as problem:
        raise MusterError(f"A stored {kind.__name__} cannot be read by this release: {problem}") from problem


def _attributes(kind: Any) -> tuple[_Attribute, ...]:
    if kind not in _KNOWN:
        hints = get_type_hints(kind)
        _KNOWN[kind] = tuple(_Attribute(f.name, *_converters(hints[f.name]), _default(f)) for f in fields(kind))
    return _KNOWN[kind]


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _same(value: Any) -> Any:
    return value


_SCALARS: Mapping[Any, tuple[Callable[[Any], Value], Callable[[Any], Any]]] = {
    str: (_same, str),
    int: (_same, int),
    bool: (_same, bool),
    bytes: (_same, bytes),
    float: (repr, float),  # a string: DynamoDB numbers are decimal and would round
}


def _converters(hint: Any) -> tuple[Callable[[Any], Value], Callable[[Any], Any]]:
    if hint in _SCALARS:
        return _SCALARS[hint]
    if get_origin(hint) is tuple:
        return _compact, lambda text: tuple(json.loads(text))
    if get_origin(hint) is Mapping:
        return _compact, json.loads
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return str, hint
    if is_dataclass(hint):
        return _flatten, lambda text: _nested(hint, json.loads(text))
    raise TypeError(f"storage cannot keep a field of type {hint}")


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=dict)


def _flatten(value: Any) -> str:
    return _compact({f.name: getattr(value, f.name) for f in fields(value)})


def _nested(kind: Any, values: Mapping[str, Any]) -> Any:
    known = {f.name for f in fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in known})
