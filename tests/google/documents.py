"""The discovery documents that ship with googleapiclient: which methods there are, and what their bodies may hold."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from tests.google import schema as dialect

MEMORY = 50_000  # resources known to be valid: a fleet listed again and again is validated once


@dataclass(frozen=True, slots=True)
class Method:
    id: str
    verb: str
    pattern: re.Pattern[str]
    said: Mapping[str, Any]

    def arguments(self, verb: str, path: str) -> dict[str, str] | None:
        """Path parameters, unquoted; None if the request is for another method."""
        match = self.pattern.fullmatch(path) if verb == self.verb else None
        return {name: unquote(value) for name, value in match.groupdict().items()} if match else None


class Document:
    def __init__(self, name: str) -> None:
        found = find_spec("googleapiclient")
        if found is None or found.origin is None:
            raise RuntimeError("the fake Google needs the documents of google-api-python-client")
        folder = Path(found.origin).parent / "discovery_cache" / "documents"
        self.said: dict[str, Any] = json.loads(Path(folder, f"{name}.json").read_text(encoding="utf-8"))
        self.schemas: dict[str, Any] = self.said["schemas"]
        self.methods = tuple(self._methods(self.said))
        self._definitions = dialect.converted(self.schemas)
        self._validators: dict[str, Draft202012Validator] = {}
        self._valid: set[bytes] = set()

    def _methods(self, part: Mapping[str, Any]) -> Iterator[Method]:
        for said in part.get("methods", {}).values():
            path = "/" + self.said["servicePath"] + said["path"]
            yield Method(said["id"], said["httpMethod"], _pattern(path, said.get("parameters", {})), said)
        for resource in part.get("resources", {}).values():
            yield from self._methods(resource)

    def check(self, reference: str, value: object) -> None:
        """ValueError with the place and the reason; lists of resources are judged resource by resource, once each."""
        rest = value
        if isinstance(value, dict):
            rest = {name: self._unproven(reference, name, one) for name, one in value.items()}
        self._judge(reference, rest)

    def _unproven(self, reference: str, name: str, value: object) -> object:
        kind = self.schemas[reference].get("properties", {}).get(name, {}).get("items", {}).get("$ref")
        if not kind or not isinstance(value, list) or len(value) < 2:
            return value
        for one in value:
            digest = hashlib.sha256(json.dumps([kind, one], sort_keys=True).encode()).digest()
            if digest not in self._valid:
                self._judge(kind, one, f"{name}[].")
                self._valid = self._valid if len(self._valid) < MEMORY else set()
                self._valid.add(digest)
        return []

    def _judge(self, reference: str, value: object, place: str = "") -> None:
        if reference not in self._validators:
            whole = {"$ref": f"#/$defs/{reference}", "$defs": self._definitions}
            self._validators[reference] = Draft202012Validator(whole)
        error = best_match(self._validators[reference].iter_errors(value))
        if error is not None:
            raise ValueError(_explained(error, place))

    def writable(self, reference: str, value: Any) -> Any:
        """The value without its output-only fields, which Google ignores in a request."""
        return self._writable(self.schemas[reference], value)

    def _writable(self, schema: Mapping[str, Any], value: Any) -> Any:
        schema = self.schemas[schema["$ref"]] if "$ref" in schema else schema
        if isinstance(value, list) and "items" in schema:
            return [self._writable(schema["items"], one) for one in value]
        if not isinstance(value, dict) or "properties" not in schema:
            return value
        known = schema["properties"]
        kept = {name: one for name, one in value.items() if not known.get(name, {}).get("readOnly")}
        return {name: self._writable(known.get(name, {}), one) for name, one in kept.items()}

    def has(self, reference: str, path: str) -> bool:
        """Whether an update mask may name this path of the resource."""
        schema: Mapping[str, Any] = self.schemas[reference]
        for name in path.split("."):
            schema = self.schemas[schema["$ref"]] if "$ref" in schema else schema
            if "additionalProperties" in schema:
                return True
            if name not in schema.get("properties", {}):
                return False
            schema = schema["properties"][name]
        return True


@functools.cache
def document(name: str) -> Document:
    return Document(name)


def _pattern(template: str, parameters: Mapping[str, Any]) -> re.Pattern[str]:
    """{+name} spans segments as its own pattern says; {name} is one segment."""
    parts = re.split(r"(\{\+?[A-Za-z0-9_]+\*?\})", template)
    return re.compile("".join(_piece(part, parameters) if part.startswith("{") else re.escape(part) for part in parts))


def _piece(part: str, parameters: Mapping[str, Any]) -> str:
    name = part.strip("{}+*")
    spanning = parameters.get(name, {}).get("pattern", "^.+$").removeprefix("^").removesuffix("$")
    return f"(?P<{name}>{spanning if '+' in part or '*' in part else '[^/]+'})"


def _explained(error: ValidationError, place: str) -> str:
    at = place + ".".join(str(step) for step in error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        extra = sorted(name for name in error.instance if name not in known)
        return f"Invalid JSON payload received. Unknown name \"{extra[0]}\" at '{at}': Cannot find field."
    return f"Invalid value at '{at}': {error.message[:300]}"
