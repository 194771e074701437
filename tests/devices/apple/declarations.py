"""What declarations do to a device: validity, activation and effect (`declarative/declarations/**`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.devices.apple import installation
from tests.devices.apple.complaints import CommandRefused
from tests.devices.apple.hardware import MODELS
from tests.devices.apple.state import DeviceState
from tests.devices.apple.transport import Transport

LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
SUBSCRIPTIONS = "com.apple.configuration.management.status-subscriptions"
ENFORCEMENT = "com.apple.configuration.softwareupdate.enforcement.specific"
PASSCODE = "com.apple.configuration.passcode.settings"
LEGACY = ("com.apple.configuration.legacy", "com.apple.configuration.legacy.interactive")
Items = dict[str, dict[str, Any]]


class Invalid(Exception):
    """A declaration that cannot be used; code is one of the schema's reasons."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text)
        self.reason = {"Code": code, "Description": text}


def apply(items: Items, state: DeviceState, transport: Transport, *, user_channel: bool) -> None:
    """Judges every declaration anew and makes the device follow those that are active."""
    activated = _activate(items)
    state.pending_update = None if not user_channel else state.pending_update
    wanted_profiles: set[str] = set()
    for identifier, entry in items.get("Configurations", {}).items():
        if identifier not in activated:
            _judge(entry, active=False, valid="unknown", reasons=[{"Code": "Info.NotReferencedByActivation"}])
            continue
        try:
            _configure(entry, state, transport, wanted_profiles)
        except Invalid as problem:
            _judge(entry, active=False, valid="invalid", reasons=[problem.reason])
        else:
            _judge(entry, active=True, valid="valid", reasons=[])
    for array in ("Assets", "Management"):
        for entry in items.get(array, {}).values():
            reasons = [{"Code": "Error.InvalidPayload", "Description": text} for text in entry["problems"]]
            _judge(entry, active=not reasons, valid="invalid" if reasons else "valid", reasons=reasons)
    declared = {name for name, profile in state.profiles.items() if profile.get("_declared")}
    for name in declared - wanted_profiles:
        del state.profiles[name]


def subscribed(memory: Mapping[str, Any]) -> list[str]:
    configurations = memory.get("items", {}).get("Configurations", {}).values()
    names = [
        item["Name"]
        for entry in configurations
        if entry["declaration"]["Type"] == SUBSCRIPTIONS and entry.get("active")
        for item in entry["declaration"]["Payload"]["StatusItems"]
    ]
    return sorted(set(names))


def _activate(items: Items) -> set[str]:
    activated: set[str] = set()
    for entry in items.get("Activations", {}).values():
        payload = entry["declaration"]["Payload"]
        present = items.get("Configurations", {})
        missing = [one for one in payload.get("StandardConfigurations", []) if one not in present]
        if missing or entry["problems"]:
            code = "Error.MissingConfigurations" if missing else "Error.InvalidPayload"
            _judge(entry, active=False, valid="invalid", reasons=[{"Code": code, "Details": {"Identifiers": missing}}])
            continue
        _judge(entry, active=True, valid="valid", reasons=[])
        activated.update(payload["StandardConfigurations"])
    return activated


def _judge(entry: dict[str, Any], *, active: bool, valid: str, reasons: list[dict[str, Any]]) -> None:
    entry.update(active=active, valid=valid, reasons=reasons)


def _configure(entry: Mapping[str, Any], state: DeviceState, transport: Transport, wanted: set[str]) -> None:
    declaration = entry["declaration"]
    kind, payload = declaration["Type"], declaration["Payload"]
    if kind in LEGACY:
        wanted.add(_legacy(payload, state, transport))
        return
    handler = HANDLERS.get(kind)
    if handler is None:
        raise Invalid("Error.ConfigurationNotSupported", f"{kind} is not supported by this device")
    if entry["problems"]:
        raise Invalid("Error.ConfigurationIsInvalid", "; ".join(entry["problems"]))
    handler(declaration, state)


def _legacy(payload: Mapping[str, Any], state: DeviceState, transport: Transport) -> str:
    url = payload.get("ProfileURL", "")
    if not url.startswith("https://"):
        raise Invalid("Error.ConfigurationIsInvalid", f"ProfileURL is not https: {url}")
    reply = transport("GET", url, {"User-Agent": MODELS[state.kind].mdm_agent}, b"")
    if reply.status != 200:
        raise Invalid("Error.ConfigurationCannotBeApplied", f"ProfileURL answered {reply.status}")
    try:
        found = installation.install(state, reply.body, managed=True)
    except CommandRefused as refusal:
        raise Invalid("Error.ConfigurationCannotBeApplied", str(refusal)) from refusal
    state.profiles[found.identifier]["_declared"] = True
    return found.identifier


def _subscriptions(declaration: Mapping[str, Any], state: DeviceState) -> None:
    items = declaration["Payload"].get("StatusItems")
    if not isinstance(items, list) or not all(isinstance(one, dict) and one.get("Name") for one in items):
        raise Invalid("Error.ConfigurationIsInvalid", "StatusItems is an array of {Name}")


def _enforce_update(declaration: Mapping[str, Any], state: DeviceState) -> None:
    payload, platform = declaration["Payload"], MODELS[state.kind].platform
    if state.user_enrollment or (platform == "macOS" and not state.supervised):
        raise Invalid("Error.ConfigurationNotSupported", "needs a supervised device")
    if not payload.get("TargetOSVersion") or not LOCAL_TIME.fullmatch(str(payload.get("TargetLocalDateTime"))):
        text = "TargetOSVersion and a TargetLocalDateTime without a zone are required"
        raise Invalid("Error.ConfigurationIsInvalid", text)
    if version(payload["TargetOSVersion"]) > version(state.os_version):
        state.pending_update = {
            "version": payload["TargetOSVersion"], "build": payload.get("TargetBuildVersion", ""),
            "declaration": declaration["Identifier"], "by": payload["TargetLocalDateTime"],
        }  # fmt: skip


def _passcode(declaration: Mapping[str, Any], state: DeviceState) -> None:
    state.settings["passcode"] = dict(declaration["Payload"])


def _accept(declaration: Mapping[str, Any], state: DeviceState) -> None:
    """Stored only."""


HANDLERS: Mapping[str, Callable[[Mapping[str, Any], DeviceState], None]] = {
    SUBSCRIPTIONS: _subscriptions,
    ENFORCEMENT: _enforce_update,
    PASSCODE: _passcode,
    "com.apple.configuration.management.test": _accept,
    "com.apple.configuration.softwareupdate.settings": _accept,
    "com.apple.configuration.security.certificate": _accept,
}


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
