"""Devices as the server knows them: pages of at most 100, two fields to change, and 404 at once after deletion."""

from __future__ import annotations

from typing import Any

from tests.google import masks
from tests.google.android.enrollment import policy_name
from tests.google.android.enterprises import enterprise, of
from tests.google.errors import absent, invalid
from tests.google.pages import listed, page
from tests.google.service import Call
from tests.google.world import World

CHANGEABLE = ("policyName", "state", "disabledReason")
STATES = ("ACTIVE", "DISABLED")
REASON_MOST = 200
MOST = 100


def device(world: World, call: Call) -> dict[str, Any]:
    enterprise(world, of(call.args["name"]), call.caller)
    found: dict[str, Any] | None = world.table("devices").get(call.args["name"])
    if found is None:
        raise absent()
    return found


def list_all(world: World, call: Call) -> dict[str, Any]:
    parent = call.args["parent"]
    enterprise(world, parent, call.caller)
    mine = [one for name, one in world.table("devices").items() if name.startswith(f"{parent}/")]
    return listed("devices", page(mine, call.query, 10, MOST, key=lambda one: str(one["name"])))


def patch(world: World, call: Call) -> dict[str, Any]:
    """Other fields of the body are ignored, as they are read-only; a mask may not name them."""
    found = device(world, call)
    mask = call.query.get("updateMask") or ",".join(name for name in CHANGEABLE if name in call.body)
    wanted = masks.applied(found, call.body, mask, lambda path: path.split(".")[0] in CHANGEABLE)
    if wanted.get("state") != found.get("state") and wanted.get("state") not in STATES:
        raise invalid("state: ACTIVE and DISABLED are the only allowable values.")
    if "policyName" in masks.paths(mask):
        wanted["policyName"] = policy_name(of(found["name"]), wanted.get("policyName") or "default")
        if wanted["policyName"] not in world.table("policies"):
            raise invalid(f"Policy {wanted['policyName']} does not exist.")
    found.clear()
    found.update(wanted)
    return dict(found)


def delete(world: World, call: Call) -> dict[str, Any]:
    """The record goes now; the wipe happens if and when the device hears of it."""
    found = device(world, call)
    if len(call.query.get("wipeReasonMessage", "")) > REASON_MOST:
        raise invalid("wipeReasonMessage has a maximum length of 200 characters.")
    del world.table("devices")[found["name"]]
    world.table("leaving")[found["name"]] = {"resource": found, "flags": call.query.get("wipeDataFlags", [])}
    return {}


HANDLERS = {
    "enterprises.devices.get": device, "enterprises.devices.list": list_all, "enterprises.devices.patch": patch,
    "enterprises.devices.delete": delete,
}  # fmt: skip
