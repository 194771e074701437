"""Checks what Muster emits against Apple's own schema files (docs/schema.md of apple/device-management).

The files lie beside the project in `../shared`; elsewhere `needs_schema` skips. Every check raises `SchemaError` naming
the key path. A `Target` says for which device the value is meant; without one, keys of any platform pass and only keys
that every platform requires are demanded.
"""

import base64
import binascii
import datetime
import functools
import plistlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3] / "shared" / "schemas" / "apple-device-management"
needs_schema = pytest.mark.skipif(
    not ROOT.is_dir(), reason="Apple's schema is not beside the project (../shared/schemas)"
)

Key = Mapping[str, Any]

# Keys that frame every command, report and check-in; the schema files list only what is particular to each.
CHANNEL = dict.fromkeys(
    ("UDID", "EnrollmentID", "EnrollmentUserID", "UserID", "UserShortName", "UserLongName"), "<string>"
)
REPORT = {
    **CHANNEL,
    "CommandUUID": "<string>",
    "Status": "<string>",
    "ErrorChain": "<array>",
    "NotOnConsole": "<boolean>",
}
REPORT |= {"RequestType": "<string>"}
NOTHING: Key = {}
STATUSES = ("Acknowledged", "Error", "CommandFormatError", "Idle", "NotNow")


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


@functools.cache
def load(relative: str) -> Key:
    import yaml

    return yaml.load((ROOT / relative).read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # type: ignore[no-any-return]


@functools.cache
def index(folder: str, name: str) -> Mapping[str, tuple[Key, ...]]:
    """All files below a folder by one field of their `payload`, e.g. requesttype; some types have several files."""
    found: dict[str, tuple[Key, ...]] = {}
    for path in sorted((ROOT / folder).rglob("*.yaml")):
        document = load(str(path.relative_to(ROOT)))
        kind = document["payload"].get(name)
        found[kind] = (*found.get(kind, ()), document)
    return found


def pick(folder: str, name: str, kind: object) -> tuple[Key, ...]:
    documents = index(folder, name).get(str(kind))
    if not documents:
        raise SchemaError(f"{kind}: no such {name} in {folder}")
    return documents


# --- who may have a key ---------------------------------------------------------------------------------------------


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


# --- values ---------------------------------------------------------------------------------------------------------


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


# --- documents ------------------------------------------------------------------------------------------------------


def supported(document: Key, path: str, target: Target | None) -> Key:
    support = support_of(document["payload"], {}, target)
    if target is not None and target.os not in document["payload"].get("supportedOS", {}):
        raise SchemaError(f"{path}: not on {target.os}")
    if reason := unavailable(support, target):
        raise SchemaError(f"{path}: {reason}")
    modes = support.get("allowed-enrollments")
    if target and modes and not any(mode in modes for mode in enrollments(target)):
        raise SchemaError(f"{path}: only for enrollments {modes}")
    return support


def enrollments(target: Target) -> tuple[str, ...]:
    if target.user_enrollment:
        return ("user",)
    return ("device", "supervised") if target.supervised in (True, None) else ("device",)


def plist(value: Mapping[str, Any] | bytes) -> Any:
    return plistlib.loads(value) if isinstance(value, bytes) else value


def command(wire: Mapping[str, Any] | bytes, target: Target | None = None) -> str:
    """A command as the device gets it, {"CommandUUID", "Command"}; returns its request type."""
    frame = plist(wire)
    frame_keys = [{"key": "CommandUUID", "type": "<string>", "presence": "required"}]
    frame_keys += [{"key": "Command", "type": "<dictionary>", "presence": "required"}]
    frame_keys += [{"key": "RequestRequiresNetworkTether", "type": "<boolean>"}]
    Checker(target).dictionary("", frame, frame_keys)
    body = dict(frame["Command"])
    kind = body.pop("RequestType", None)
    (document,) = pick("mdm/commands", "requesttype", kind)
    support = supported(document, f"{kind}", target)
    Checker(target).dictionary(f"{kind}", body, document.get("payloadkeys") or (), support)
    return str(kind)


def report(kind: str, wire: Mapping[str, Any] | bytes, target: Target | None = None) -> None:
    """A device's report on a command of this request type."""
    body = plist(wire)
    if body.get("Status") not in STATUSES:
        raise SchemaError(f"{kind}.Status: {body.get('Status')!r} is not one of {STATUSES}")
    (document,) = pick("mdm/commands", "requesttype", kind)
    keys = document.get("responsekeys") or () if body["Status"] == "Acknowledged" else ()
    Checker(target).dictionary(kind, body, keys, support_of(document["payload"], {}, target), REPORT)


def checkin(wire: Mapping[str, Any] | bytes, target: Target | None = None, extra: Iterable[str] = ()) -> str:
    """A check-in message; returns its type. `extra` names undocumented keys that may stand in it."""
    body = {name: item for name, item in plist(wire).items() if name not in set(extra)}
    (document,) = pick("mdm/checkin", "requesttype", body.get("MessageType"))
    support = supported(document, str(body["MessageType"]), target)
    Checker(target).dictionary(str(body["MessageType"]), body, document["payloadkeys"], support, CHANNEL)
    return str(body["MessageType"])


def profile(wire: Mapping[str, Any] | bytes, target: Target | None = None) -> tuple[str, ...]:
    """A configuration profile and all its payloads; returns their types."""
    body = plist(wire)
    top = load("mdm/profiles/TopLevel.yaml")
    Checker(target).dictionary("profile", body, top["payloadkeys"], support_of(top["payload"], {}, target))
    return tuple(payload(item, target) for item in body["PayloadContent"])


def payload(body: Mapping[str, Any], target: Target | None = None) -> str:
    """One payload of a profile; where a type has several files, one of them must fit."""
    kind, failures = str(body.get("PayloadType")), []
    common = load("mdm/profiles/CommonPayloadKeys.yaml")["payloadkeys"]
    for document in pick("mdm/profiles", "payloadtype", kind):
        try:
            support = supported(document, kind, target)
            own = document.get("payloadkeys") or ()
            named = {entry["key"] for entry in own}
            Checker(target).dictionary(kind, body, [*own, *(key for key in common if key["key"] not in named)], support)
            return kind
        except SchemaError as error:
            failures.append(error)
    raise failures[0]


def declaration(body: Mapping[str, Any], target: Target | None = None) -> str:
    """A declaration as the device downloads it; returns its type."""
    base = load("declarative/declarations/declarationbase.yaml")
    checker = Checker(target, json=True)
    checker.dictionary("declaration", body, base["payloadkeys"])
    for name in ("Identifier", "ServerToken"):
        if len(body[name].encode()) > 64:
            raise SchemaError(f"declaration.{name}: longer than 64 octets")
    (document,) = pick("declarative/declarations", "declarationtype", body["Type"])
    support = supported(document, body["Type"], target)
    checker.dictionary(body["Type"], body["Payload"], document.get("payloadkeys") or (), support)
    return str(body["Type"])


def protocol(kind: str, body: Mapping[str, Any], target: Target | None = None) -> None:
    """A message of the declarative protocol: TokensResponse, DeclarationItemsResponse or StatusReport."""
    (document,) = pick("declarative/protocol", "requesttype", kind)
    Checker(target, json=True).dictionary(kind, body, document["payloadkeys"], supported(document, kind, target))


def error(body: Mapping[str, Any]) -> None:
    """The JSON body of a refusal (mdm/errors): the file is the one that lists its code."""
    for path in sorted((ROOT / "mdm/errors").glob("*.yaml")):
        keys = load(f"mdm/errors/{path.name}")["payloadkeys"]
        if any(key["key"] == "code" and body.get("code") in key.get("rangelist", ()) for key in keys):
            return Checker(None, json=True).dictionary(str(body["code"]), body, keys)
    raise SchemaError(f"code: {body.get('code')!r} is in no file of mdm/errors")
