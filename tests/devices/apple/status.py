"""Status items of a device (`declarative/status/*.yaml`) and the report they go into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.devices.apple import declarations
from tests.devices.apple.hardware import MODELS, Model
from tests.devices.apple.state import DeviceState

Answer = Callable[[DeviceState, Model], Any]
ALWAYS = ("management.client-capabilities", "management.declarations")

DEVICE: Mapping[str, Answer] = {
    "device.identifier.serial-number": lambda state, model: state.serial,
    "device.identifier.udid": lambda state, model: state.udid,
    "device.model.family": lambda state, model: model.family,
    "device.model.identifier": lambda state, model: model.product_name,
    "device.model.marketing-name": lambda state, model: model.marketing_name,
    "device.model.number": lambda state, model: model.model_number,
    "device.operating-system.build-version": lambda state, model: state.build,
    "device.operating-system.family": lambda state, model: model.os_family,
    "device.operating-system.marketing-name": lambda state, model: model.os_marketing_name,
    "device.operating-system.supplemental.build-version": lambda state, model: state.build,
    "device.operating-system.supplemental.extra-version": lambda state, model: "",
    "device.operating-system.version": lambda state, model: state.os_version,
    "device.power.battery-health": lambda state, model: "normal",
    "mdm.app": lambda state, model: [],
    "softwareupdate.device-id": lambda state, model: model.product_name,
    "softwareupdate.install-state": lambda state, model: "prepared" if state.pending_update else "none",
    "softwareupdate.install-reason": lambda state, model: _install_reason(state),
    "softwareupdate.pending-version": lambda state, model: _pending(state),
    "softwareupdate.failure-reason": lambda state, model: {"count": 0, **state.update_failure},
    "softwareupdate.beta-enrollment": lambda state, model: "",
}
IOS: Mapping[str, Answer] = {
    "passcode.is-present": lambda state, model: state.passcode is not None,
    "passcode.is-compliant": lambda state, model: _compliant(state),
}
MAC: Mapping[str, Answer] = {"diskmanagement.filevault.enabled": lambda state, model: state.filevault_enabled}
PRIVATE = {"device.identifier.serial-number", "device.identifier.udid", "device.power.battery-health"}


def supported(state: DeviceState) -> dict[str, Answer]:
    answers = {**DEVICE, **(IOS if MODELS[state.kind].platform == "iOS" else MAC)}
    hidden = PRIVATE | {name for name in answers if name.startswith("softwareupdate.")}
    return {name: answer for name, answer in answers.items() if not (state.user_enrollment and name in hidden)}


def collect(state: DeviceState, memory: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Flat status items by dotted name, and the errors of those that cannot be had."""
    model, answers = MODELS[state.kind], supported(state)
    wanted = declarations.subscribed(memory)
    found: dict[str, Any] = {
        "management.client-capabilities": _capabilities(state),
        "management.declarations": _declarations(memory.get("items", {})),
    }
    errors = []
    for name in wanted:
        if name in answers:
            found[name] = answers[name](state, model)
        elif name not in ALWAYS:
            text = f"{name} is not supported by this device"
            errors.append({"StatusItem": name, "Reasons": [{"Code": "Error.NotSupported", "Description": text}]})
    return found, errors


def nest(items: Mapping[str, Any]) -> dict[str, Any]:
    """{"a.b": 1} → {"a": {"b": 1}}."""
    tree: dict[str, Any] = {}
    for name, value in items.items():
        *folders, leaf = name.split(".")
        branch = tree
        for folder in folders:
            branch = branch.setdefault(folder, {})
        branch[leaf] = value
    return tree


def _declarations(items: Mapping[str, Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for array in ("Activations", "Configurations", "Assets", "Management"):
        found[array.lower()] = [_judgement(name, entry) for name, entry in items.get(array, {}).items()]
    return found


def _judgement(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        "identifier": name,
        "server-token": entry["server_token"],
        "active": entry["active"],
        "valid": entry["valid"],
    }
    reasons = [{key.lower(): value for key, value in reason.items()} for reason in entry["reasons"]]
    return said | ({"reasons": reasons} if reasons else {})


def _capabilities(state: DeviceState) -> dict[str, Any]:
    return {
        "supported-versions": ["1.0.0"],
        "supported-features": {},
        "supported-payloads": {
            "declarations": {
                "activations": ["com.apple.activation.simple"],
                "configurations": sorted([*declarations.HANDLERS, *declarations.LEGACY]),
                "assets": ["com.apple.asset.data", "com.apple.asset.useridentity"],
                "management": ["com.apple.management.organization-info", "com.apple.management.properties"],
            },
            "status-items": sorted([*supported(state), *ALWAYS]),
        },
    }


def _pending(state: DeviceState) -> dict[str, str]:
    pending = state.pending_update or {}
    return {"os-version": pending.get("version", ""), "build-version": pending.get("build", "")}


def _install_reason(state: DeviceState) -> dict[str, Any]:
    if not state.pending_update:
        return {"reason": []}
    return {"reason": ["declaration"], "declaration-id": state.pending_update["declaration"]}


def _compliant(state: DeviceState) -> bool:
    policy = state.settings.get("passcode", {})
    required = policy.get("RequirePasscode") or policy.get("MinimumLength", 0) > 0
    if not required:
        return True
    return state.passcode is not None and len(state.passcode) >= policy.get("MinimumLength", 0)
