"""Commands and their Operations: issued, waiting for the device for ten minutes, done, failed, cancelled or expired."""

from __future__ import annotations

import copy
from typing import Any

from tests.google.android.devices import device
from tests.google.android.enterprises import enterprise, notify, of
from tests.google.errors import absent, invalid
from tests.google.pages import listed, page
from tests.google.service import Call
from tests.google.world import World

KIND = "type.googleapis.com/google.android.devicemanagement.v1.Command"
PARAMS = {
    "clearAppsDataParams": "CLEAR_APP_DATA", "startLostModeParams": "START_LOST_MODE",
    "stopLostModeParams": "STOP_LOST_MODE", "addEsimParams": "ADD_ESIM", "removeEsimParams": "REMOVE_ESIM",
    "requestDeviceInfoParams": "REQUEST_DEVICE_INFO", "wipeParams": "WIPE",
}  # fmt: skip
NEEDED = ("CLEAR_APP_DATA", "START_LOST_MODE", "ADD_ESIM", "REMOVE_ESIM", "REQUEST_DEVICE_INFO")
SERVERS = ("createTime", "userName", "errorCode")
DEFAULT = "600s"
REASON_MOST = 200
CANCELLED, DEADLINE_EXCEEDED, FAILED_PRECONDITION = 1, 4, 9  # google.rpc.Code


def issue(world: World, call: Call) -> dict[str, Any]:
    target = device(world, call)
    command = {name: value for name, value in call.body.items() if name not in SERVERS}
    command["type"] = _type(command)
    _judge(command)
    command.setdefault("duration", DEFAULT)
    command["createTime"] = world.clock.stamp()
    if target.get("userName"):
        command["userName"] = target["userName"]
    name = f"{target['name']}/operations/{world.digits(19)}"
    resource = {"name": name, "metadata": {"@type": KIND} | command}
    ends = world.clock.now() + float(command["duration"][:-1])
    world.table("operations")[name] = {"resource": resource, "ends": ends}
    world.table("queues").setdefault(target["name"], []).append(name)
    return dict(resource)


def get(world: World, call: Call) -> dict[str, Any]:
    enterprise(world, of(call.args["name"]), call.caller)
    expire(world, call.args["name"].rpartition("/operations/")[0])
    record = world.table("operations").get(call.args["name"])
    if record is None:
        raise absent()
    return dict(record["resource"])


def list_all(world: World, call: Call) -> dict[str, Any]:
    parent = call.args["name"].removesuffix("/operations")
    enterprise(world, of(parent), call.caller)
    if parent not in world.table("devices"):
        raise absent()
    expire(world, parent)
    mine = [one["resource"] for name, one in world.table("operations").items() if name.startswith(parent + "/")]
    return listed("operations", page(mine, call.query, 10, 100, key=lambda one: str(one["name"])))


def cancel(world: World, call: Call) -> dict[str, Any]:
    """Too late is no error: the operation stays as it ended."""
    found = get(world, call)
    if not found.get("done"):
        finish(world, found["name"], error=(CANCELLED, "The operation was cancelled."))
    return {}


def finish(
    world: World,
    name: str,
    *,
    error: tuple[int, str] | None = None,
    code: str = "",
    status: dict[str, Any] | None = None,
) -> None:
    """Ends an operation: with an error, or a command's own status; COMMAND is told."""
    resource = world.table("operations")[name]["resource"]
    world.table("queues")[name.rpartition("/operations/")[0]].remove(name)
    resource["done"] = True
    resource["metadata"] |= (status or {}) | ({"errorCode": code} if code else {})
    if error:
        resource["error"] = {"code": error[0], "message": error[1]}
    else:
        resource["response"] = copy.deepcopy(resource["metadata"])
    notify(world, name, "COMMAND", resource)


def expire(world: World, device_name: str = "") -> None:
    """What no device took in time; of one device or of all."""
    now, rows = world.clock.now(), world.table("operations")
    queues = world.table("queues")
    for name in [name for one in ([device_name] if device_name else list(queues)) for name in queues.get(one, [])]:
        if name in rows and rows[name]["ends"] <= now:
            finish(world, name, error=(DEADLINE_EXCEEDED, "The command expired before the device executed it."))


def waiting(world: World, device_name: str) -> list[str]:
    """The names of what a device still has to do, oldest first."""
    expire(world, device_name)
    return list(world.table("queues").get(device_name, []))


def _type(command: dict[str, Any]) -> str:
    given = [name for name in PARAMS if name in command]
    if len(given) > 1:
        raise invalid(f"Only one of {', '.join(given)} can be set.")
    kind = command.get("type") or (PARAMS[given[0]] if given else "")
    if kind in ("", "COMMAND_TYPE_UNSPECIFIED"):
        raise invalid("type must be set.")
    if given and PARAMS[given[0]] != kind:
        raise invalid(f"{given[0]} cannot be set for commands of type {kind}.")
    if not given and kind in NEEDED:
        raise invalid(f"Parameters must be set for commands of type {kind}.")
    return str(kind)


def _judge(command: dict[str, Any]) -> None:
    if command["type"] != "RESET_PASSWORD" and ("newPassword" in command or "resetPasswordFlags" in command):
        raise invalid("newPassword and resetPasswordFlags can only be set for commands of type RESET_PASSWORD.")
    if float(command.get("duration", DEFAULT)[:-1]) <= 0:
        raise invalid("duration must be positive.")
    if command["type"] == "CLEAR_APP_DATA" and not command["clearAppsDataParams"].get("packageNames"):
        raise invalid("clearAppsDataParams.packageNames must not be empty.")
    if command["type"] == "REQUEST_DEVICE_INFO" and command["requestDeviceInfoParams"].get("deviceInfo") != "EID":
        raise invalid("requestDeviceInfoParams.deviceInfo must be set.")
    if command["type"] == "START_LOST_MODE":
        _judge_lost(command["startLostModeParams"])
    reason = command.get("wipeParams", {}).get("wipeReason")
    if reason is not None and not 0 < len(reason.get("defaultMessage", "")) <= REASON_MOST:
        raise invalid("wipeParams.wipeReason must have a default message of at most 200 characters.")


def _judge_lost(params: dict[str, Any]) -> None:
    if not params.get("lostOrganization", {}).get("defaultMessage"):
        raise invalid("startLostModeParams.lostOrganization must be set.")
    if not {"lostPhoneNumber", "lostEmailAddress", "lostStreetAddress", "lostMessage"} & set(params):
        raise invalid("startLostModeParams needs a message or a way to reach the owner.")


HANDLERS = {
    "enterprises.devices.issueCommand": issue, "enterprises.devices.operations.get": get,
    "enterprises.devices.operations.list": list_all, "enterprises.devices.operations.cancel": cancel,
}  # fmt: skip
