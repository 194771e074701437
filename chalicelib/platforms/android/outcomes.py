"""What an Operation amounts to for our command (Android Management API, `enterprises.devices.operations`). Pure.

A command is done when its operation is, not when Google took it.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.delivery import Outcome
from chalicelib.model.command import CommandState
from chalicelib.platforms.reading import tidy

Json = Mapping[str, Any]

ENDS: Mapping[str, str] = {"WIPE": "erased", "RELINQUISH_OWNERSHIP": "relinquished"}  # request type → why it left
CANCELLED, EXPIRED = 1, 4  # google.rpc.Code
MEANINGS = {
    "API_LEVEL": "The Android version of the device cannot do it.",
    "MANAGEMENT_MODE": "The way that the device is managed does not allow it.",
    "INVALID_VALUE": "The device refused a value of the command.",
    "UNSUPPORTED": "The device does not support it.",
}
FINE = frozenset({"", "SUCCESS", "SUCCEEDED", "STATUS_UNSPECIFIED", "IN_PROGRESS"})
STATUSES = ("startLostModeStatus", "stopLostModeStatus", "requestDeviceInfoStatus", "esimStatus")
LOST_MODE = {
    "RESET_PASSWORD_RECENTLY": "The password was reset less than 12 hours ago.",
    "USER_EXIT_LOST_MODE_RECENTLY": "The user ended lost mode less than 12 hours ago.",
    "ALREADY_IN_LOST_MODE": "The device is in lost mode already.",
    "NOT_IN_LOST_MODE": "The device is not in lost mode.",
    "USER_DECLINED": "The user declined.",
}


def outcome(operation: Json) -> Outcome | None:
    """None while it is under way. The message of Google is not kept: it may repeat what was sent."""
    if operation.get("done") is not True:
        return None
    told, error = _object(operation.get("metadata")), _object(operation.get("error"))
    if error:
        return _failed(error, told)
    for name in STATUSES:
        said = _object(told.get(name)).get("status", "")
        if said not in FINE:
            return Outcome(CommandState.FAILED, LOST_MODE.get(said, f"The device answered {tidy(str(said), 64)}."))
    return Outcome(CommandState.ACKNOWLEDGED, result=_result(told))


def _failed(error: Json, told: Json) -> Outcome:
    code, said = error.get("code"), told.get("errorCode", "")
    if code == EXPIRED:
        return Outcome(CommandState.EXPIRED, "The device did not answer in time.")
    if code == CANCELLED:
        return Outcome(CommandState.CANCELLED, "It was cancelled at Google.")
    reason = MEANINGS.get(said) if isinstance(said, str) else None
    return Outcome(CommandState.FAILED, reason or f"The device reported an error (code {tidy(str(code), 16)}).")


def _result(told: Json) -> dict[str, Any]:
    """What a device answered with: the ids of its eSIM chips, which apps were cleared."""
    chips = _object(_object(told.get("requestDeviceInfoStatus")).get("eidInfo")).get("eids", [])
    found = [tidy(str(each.get("eid", "")), 64) for each in chips if isinstance(each, dict)]
    cleared = _object(_object(told.get("clearAppsDataStatus")).get("results"))
    results = {
        tidy(app, 256): tidy(str(_object(one).get("clearingResult", "")), 64)
        for app, one in list(cleared.items())[:100]
    }
    return {name: value for name, value in (("eids", found), ("apps", results)) if value}


def _object(found: object) -> Json:
    return found if isinstance(found, dict) else {}
