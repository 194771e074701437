"""How Google says that a command to a device went (admin.directory_v1: DirectoryChromeosdevicesCommand).

Executed is not done: the result says whether it was. A session's address goes into the command's result, which is for
whoever may read commands, and not into escrow: Google opens it to one account only, the administrator in whose name it
was asked for, and it ends with the session. Links to screenshots and logs are Google's too and open to its
administrators only.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.core.delivery import Outcome
from chalicelib.core.house import House
from chalicelib.model.command import CommandState
from chalicelib.platforms.chromeos import directory, words
from chalicelib.platforms.chromeos.reported import File, https
from chalicelib.platforms.chromeos.words import LONGEST_NAME

DONE = "EXECUTED_BY_CLIENT"
ENDED: Mapping[str, tuple[CommandState, str]] = {
    "EXPIRED": (CommandState.EXPIRED, "The device did not come for it in time; Google gave it up."),
    "CANCELLED": (CommandState.CANCELLED, "It was cancelled at Google before the device came for it."),
}
FAILURES: Mapping[str, str] = {
    "IGNORED": "The device ignored it as overtaken",
    "FAILURE": "The device could not do it",
}
DETAILS: Mapping[str, str] = {
    "REMOTE_POWERWASH": "The device erases itself. It enrolls again by itself where Google forces it to; else by hand.",
    "WIPE_USERS": "All users and their data were removed; the device stays enrolled.",
}
SLACK = 300  # seconds that clocks of devices may be apart from Google's


def read(house: House, device_id: str, said: Mapping[str, Any]) -> Outcome | None:
    """None while it is under way, and for a state that we do not know."""
    state = words.text(said, "state", LONGEST_NAME)
    if state in ENDED:
        return Outcome(*ENDED[state])
    return _executed(house, device_id, said) if state == DONE else None


def _executed(house: House, device_id: str, said: Mapping[str, Any]) -> Outcome:
    told, kind = words.part(said, "commandResult"), words.text(said, "type", LONGEST_NAME)
    result = words.text(told, "result", LONGEST_NAME)
    if result != "SUCCESS":
        start = FAILURES.get(result, "The device did not say whether it did it")
        reason = words.text(told, "errorMessage", 300)
        return Outcome(CommandState.FAILED, f"{start}: {reason}" if reason else f"{start}.")
    reader = _READERS.get(kind)
    found = reader(house, device_id, said) if reader else {}
    return Outcome(CommandState.ACKNOWLEDGED, DETAILS.get(kind, ""), found)


def _payload(said: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        told = json.loads(words.part(said, "commandResult").get("commandResultPayload", ""))
    except (ValueError, TypeError, RecursionError):
        return {}
    return told if isinstance(told, Mapping) else {}


def _session(house: House, device_id: str, said: Mapping[str, Any]) -> dict[str, Any]:
    return words.told(url=https(words.text(_payload(said), "url", 2048)))


def _availability(house: House, device_id: str, said: Mapping[str, Any]) -> dict[str, Any]:
    told = _payload(said)
    return words.told(
        idle_seconds=words.whole(told, "deviceIdleTimeInSeconds"),
        user_session=words.text(told, "userSessionType", LONGEST_NAME),
        shared=words.text(told, "remoteSupportAvailability", LONGEST_NAME),
        private=words.text(told, "remoteAccessAvailability", LONGEST_NAME),
    )


def _screenshot(house: House, device_id: str, said: Mapping[str, Any]) -> dict[str, Any]:
    return _files(directory.device(house, device_id).screenshots, said)


def _logs(house: House, device_id: str, said: Mapping[str, Any]) -> dict[str, Any]:
    return _files(directory.device(house, device_id).files, said)


def _files(files: tuple[File, ...], said: Mapping[str, Any]) -> dict[str, Any]:
    """What was uploaded since the command was issued; the device names no file in its answer."""
    since = words.moment(said, "issueTime") - SLACK
    fresh = [words.told(name=file.name, type=file.kind, url=file.url) for file in files if file.created_at >= since]
    return {"files": fresh} if fresh else {}


_READERS: Mapping[str, Callable[[House, str, Mapping[str, Any]], dict[str, Any]]] = {
    "DEVICE_START_CRD_SESSION": _session,
    "FETCH_CRD_AVAILABILITY_INFO": _availability,
    "TAKE_A_SCREENSHOT": _screenshot,
    "CAPTURE_LOGS": _logs,
    "FETCH_SUPPORT_PACKET": _logs,
}
