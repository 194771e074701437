"""Simulated Chromebooks: what they are, how they take and execute commands, and what becomes of them."""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.google.clock import moment
from tests.google.errors import absent, invalid
from tests.google.world import World

LIFE = 6 * 3600  # seconds that a command waits for its device; Google does not document how long
OPEN = ("PENDING", "SENT_TO_CLIENT", "ACKED_BY_CLIENT")
NEXT = {"PENDING": "SENT_TO_CLIENT", "SENT_TO_CLIENT": "ACKED_BY_CLIENT"}
MANAGED = ("ACTIVE", "DISABLED")


def table(world: World) -> dict[str, dict[str, Any]]:
    """device id → {"device": ChromeOsDevice, "sim": how it behaves, "commands": id → command}."""
    return world.table("chrome_devices")


def known(world: World, device_id: str) -> dict[str, Any]:
    found = table(world).get(device_id)
    if found is None:
        raise absent("Resource Not Found: deviceId")
    return found


def born(world: World, serial: str, model: str, unit: dict[str, Any], **more: Any) -> dict[str, Any]:
    device_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{serial}/{len(table(world))}"))
    now = world.clock.stamp()
    device = {
        "kind": "admin#directory#chromeosdevice",
        "deviceId": device_id,
        "serialNumber": serial,
        "status": "ACTIVE",
        "lastSync": now,
        "model": model,
        "osVersion": "131.0.6778.96",
        "platformVersion": "16063.45.0 (Official Build) stable-channel volteer",
        "firmwareVersion": "Google_Voxel.13672.224.0",
        "macAddress": uuid.uuid5(uuid.NAMESPACE_DNS, serial).hex[:12],
        "ethernetMacAddress": uuid.uuid5(uuid.NAMESPACE_URL, serial).hex[:12],
        "bootMode": "Verified",
        "chromeOsType": "chromeOs",
        "deviceLicenseType": "enterpriseUpgradeFixedTerm",
        "firstEnrollmentTime": now,
        "lastEnrollmentTime": now,
        "orgUnitPath": unit["orgUnitPath"],
        "orgUnitId": unit["orgUnitId"],
        "autoUpdateThrough": "2031-06-01",
        "autoUpdateExpiration": "1938038400000",
        "systemRamTotal": str(8 * 2**30),
        "diskSpaceUsage": {"capacityBytes": str(128 * 10**9), "usedBytes": str(28 * 10**9)},
        "cpuInfo": [{"model": "11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz", "architecture": "x64"}],
        "tpmVersionInfo": {"family": "322e3000", "firmwareVersion": "b2dcdf1b3bc5d50e", "specLevel": "74"},
        "osUpdateStatus": {"state": "updateStateNotStarted", "rebootTime": now},
        "osVersionCompliance": "compliant",
        "recentUsers": [{"type": "USER_TYPE_MANAGED", "email": "ada@example.com"}],
    }
    sim = {"offline": False, "kiosk": False, "user_present": False, "forced": True, "telemetry": True} | more
    if sim["kiosk"]:
        device |= {"deviceLicenseType": "kioskUpgrade", "recentUsers": []}
    table(world)[device_id] = {"device": device, "sim": sim, "commands": {}}
    return table(world)[device_id]


def issue(world: World, device_id: str, kind: str, payload: str) -> str:
    held = known(world, device_id)
    if held["device"]["status"] not in MANAGED:
        raise invalid("Device is not in a state that takes commands.")
    number = world.digits(11)
    now = world.clock.now()
    held["commands"][number] = {
        "commandId": number,
        "type": kind,
        "issueTime": world.clock.stamp(now),
        "commandExpireTime": world.clock.stamp(now + LIFE),
        "state": "PENDING",
        **({"payload": payload} if payload else {}),
    }
    return number


def aged(world: World, held: dict[str, Any]) -> None:
    for command in held["commands"].values():
        if command["state"] in OPEN and moment(command["commandExpireTime"]) <= world.clock.now():
            command["state"] = "EXPIRED"


def obey(world: World, held: dict[str, Any], steps: int = 3) -> list[str]:
    """Takes what waits; three steps: it is sent, it is acknowledged, it is executed. Ids of what was executed."""
    aged(world, held)
    if held["sim"]["offline"] or held["device"]["status"] not in MANAGED:
        return []
    held["device"]["lastSync"] = world.clock.stamp()
    executed = []
    for number, command in list(held["commands"].items()):
        for _ in range(steps):
            if command["state"] == "ACKED_BY_CLIENT":
                _execute(world, held, command)
                executed.append(number)
            else:
                command["state"] = NEXT.get(command["state"], command["state"])
    return executed


def _execute(world: World, held: dict[str, Any], command: dict[str, Any]) -> None:
    command["state"] = "EXECUTED_BY_CLIENT"
    told: dict[str, Any] = {"executeTime": world.clock.stamp()}
    wanted = held["sim"].get("outcome", "SUCCESS")
    error = held["sim"].get("error", "") if wanted != "SUCCESS" else why_not(held, command)
    if wanted != "SUCCESS" or error:
        told["result"] = wanted if wanted != "SUCCESS" else "FAILURE"
        if error:
            told["errorMessage"] = error
    else:
        payload = DOES.get(command["type"], lambda *_: None)(world, held)
        told |= {"result": "SUCCESS"} | ({"commandResultPayload": json.dumps(payload)} if payload else {})
    command["commandResult"] = told


def why_not(held: dict[str, Any], command: dict[str, Any]) -> str:
    sim, kind, payload = held["sim"], command["type"], json.loads(command.get("payload", "{}"))
    if kind in ("TAKE_A_SCREENSHOT", "CAPTURE_LOGS", "SET_VOLUME") and not sim["kiosk"]:
        return "The command is not supported in the current session."
    if kind == "DEVICE_START_CRD_SESSION" and sim["user_present"]:
        if payload.get("crdSessionType") == "private":
            return "A user is signed in."
        if not payload.get("ackedUserPresence"):
            return "The device is in use."
    return ""


def _reboot(world: World, held: dict[str, Any]) -> None:
    held["device"]["osUpdateStatus"]["rebootTime"] = world.clock.stamp()


def _wipe(world: World, held: dict[str, Any]) -> None:
    held["device"]["recentUsers"] = []


def _powerwash(world: World, held: dict[str, Any]) -> None:
    """Where enrollment is forced the device is back a moment later; else it is nobody's until somebody enrolls it."""
    held["device"]["recentUsers"] = []
    if held["sim"]["forced"]:
        held["device"]["lastEnrollmentTime"] = world.clock.stamp(world.clock.now() + 1)
    else:
        held["sim"]["offline"] = True


def _screenshot(world: World, held: dict[str, Any]) -> None:
    _upload(world, held, "screenshotFiles", "SCREENSHOT_FILE", "png")


def _logs(world: World, held: dict[str, Any]) -> None:
    _upload(world, held, "deviceFiles", "LOG_FILE", "zip")


def _packet(world: World, held: dict[str, Any]) -> None:
    _upload(world, held, "deviceFiles", "SUPPORT_PACKET", "zip")


def _upload(world: World, held: dict[str, Any], where: str, kind: str, ending: str) -> None:
    now, name = world.clock.stamp(), f"{kind.lower()}-{world.digits(6)}.{ending}"
    url = f"https://storage.example.test/{held['device']['deviceId']}/{name}"
    held["device"].setdefault(where, []).append({"name": name, "type": kind, "downloadUrl": url, "createTime": now})


def _session(world: World, held: dict[str, Any]) -> dict[str, Any]:
    return {"url": f"https://remotedesktop.google.com/support/session/{uuid.uuid4()}"}


def _availability(world: World, held: dict[str, Any]) -> dict[str, Any]:
    present = held["sim"]["user_present"]
    return {
        "deviceIdleTimeInSeconds": 0 if present else 900,
        "userSessionType": "AFFILIATED_USER_SESSION" if present else "NO_SESSION",
        "remoteSupportAvailability": "AVAILABLE" if present else "UNAVAILABLE_NO_USER",
        "remoteAccessAvailability": "UNAVAILABLE_USER_PRESENT" if present else "AVAILABLE",
    }


DOES = {
    "REBOOT": _reboot,
    "WIPE_USERS": _wipe,
    "REMOTE_POWERWASH": _powerwash,
    "TAKE_A_SCREENSHOT": _screenshot,
    "CAPTURE_LOGS": _logs,
    "FETCH_SUPPORT_PACKET": _packet,
    "DEVICE_START_CRD_SESSION": _session,
    "FETCH_CRD_AVAILABILITY_INFO": _availability,
}
