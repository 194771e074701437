"""How a value fits the keys of Apple's schema files (docs/schema.md of apple/device-management)."""

import base64
import binascii
import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Key = Mapping[str, Any]
NOTHING: Key = {}


class SchemaError(AssertionError):
    """The value does not fit Apple's schema; the message starts with the key path."""


@dataclass(frozen=True, slots=True)
class Target:
    """For whom the value is meant; None means "not said", and the rules on it are not applied."""

    os: str  # iOS (also for iPadOS), macOS, tvOS, visionOS, watchOS
    version: str = ""
    supervised: bool | None = None
    user_enrollment: bool | None = None
    shared_ipad: bool | None = None
    channel: str = "device"  # or user


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in str(version).split("."))


def support_of(entry: Key, inherited: Key, target: Target | None) -> Key:
    """What `supportedOS` says for the target: the key's own entry over that of its parent."""
    own = entry.get("supportedOS", {}).get(target.os, {}) if target else {}
    return {**inherited, **own}


def unavailable(support: Key, target: Target | None) -> str:
    """Why the target does not know the key, or ""."""
    if target is None:
        return ""
    introduced, removed = str(support.get("introduced", "0")), support.get("removed")
    if introduced == "n/a":
        return f"not on {target.os}"
    if target.version and number(target.version) < number(introduced):
        return f"{target.os} {introduced} and later, not {target.version}"
    if target.version and removed and number(target.version) >= number(removed):
        return f"removed in {target.os} {removed}"
    if support.get("supervised") is True and target.supervised is False:
        return "supervised devices only"
    for flag, section in ((target.user_enrollment, "userenrollment"), (target.shared_ipad, "sharedipad")):
        mode = support.get(section, {}).get("mode")
        if (flag is True and mode == "forbidden") or (flag is False and mode == "required"):
            return f"{section} is {mode}"
    channels = support.get("sharedipad", {}) if target.shared_ipad else support
    if channels.get(f"{target.channel}channel") is False or support.get(f"{target.channel}channel") is False:
        return f"not on the {target.channel} channel"
    return ""


def partial(support: Key) -> bool:
    """Some devices or channels of the platform do not have the key."""
    channels = (support.get("devicechannel"), support.get("userchannel"))
    return support.get("introduced") == "n/a" or "userenrollment" in support or False in channels


def demanded(entry: Key, support: Key, target: Target | None) -> bool:
    if target is None:
        return entry.get("presence") == "required" and not any(map(partial, entry.get("supportedOS", {}).values()))
    if target.user_enrollment and support.get("userenrollment", {}).get("mode") == "required":
        return not unavailable(support, target)
    return entry.get("presence") == "required" and not unavailable(support, target)


def is_base64(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(base64.b64decode(value, validate=True) or value == "")
    except binascii.Error:
        return False


TYPES: Mapping[str, Callable[[Any], bool]] = {
    "<string>": lambda v: isinstance(v, str),
    "<boolean>": lambda v: isinstance(v, bool),
    "<integer>": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "<real>": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "<data>": lambda v: isinstance(v, bytes),
    "<date>": lambda v: isinstance(v, datetime.datetime),
    "<array>": lambda v: isinstance(v, Sequence) and not isinstance(v, str | bytes),
    "<dictionary>": lambda v: isinstance(v, Mapping),
    "<any>": lambda v: v is not None,
}
JSON_TYPES = {**TYPES, "<data>": is_base64, "<date>": lambda v: isinstance(v, str)}


@dataclass(frozen=True, slots=True)
class Checker:
    target: Target | None = None
    json: bool = False

    @property
    def types(self) -> Mapping[str, Callable[[Any], bool]]:
        return JSON_TYPES if self.json else TYPES

    def dictionary(
        self, path: str, value: Any, keys: Iterable[Key], inherited: Key = NOTHING, extra: Key = NOTHING
    ) -> None:
        """All keys known and well typed, none missing. `extra` are frame keys by type, all optional."""
        entries = {entry["key"]: entry for entry in keys}
        if not TYPES["<dictionary>"](value):
            raise SchemaError(f"{path}: a dictionary is expected, not {type(value).__name__}")
        for name, item in value.items():
            entry = entries.get(name) or entries.get("ANY")
            if entry is not None:
                self.value(f"{path}.{name}", item, entry, inherited)
            elif name not in extra:
                raise SchemaError(f"{path}.{name}: unknown key")
            elif not self.types[extra[name]](item):
                raise SchemaError(f"{path}.{name}: {extra[name]} is expected, not {type(item).__name__}")
        for name, entry in entries.items():
            if (
                name != "ANY"
                and name not in value
                and demanded(entry, support_of(entry, inherited, self.target), self.target)
            ):
                raise SchemaError(f"{path}.{name}: missing")

    def value(self, path: str, value: Any, entry: Key, inherited: Key) -> None:
        support = support_of(entry, inherited, self.target)
        if reason := unavailable(support, self.target):
            raise SchemaError(f"{path}: {reason}")
        if not self.types[entry["type"]](value):
            raise SchemaError(f"{path}: {entry['type']} is expected, not {type(value).__name__}")
        self.limits(path, value, entry)
        subkeys = entry.get("subkeys") or ()
        if entry["type"] == "<dictionary>" and subkeys:
            self.dictionary(path, value, subkeys, support)
        elif entry["type"] == "<array>" and subkeys:
            for place, item in enumerate(value):
                self.value(f"{path}[{place}]", item, self.item(f"{path}[{place}]", item, subkeys), support)
        elif entry["type"] == "<string>" and subkeys:  # e.g. Queries: the subkeys are the words that may stand here
            words = {word["key"]: word for word in subkeys}
            if value not in words:
                raise SchemaError(f"{path}: {value!r} is not one of the known words")
            if reason := unavailable(support_of(words[value], support, self.target), self.target):
                raise SchemaError(f"{path}: {value}: {reason}")

    def item(self, path: str, value: Any, choices: Sequence[Key]) -> Key:
        """The schema of an array's item; where there are several (Settings), its `Item` names the one."""
        if len(choices) == 1:
            return choices[0]
        name = value.get("Item") if isinstance(value, Mapping) else None
        for choice in choices:
            if choice["key"] == name:
                return choice
        raise SchemaError(f"{path}.Item: {name!r} is not one of {[choice['key'] for choice in choices]}")

    def limits(self, path: str, value: Any, entry: Key) -> None:
        scalar = isinstance(value, str | int | float)
        if scalar and entry.get("rangelist") and value not in entry["rangelist"]:
            raise SchemaError(f"{path}: {value!r} is not one of {entry['rangelist']}")
        if isinstance(value, str) and entry.get("format") and not re.search(entry["format"], value):
            raise SchemaError(f"{path}: {value!r} does not match {entry['format']}")
        measured = value if isinstance(value, int | float) else None
        limits = entry.get("range", {})
        if entry["type"] == "<array>":
            measured, limits = len(value), entry.get("repetition", {})
        if measured is not None and not limits.get("min", measured) <= measured <= limits.get("max", measured):
            raise SchemaError(f"{path}: {measured} is outside {dict(limits)}")
