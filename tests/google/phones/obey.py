"""A device executes what waits for it, as far as its management mode, its system and its user allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.google.android import commands
from tests.google.android.enterprises import notify
from tests.google.phones import report
from tests.google.world import World

Phone = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """error: errorCode of the command; status: its own status field; leaves: the device is managed no more."""

    error: str = ""
    text: str = ""
    status: dict[str, Any] = field(default_factory=dict)
    leaves: bool = False


def obey(world: World, phone: Phone) -> list[dict[str, str]]:
    """The commands that were executed, in order: [{"type", "error"}]."""
    done: list[dict[str, str]] = []
    while not phone["offline"] and phone["device"]:
        device = world.table("devices").get(phone["device"])
        queue = commands.waiting(world, phone["device"]) if device else []
        if device is None or not queue:
            break
        command = world.table("operations")[queue[0]]["resource"]["metadata"]
        outcome = _executed(world, phone, command)
        error = (commands.FAILED_PRECONDITION, outcome.text or outcome.error) if outcome.error or outcome.text else None
        commands.finish(world, queue[0], error=error, code=outcome.error, status=outcome.status)
        done.append({"type": command["type"], "error": outcome.error})
        if outcome.leaves:
            report.removed(world, phone, device)
    return done


def _executed(world: World, phone: Phone, command: dict[str, Any]) -> Outcome:
    refused = phone["broken"].get(command["type"])
    if refused:
        return Outcome(refused, "The device could not execute the command.")
    outcome = ACTIONS[command["type"]](phone, command)
    if command["type"] == "START_LOST_MODE" and phone["lost"]:
        _locate(world, phone)
    return outcome


def _mode(text: str) -> Outcome:
    return Outcome("MANAGEMENT_MODE", f"The management mode of the device does not support {text}.")


def _lock(phone: Phone, command: dict[str, Any]) -> Outcome:
    phone["locks"] += 1
    return Outcome()


def _reset_password(phone: Phone, command: dict[str, Any]) -> Outcome:
    password = command.get("newPassword", "")
    if password.isdigit() and len(password) < 6 and phone["api"] >= 34:
        return Outcome("INVALID_VALUE", "A numeric password needs at least six digits.")
    phone["passcode"] = password
    phone["locks"] += "LOCK_NOW" in command.get("resetPasswordFlags", [])
    return Outcome()


def _reboot(phone: Phone, command: dict[str, Any]) -> Outcome:
    if phone["mode"] != "DEVICE_OWNER":
        return _mode("REBOOT")
    if phone["api"] < 24:
        return Outcome("API_LEVEL", "REBOOT needs Android 7.0.")
    phone["reboots"] += 1
    return Outcome()


def _relinquish(phone: Phone, command: dict[str, Any]) -> Outcome:
    """Only a company's phone with a work profile can be given to its user."""
    if phone["owner"] != "COMPANY_OWNED" or phone["mode"] != "PROFILE_OWNER":
        return _mode("RELINQUISH_OWNERSHIP")
    return Outcome(leaves=True)


def _wipe(phone: Phone, command: dict[str, Any]) -> Outcome:
    return Outcome(leaves=True)


def _clear(phone: Phone, command: dict[str, Any]) -> Outcome:
    packages = command["clearAppsDataParams"]["packageNames"]
    results = {package: {"clearingResult": _cleared(phone, package)} for package in packages}
    return Outcome(status={"clearAppsDataStatus": {"results": results}})


def _cleared(phone: Phone, package: str) -> str:
    if phone["api"] < 28:
        return "API_LEVEL"
    if package == "com.android.settings":
        return "APP_PROTECTED"
    return "SUCCESS" if package in phone["apps"] else "APP_NOT_FOUND"


def _start_lost(phone: Phone, command: dict[str, Any]) -> Outcome:
    if phone["owner"] != "COMPANY_OWNED":
        return _mode("START_LOST_MODE")
    status = "ALREADY_IN_LOST_MODE" if phone["lost"] else "SUCCESS"
    phone["lost"] = True
    text = "" if status == "SUCCESS" else "The device is in lost mode already."
    return Outcome(text=text, status={"startLostModeStatus": {"status": status}})


def _stop_lost(phone: Phone, command: dict[str, Any]) -> Outcome:
    if phone["owner"] != "COMPANY_OWNED":
        return _mode("STOP_LOST_MODE")
    status = "SUCCESS" if phone["lost"] else "NOT_IN_LOST_MODE"
    phone["lost"] = False
    text = "" if status == "SUCCESS" else "The device is not in lost mode."
    return Outcome(text=text, status={"stopLostModeStatus": {"status": status}})


def _info(phone: Phone, command: dict[str, Any]) -> Outcome:
    """Somebody's own device asks its user first."""
    if phone["owner"] == "PERSONALLY_OWNED" and not phone["consents"]:
        return Outcome(text="The user declined.", status={"requestDeviceInfoStatus": {"status": "USER_DECLINED"}})
    if not phone["eid"]:
        return Outcome("UNSUPPORTED", "There is no eUICC.", {"requestDeviceInfoStatus": {"status": "UNSUPPORTED"}})
    eids = {"eids": [{"eid": phone["eid"]}]}
    return Outcome(status={"requestDeviceInfoStatus": {"status": "SUCCEEDED", "eidInfo": eids}})


def _esim(phone: Phone, command: dict[str, Any]) -> Outcome:
    if phone["api"] < 35:
        return Outcome("API_LEVEL", "eSIM commands need Android 15.")
    return Outcome(status={"esimStatus": {"status": "SUCCESS"}})


def _locate(world: World, phone: Phone) -> None:
    """A device in lost mode tells where it is."""
    at = world.clock.stamp()
    place = {"location": {"latitude": 52.5163, "longitude": 13.3777}, "batteryLevel": int(phone["battery"])}
    event = {"eventType": "LOST_MODE_LOCATION", "eventId": world.digits(18), "eventTime": at,
             "lostModeLocationEvent": place}  # fmt: skip
    batch = {"device": phone["device"], "retrievalTime": at, "usageLogEvents": [event]}
    notify(world, phone["device"], "USAGE_LOGS", batch)


ACTIONS: dict[str, Callable[[Phone, dict[str, Any]], Outcome]] = {
    "LOCK": _lock, "RESET_PASSWORD": _reset_password, "REBOOT": _reboot, "RELINQUISH_OWNERSHIP": _relinquish,
    "CLEAR_APP_DATA": _clear, "START_LOST_MODE": _start_lost, "STOP_LOST_MODE": _stop_lost, "ADD_ESIM": _esim,
    "REMOVE_ESIM": _esim, "REQUEST_DEVICE_INFO": _info, "WIPE": _wipe,
}  # fmt: skip
