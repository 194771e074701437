"""Web tokens for Google's iframes, web apps, and what the Play store knows of an app."""

from __future__ import annotations

import copy
from typing import Any

from tests.google.android.enterprises import changed, enterprise, of
from tests.google.errors import absent, invalid
from tests.google.pages import listed, page
from tests.google.service import Call
from tests.google.world import World

STORE = {
    "com.google.android.gm": "Gmail",
    "com.android.chrome": "Google Chrome",
    "com.google.android.apps.docs": "Google Drive",
    "com.slack": "Slack",
    "com.microsoft.teams": "Microsoft Teams",
    "org.mozilla.firefox": "Firefox",
}


def create_token(world: World, call: Call) -> dict[str, Any]:
    enterprise(world, call.args["parent"], call.caller)
    if not call.body.get("parentFrameUrl", "").startswith("https://"):
        raise invalid("parentFrameUrl must use the https scheme.")
    kept = {name: call.body[name] for name in ("parentFrameUrl", "enabledFeatures", "permissions") if name in call.body}
    return kept | {"name": f"{call.args['parent']}/webTokens/{world.letters(20)}", "value": world.letters(80)}


def create_app(world: World, call: Call) -> dict[str, Any]:
    parent = call.args["parent"]
    enterprise(world, parent, call.caller)
    if not call.body.get("title") or not call.body.get("startUrl", "").startswith(("https://", "http://")):
        raise invalid("title and startUrl must be set.")
    name = f"{parent}/webApps/com.google.enterprise.webapp.x{world.letters(16).lower()}"
    made = {key: value for key, value in call.body.items() if key not in FIXED}
    world.table("web_apps")[name] = made | {"name": name, "versionCode": "1"}
    return dict(world.table("web_apps")[name])


FIXED = ("name", "versionCode")


def get_app(world: World, call: Call) -> dict[str, Any]:
    enterprise(world, of(call.args["name"]), call.caller)
    found: dict[str, Any] | None = world.table("web_apps").get(call.args["name"])
    if found is None:
        raise absent()
    return found


def list_apps(world: World, call: Call) -> dict[str, Any]:
    enterprise(world, call.args["parent"], call.caller)
    mine = [one for name, one in world.table("web_apps").items() if name.startswith(call.args["parent"] + "/")]
    return listed("webApps", page(mine, call.query, 10, 100, key=lambda one: str(one["name"])))


def patch_app(world: World, call: Call) -> dict[str, Any]:
    old = copy.deepcopy(get_app(world, call))
    fresh = changed(old, call, "WebApp", FIXED) | {"versionCode": str(int(old["versionCode"]) + 1)}
    world.table("web_apps")[old["name"]] = fresh
    return fresh


def delete_app(world: World, call: Call) -> dict[str, Any]:
    del world.table("web_apps")[get_app(world, call)["name"]]
    return {}


def application(world: World, call: Call) -> dict[str, Any]:
    """Apps that the table `store` adds are known beside the usual ones."""
    enterprise(world, of(call.args["name"]), call.caller)
    package = call.args["name"].rsplit("/", 1)[1]
    title = (STORE | world.table("store")).get(package)
    if title is None:
        raise absent()
    return {
        "name": call.args["name"], "title": title, "distributionChannel": "PUBLIC_GOOGLE_HOSTED", "appPricing": "FREE",
        "minAndroidSdkVersion": 28, "author": "A developer", "updateTime": world.clock.stamp(),
        "playStoreUrl": f"https://play.google.com/store/apps/details?id={package}",
        "managedProperties": [{"key": "allowed_accounts", "type": "STRING", "title": "Allowed accounts"}],
        "permissions": [{"permissionId": "android.permission.CAMERA", "name": "Camera"}],
    }  # fmt: skip


HANDLERS = {
    "enterprises.webTokens.create": create_token, "enterprises.webApps.create": create_app,
    "enterprises.webApps.get": get_app, "enterprises.webApps.list": list_apps, "enterprises.webApps.patch": patch_app,
    "enterprises.webApps.delete": delete_app, "enterprises.applications.get": application,
}  # fmt: skip
