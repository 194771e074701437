"""Enrollment tokens: an hour of life unless told otherwise, once only if asked, gone when deleted."""

from __future__ import annotations

import json
from typing import Any

from tests.google.android.enterprises import enterprise, of
from tests.google.clock import moment
from tests.google.errors import absent, invalid
from tests.google.pages import listed, page
from tests.google.service import Call
from tests.google.world import World

EXTRAS = "android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE"
TOKEN = "com.google.android.apps.work.clouddpc.EXTRA_ENROLLMENT_TOKEN"
COMPONENT = "android.app.extra.PROVISIONING_DEVICE_ADMIN_COMPONENT_NAME"
CHECKSUM = "android.app.extra.PROVISIONING_DEVICE_ADMIN_SIGNATURE_CHECKSUM"
DOWNLOAD = "android.app.extra.PROVISIONING_DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION"
PROVISIONING = {
    COMPONENT: "com.google.android.apps.work.clouddpc/.receivers.CloudDeviceAdminReceiver",
    CHECKSUM: "I5YvS0O5hXY46mb01BlRjq4oJJGs2kuUcHvVkAPEXlg",
    DOWNLOAD: "https://play.google.com/managed/downloadManagingApp?identifier=setup",
}
SHOWN = ("name", "expirationTimestamp", "allowPersonalUsage", "value", "qrCode")
DATA_MOST = 1024
SHORTEST = 60.0
LONGEST = 315_360_000_000.0  # about 10,000 years; what goes beyond is cut to the last timestamp there is
LAST = 253_402_300_799.0


def create(world: World, call: Call) -> dict[str, Any]:
    parent = call.args["parent"]
    enterprise(world, parent, call.caller)
    if len(call.body.get("additionalData", "")) > DATA_MOST:
        raise invalid("additionalData must be 1024 characters or less.")
    duration = call.body.get("duration", "3600s")
    if not SHORTEST <= float(duration[:-1]) <= LONGEST:
        raise invalid("duration must be at least one minute.")
    value = world.letters(20)
    made: dict[str, Any] = {
        "name": f"{parent}/enrollmentTokens/{world.letters(43)}", "value": value, "duration": duration,
        "expirationTimestamp": world.clock.stamp(min(world.clock.now() + float(duration[:-1]), LAST)),
        "qrCode": json.dumps(PROVISIONING | {EXTRAS: {TOKEN: value}}, separators=(",", ":")),
    }  # fmt: skip
    for name in ("oneTimeOnly", "additionalData", "allowPersonalUsage", "googleAuthenticationOptions"):
        if name in call.body:
            made[name] = call.body[name]
    made["policyName"] = policy_name(parent, call.body.get("policyName") or "default")
    world.table("enrollment_tokens")[made["name"]] = made
    return made


def policy_name(parent: str, given: str) -> str:
    """A bare policy id is completed; a name of another enterprise is refused."""
    full = given if "/" in given else f"{parent}/policies/{given}"
    if not full.startswith(f"{parent}/policies/"):
        raise invalid("policyName must name a policy of the enterprise.")
    return full


def get(world: World, call: Call) -> dict[str, Any]:
    enterprise(world, of(call.args["name"]), call.caller)
    token = world.table("enrollment_tokens").get(call.args["name"])
    if token is None or not alive(world, token):
        raise absent()
    return {name: token[name] for name in SHOWN if name in token}


def list_all(world: World, call: Call) -> dict[str, Any]:
    parent = call.args["parent"]
    enterprise(world, parent, call.caller)
    mine = [one for one in world.table("enrollment_tokens").values() if of(one["name"]) == parent and alive(world, one)]
    found, token = page(mine, call.query, 10, 100, key=lambda one: str(one["name"]))
    return listed("enrollmentTokens", ([{name: one[name] for name in SHOWN if name in one} for one in found], token))


def delete(world: World, call: Call) -> dict[str, Any]:
    enterprise(world, of(call.args["name"]), call.caller)
    if world.table("enrollment_tokens").pop(call.args["name"], None) is None:
        raise absent()
    return {}


def alive(world: World, token: dict[str, Any]) -> bool:
    used = token.get("oneTimeOnly") and token["name"] in world.table("used_tokens")
    return not used and moment(token["expirationTimestamp"]) > world.clock.now()


def redeem(world: World, value: str) -> dict[str, Any]:
    """The token of this value, as a device presents it; a one-time token is good no more afterwards."""
    found = [one for one in world.table("enrollment_tokens").values() if one["value"] == value]
    if not found or not alive(world, found[0]):
        raise invalid("The enrollment token is not known, has expired, or was used.")
    world.table("used_tokens")[found[0]["name"]] = world.clock.stamp()
    return dict(found[0])


HANDLERS = {
    "enterprises.enrollmentTokens.create": create, "enterprises.enrollmentTokens.get": get,
    "enterprises.enrollmentTokens.list": list_all, "enterprises.enrollmentTokens.delete": delete,
}  # fmt: skip
