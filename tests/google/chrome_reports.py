"""What Google counts over the fleet (chromemanagement.v1: customers.reports), counted from the simulated devices."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.google import chrome_devices
from tests.google.chrome_units import ours
from tests.google.errors import invalid
from tests.google.pages import listed, page
from tests.google.service import Call
from tests.google.world import World

MONTHS = ("JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER",
          "NOVEMBER", "DECEMBER")  # fmt: skip
ORDERS = ("app_name", "app_type", "install_type", "number_of_permissions", "total_install_count", "app_id",
          "manifest_versions", "risk_score")  # fmt: skip


def _devices(world: World, call: Call) -> list[dict[str, Any]]:
    ours(call)
    unit = call.query.get("orgUnitId")
    devices = [held["device"] for held in chrome_devices.table(world).values()]
    managed = [device for device in devices if device["status"] in chrome_devices.MANAGED]
    return [device for device in managed if unit in (None, device["orgUnitId"])]


def versions(world: World, call: Call) -> dict[str, Any]:
    counted = Counter(device["osVersion"] for device in _devices(world, call))
    rows = [{"version": version, "count": str(count), "channel": "STABLE", "system": "SYSTEM_CROS"}
            for version, count in sorted(counted.items())]  # fmt: skip
    return listed("browserVersions", page(rows, call.query, 100, 1000)) | {"totalSize": len(rows)}


def apps(world: World, call: Call) -> dict[str, Any]:
    if call.query.get("orderBy", "").split(" ")[0] not in ("", *ORDERS):
        raise invalid("orderBy: no such field.")
    users = sum(len(device["recentUsers"]) for device in _devices(world, call))
    row = {"appId": "aohghmighlieiainnegkcijnfilokake", "displayName": "Docs", "appType": "EXTENSION",
           "osUserCount": str(users), "permissions": ["storage"]}  # fmt: skip
    rows = [row] if users else []
    return listed("installedApps", page(rows, call.query, 100, 1000)) | {"totalSize": len(rows)}


def ends_of_updates(world: World, call: Call) -> dict[str, Any]:
    first, last = call.query.get("minAueDate", ""), call.query.get("maxAueDate", "9999")
    counted = Counter((device["model"], device["autoUpdateThrough"][:7]) for device in _devices(world, call)
                      if first <= device["autoUpdateThrough"] <= last)  # fmt: skip
    rows = [
        {"model": model, "aueYear": month[:4], "aueMonth": MONTHS[int(month[5:]) - 1], "count": str(count),
         "expired": month < world.clock.stamp()[:7]}
        for (model, month), count in sorted(counted.items())
    ]  # fmt: skip
    return {"deviceAueCountReports": rows} if rows else {}


HANDLERS = {
    "chromemanagement.customers.reports.countChromeVersions": versions,
    "chromemanagement.customers.reports.countInstalledApps": apps,
    "chromemanagement.customers.reports.countChromeDevicesReachingAutoExpirationDate": ends_of_updates,
}
