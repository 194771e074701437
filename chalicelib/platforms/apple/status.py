"""Status reports: merged item by item, or replaced by a full one; facts and declaration errors drawn from them.

Apple declarative/protocol/statusreport.yaml and declarative/status/*.yaml.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.core import inventory
from chalicelib.core.house import House
from chalicelib.platforms.apple import guard
from chalicelib.platforms.apple import message as wire
from chalicelib.platforms.apple.declarations import STATUS_ITEMS
from chalicelib.platforms.apple.message import Plist

SECTION, DECLARATIONS = "status", "declarations"
_MANAGEMENT = "management.declarations"
_MOST = 2_000  # entries of a list
_FACTS = {
    "passcode.is-present": "passcode_set",
    "passcode.is-compliant": "passcode_compliant",
    "diskmanagement.filevault.enabled": "encrypted",
}
_ATTRIBUTES = {
    "device.operating-system.version": "os_version",
    "device.operating-system.build-version": "os_build",
    "device.model.identifier": "model",
    "device.model.marketing-name": "model_name",
}
_UPDATES = (
    ("softwareupdate.pending-version", "os-version", "update_pending"),
    ("softwareupdate.failure-reason", "reason", "update_failure"),
)
_ABSENT = object()


def take(house: House, device_id: str, data: bytes) -> None:
    report = guard.read_json(data)
    items = items_of(wire.field(report, "StatusItems", dict, {}))
    known = {} if report.get("FullReport") is True else _known(house, device_id)
    declared = items.pop(_MANAGEMENT, _ABSENT)
    inventory.record(house, device_id, SECTION, {"items": merged(known, items), "errors": _errors(report)})
    if isinstance(declared, dict):
        inventory.record(house, device_id, DECLARATIONS, declaration_states(declared))
    inventory.merge(house, device_id, attributes=_attributes(items), facts=_facts(items))


def _known(house: House, device_id: str) -> Plist:
    held = inventory.section(house, device_id, SECTION)
    return held["items"] if held else {}


def items_of(report: Plist) -> dict[str, Any]:
    """The items that we subscribe to, by name; a report nests them along the dots of the name."""
    found = {name: _at(report, name) for name in STATUS_ITEMS}
    return {name: value for name, value in found.items() if value is not _ABSENT}


def _at(report: Any, name: str) -> Any:
    for part in name.split("."):
        if not isinstance(report, dict) or part not in report:
            return _ABSENT
        report = report[part]
    return report


def merged(known: Plist, news: Plist) -> dict[str, Any]:
    """Each item replaces the one before; lists are changed entry by entry."""
    result = dict(known)
    for name, value in news.items():
        result[name] = _merged_list(known.get(name), value) if isinstance(value, list) else value
    return result


def _merged_list(known: Any, news: list[Any]) -> list[Any]:
    held = known if isinstance(known, list) else []
    entries = {str(entry.get("identifier")): entry for entry in (*held, *news) if isinstance(entry, dict)}
    return [entry for entry in entries.values() if entry.get("_removed") is not True][:_MOST]


def _errors(report: Plist) -> list[dict[str, Any]]:
    errors = (error for error in wire.field(report, "Errors", list, [])[:100] if isinstance(error, dict))
    return [{"item": wire.name(error, "StatusItem"), "reasons": _reasons(error, "Reasons", "Code", "Description")}
            for error in errors]  # fmt: skip


def declaration_states(declared: Plist) -> dict[str, Any]:
    """Identifier → what the device makes of the declaration, and why."""
    return {
        wire.name(entry, "identifier"): {
            "kind": kind, "active": entry.get("active") is True, "valid": wire.name(entry, "valid"),
            "reasons": _reasons(entry, "reasons", "code", "description"),
        }
        for kind in ("activations", "configurations", "assets", "management")
        for entry in wire.field(declared, kind, list, [])[:_MOST]
        if isinstance(entry, dict)
    }  # fmt: skip


def _reasons(entry: Plist, key: str, code: str, description: str) -> list[str]:
    reasons = (reason for reason in wire.field(entry, key, list, [])[:10] if isinstance(reason, dict))
    return [f"{wire.name(reason, code)}: {wire.name(reason, description)}".removesuffix(": ") for reason in reasons]


def _attributes(items: Mapping[str, Any]) -> dict[str, str]:
    texts = {field: wire.name(items, name) for name, field in _ATTRIBUTES.items()}
    return {field: text for field, text in texts.items() if text}


def _facts(items: Mapping[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {fact: items[name] for name, fact in _FACTS.items() if isinstance(items.get(name), bool)}
    if "softwareupdate.install-state" in items:
        facts["update_state"] = wire.name(items, "softwareupdate.install-state")
    for name, key, fact in _UPDATES:
        if isinstance(items.get(name), dict):
            facts[fact] = wire.name(items[name], key)
    return facts
