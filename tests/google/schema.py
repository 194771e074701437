"""A discovery schema (Google's dialect of JSON Schema) turned into JSON Schema 2020-12, closed at each object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# google.protobuf's JSON mapping: 64-bit numbers, durations, timestamps, masks and bytes are strings of a fixed form.
PATTERNS = {
    "int64": r"^-?[0-9]{1,19}$",
    "uint64": r"^[0-9]{1,20}$",
    "google-duration": r"^-?[0-9]{1,12}(\.[0-9]{1,9})?s$",
    "google-datetime": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$",
    "date-time": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$",
    "date": r"^\d{4}-\d\d-\d\d$",
    "google-fieldmask": r"^(\*|[A-Za-z0-9_.]+(,[A-Za-z0-9_.]+)*)?$",
    "byte": r"^[A-Za-z0-9+/_-]*={0,2}$",
}
LIMITS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}


def converted(schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {name: of(schema) for name, schema in schemas.items()}


def of(schema: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = schema.get("type", "object")
    if kind == "any":
        return {}
    return {"type": kind} | MAKERS.get(kind, lambda _: {})(schema)


def _object(schema: Mapping[str, Any]) -> dict[str, Any]:
    rest = schema.get("additionalProperties")
    properties = {name: of(one) for name, one in schema.get("properties", {}).items()}
    return {"properties": properties, "additionalProperties": False if rest is None else of(rest)}


def _string(schema: Mapping[str, Any]) -> dict[str, Any]:
    pattern = PATTERNS.get(schema.get("format", ""), schema.get("pattern"))
    choices = {"enum": schema["enum"]} if "enum" in schema else {}
    return choices | ({"pattern": pattern} if pattern else {})


def _integer(schema: Mapping[str, Any]) -> dict[str, Any]:
    least, most = LIMITS.get(schema.get("format", ""), (-(2**63), 2**63 - 1))
    return {"minimum": least, "maximum": most}


MAKERS = {
    "object": _object,
    "array": lambda schema: {"items": of(schema["items"])},
    "string": _string,
    "integer": _integer,
}
