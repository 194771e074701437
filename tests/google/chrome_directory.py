"""Chromebooks in the Directory (admin.directory_v1): list, get, patch, commands, org unit, status."""

from __future__ import annotations

import json
from typing import Any

from tests.google import chrome_devices, chrome_units
from tests.google.chrome_units import ours
from tests.google.errors import absent, invalid
from tests.google.pages import page
from tests.google.service import Call, Service
from tests.google.world import World

BATCH = 50
BASIC = ("kind", "deviceId", "serialNumber", "status", "lastSync", "annotatedUser", "annotatedLocation",
         "annotatedAssetId", "notes", "orgUnitPath", "orgUnitId", "etag")  # fmt: skip
WRITABLE = {"annotatedAssetId": 200, "annotatedUser": 100, "annotatedLocation": 200, "notes": 500}
STATUS = "CHANGE_CHROME_OS_DEVICE_STATUS_ACTION_"
NO_REASON = ("", "DEPROVISION_REASON_UNSPECIFIED")
# A type that is not listed takes no payload.
PAYLOADS = ("REBOOT", "SET_VOLUME", "DEVICE_START_CRD_SESSION", "FETCH_SUPPORT_PACKET")


def list_devices(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    devices = [held["device"] for held in chrome_devices.table(world).values() if _matches(held["device"], call)]
    if unit := call.query.get("orgUnitPath"):
        path = chrome_units.find(world, unit)["orgUnitPath"]
        deep = bool(call.query.get("includeChildOrgunits"))
        devices = [one for one in devices if one["orgUnitPath"] == path or (deep and _below(one, path))]
    found, token = page(devices, call.query, 100, 300, "maxResults", key=lambda device: device["deviceId"])
    answer: dict[str, Any] = {"kind": "admin#directory#chromeosdevices"}
    shown = [_projected(device, call) for device in found]
    return answer | ({"chromeosdevices": shown} if shown else {}) | ({"nextPageToken": token} if token else {})


def _below(device: dict[str, Any], path: str) -> bool:
    return bool(device["orgUnitPath"].startswith(path.rstrip("/") + "/"))


def _matches(device: dict[str, Any], call: Call) -> bool:
    """The operators that a test needs: sync:FROM..TO in days, status:, id: for a serial number."""
    for term in call.query.get("query", "").split():
        name, _, wanted = term.partition(":")
        if name == "sync":
            first, _, last = wanted.partition("..")
            if not first <= device.get("lastSync", "")[:10] <= (last or "9"):
                return False
        elif name == "status":
            if {"provisioned": "ACTIVE"}.get(wanted, wanted.upper()) != device["status"]:
                return False
        elif name == "id":
            if not device["serialNumber"].startswith(wanted):
                return False
        else:
            raise invalid(f"Invalid Input: query {name}")
    return True


def _projected(device: dict[str, Any], call: Call) -> dict[str, Any]:
    if call.query.get("projection", "FULL") == "FULL":
        return device
    return {name: value for name, value in device.items() if name in BASIC}


def get_device(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    return _projected(chrome_devices.known(world, call.args["deviceId"])["device"], call)


def patch_device(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    device = chrome_devices.known(world, call.args["deviceId"])["device"]
    for name, value in call.body.items():
        if name in WRITABLE:
            if len(value) > WRITABLE[name]:
                raise invalid(f"Invalid Input: {name}")
            device[name] = value
        elif name in ("orgUnitPath", "orgUnitId"):
            _put(device, chrome_units.find(world, value))
    return _projected(device, call)


def _put(device: dict[str, Any], unit: dict[str, Any]) -> None:
    device["orgUnitPath"], device["orgUnitId"] = unit["orgUnitPath"], unit["orgUnitId"].removeprefix("id:")


def move_devices(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    unit, ids = chrome_units.find(world, call.query["orgUnitPath"]), _ids(call)
    devices = [chrome_devices.known(world, device_id)["device"] for device_id in ids]
    for device in devices:
        _put(device, unit)
    return {}


def _ids(call: Call) -> list[str]:
    ids: list[str] = call.body.get("deviceIds", [])
    if not 1 <= len(ids) <= BATCH or len(set(ids)) != len(ids):
        raise invalid(f"deviceIds: 1 to {BATCH} different devices.")
    return ids


def change_status(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    action, reason = call.body.get("changeChromeOsDeviceStatusAction", ""), call.body.get("deprovisionReason", "")
    change = CHANGES.get(action.removeprefix(STATUS))
    if change is None:
        raise invalid("change_chrome_os_device_status_action is required.")
    if (change == "DEPROVISIONED") != (reason not in NO_REASON):
        raise invalid("deprovision_reason is for DEPROVISION, and there it is required.")
    results = [_changed(world, device_id, change, reason) for device_id in _ids(call)]
    return {"changeChromeOsDeviceStatusResults": results}


CHANGES = {"DISABLE": "DISABLED", "REENABLE": "ACTIVE", "DEPROVISION": "DEPROVISIONED"}
FROM = {"DISABLED": ("ACTIVE",), "ACTIVE": ("DISABLED",), "DEPROVISIONED": ("ACTIVE", "DISABLED")}


def _changed(world: World, device_id: str, status: str, reason: str) -> dict[str, Any]:
    held = chrome_devices.table(world).get(device_id)
    if held is None:
        return {"deviceId": device_id, "error": {"code": 5, "message": "Device not found."}}
    device = held["device"]
    if device["status"] not in FROM[status]:
        text = f"Device is {device['status']} and cannot become {status}."
        return {"deviceId": device_id, "error": {"code": 9, "message": text}}
    device["status"] = status
    if reason:
        device |= {"deprovisionReason": reason, "lastDeprovisionTimestamp": world.clock.stamp()}
    return {"deviceId": device_id, "response": {}}


def issue_command(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    kind, payload = call.body.get("commandType", ""), call.body.get("payload", "")
    if kind in ("", "COMMAND_TYPE_UNSPECIFIED"):
        raise invalid("commandType is required.")
    _check_payload(kind, payload)
    return {"commandId": chrome_devices.issue(world, call.args["deviceId"], kind, payload)}


def _check_payload(kind: str, payload: str) -> None:
    if not payload:
        if kind == "SET_VOLUME":
            raise invalid("SET_VOLUME needs a payload.")
        return
    try:
        told = json.loads(payload)
    except ValueError:
        told = None
    if kind not in PAYLOADS or not isinstance(told, dict) or not RULES[kind](told):
        raise invalid(f"Invalid payload for {kind}.")


def _number(told: dict[str, Any], name: str, most: int) -> bool:
    value = told.get(name)
    return set(told) == {name} and type(value) is int and 0 <= value <= most


def _session(told: dict[str, Any]) -> bool:
    known = set(told) <= {"ackedUserPresence", "crdSessionType"}
    kind = told.get("crdSessionType", "shared") in ("shared", "private")
    return known and kind and isinstance(told.get("ackedUserPresence", False), bool)


def _packet(told: dict[str, Any]) -> bool:
    details = told.get("supportPacketDetails", {})
    collectors = details.get("requestedDataCollectors", [])
    known = set(told) <= {"supportPacketDetails"} and set(details) <= {
        "issueCaseId", "issueDescription", "requestedDataCollectors"}  # fmt: skip
    return known and all(type(one) is int and 1 <= one <= 23 for one in collectors)


RULES = {
    "REBOOT": lambda told: _number(told, "user_session_delay_seconds", 300),
    "SET_VOLUME": lambda told: _number(told, "volume", 100),
    "DEVICE_START_CRD_SESSION": _session,
    "FETCH_SUPPORT_PACKET": _packet,
}


def get_command(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    held = chrome_devices.known(world, call.args["deviceId"])
    chrome_devices.aged(world, held)
    found: dict[str, Any] | None = held["commands"].get(call.args["commandId"])
    if found is None:
        raise absent("Command not found.")
    return found


SERVICES = (
    Service(
        "admin.googleapis.com",
        "admin.directory_v1",
        {
            "directory.chromeosdevices.list": list_devices,
            "directory.chromeosdevices.get": get_device,
            "directory.chromeosdevices.patch": patch_device,
            "directory.chromeosdevices.moveDevicesToOu": move_devices,
            "admin.customer.devices.chromeos.batchChangeStatus": change_status,
            "admin.customer.devices.chromeos.issueCommand": issue_command,
            "admin.customer.devices.chromeos.commands.get": get_command,
            **chrome_units.HANDLERS,
        },
        delegated=True,
        legacy=True,
    ),
)
