"""Checks what Muster emits against Apple's own schema files (docs/schema.md of apple/device-management).

The files lie beside the project in `../shared`; elsewhere `needs_schema` skips. Every check raises `SchemaError` naming
the key path. A `Target` says for which device the value is meant; without one, keys of any platform pass and only keys
that every platform requires are demanded.
"""

import functools
import plistlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.wire.apple_schema_keys import Checker, Key, SchemaError, Target, support_of, unavailable

ROOT = Path(__file__).resolve().parents[3] / "shared" / "schemas" / "apple-device-management"
needs_schema = pytest.mark.skipif(
    not ROOT.is_dir(), reason="Apple's schema is not beside the project (../shared/schemas)"
)

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
STATUSES = ("Acknowledged", "Error", "CommandFormatError", "Idle", "NotNow")


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


def checkin_answer(kind: str, wire: Mapping[str, Any] | bytes, target: Target | None = None) -> None:
    """What the server says to a check-in message of this type."""
    (document,) = pick("mdm/checkin", "requesttype", kind)
    Checker(target).dictionary(kind, plist(wire), document["responsekeys"], supported(document, kind, target))


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
