"""Checks bodies against Google's own discovery documents, turned into JSON Schema. Knows nothing of Muster.

The documents ship inside google-api-python-client, a development dependency; they say nothing of cross-field rules.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import jsonschema

Schema = dict[str, Any]

_FRACTION = r"(\.[0-9]{1,9})?"
_STAMP = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}{_FRACTION}(Z|[+-][0-9]{{2}}:[0-9]{{2}})$"
# https://developers.google.com/discovery/v1/type-format
FORMATS: Mapping[str, Schema] = {
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "uint32": {"minimum": 0, "maximum": 2**32 - 1},
    "int64": {"pattern": r"^-?[0-9]{1,19}$"},
    "uint64": {"pattern": r"^[0-9]{1,20}$"},
    "byte": {"pattern": r"^[A-Za-z0-9+/_-]*={0,2}$"},
    "date": {"pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    "date-time": {"pattern": _STAMP},
    "google-datetime": {"pattern": _STAMP},
    "google-duration": {"pattern": rf"^-?[0-9]{{1,12}}{_FRACTION}s$"},
    "google-fieldmask": {"pattern": r"^([A-Za-z][A-Za-z0-9_.]*(,|$))*$"},
    "float": {},
    "double": {},
}


class GoogleSchemaError(AssertionError):
    """What is wrong, and where."""


@functools.cache
def document(api: str) -> Mapping[str, Any]:
    """By the name of its file, e.g. androidmanagement.v1."""
    folder = resources.files("googleapiclient") / "discovery_cache" / "documents"
    return json.loads((folder / f"{api}.json").read_text("utf-8"))  # type: ignore[no-any-return]


@functools.cache
def schema(api: str, name: str) -> Schema:
    """The JSON Schema (2020-12) of one of the API's types, with all others as its $defs."""
    defs = {key: translated(each) for key, each in document(api)["schemas"].items()}
    return {"$ref": f"#/$defs/{name}", "$defs": defs}


def translated(entry: Mapping[str, Any]) -> Schema:
    if "$ref" in entry:
        return {"$ref": f"#/$defs/{entry['$ref']}"}
    kind = entry.get("type", "any")
    if kind == "object":
        return _object(entry)
    if kind == "array":
        return {"type": "array", "items": translated(entry["items"])}
    known: Schema = {} if kind == "any" else {"type": kind}
    if "enum" in entry:
        known["enum"] = list(entry["enum"])
    return known | FORMATS[entry["format"]] if "format" in entry else known


def _object(entry: Mapping[str, Any]) -> Schema:
    more = entry.get("additionalProperties")
    return {
        "type": "object",
        "properties": {name: translated(each) for name, each in entry.get("properties", {}).items()},
        "additionalProperties": translated(more) if more is not None else False,
    }


def check(api: str, name: str, value: object) -> None:
    """Raises GoogleSchemaError for the first of what Google's schema does not have."""
    error = jsonschema.exceptions.best_match(_validator(api, name).iter_errors(value))
    if error is not None:
        raise GoogleSchemaError(f"{name}{error.json_path.removeprefix('$')}: {error.message}")


@functools.cache
def _validator(api: str, name: str) -> jsonschema.Draft202012Validator:
    if name not in document(api)["schemas"]:
        raise GoogleSchemaError(f"{api} has no type {name}")
    return jsonschema.Draft202012Validator(schema(api, name))


@functools.cache
def methods(api: str) -> Mapping[str, Mapping[str, Any]]:
    """Discovery entries by id, e.g. androidmanagement.enterprises.policies.patch."""
    return {entry["id"]: entry for entry in _methods(document(api))}


def _methods(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from node.get("methods", {}).values()
    for each in node.get("resources", {}).values():
        yield from _methods(each)
