"""What Chromebooks measured (chromemanagement.v1: customers.telemetry.devices): only what the read mask names."""

from __future__ import annotations

import re
from typing import Any

from tests.google import chrome_devices, chrome_reports
from tests.google.chrome_units import CUSTOMER, ours
from tests.google.clock import moment
from tests.google.errors import absent, invalid
from tests.google.pages import listed, page
from tests.google.service import Call, Service
from tests.google.world import World

# As the methods document them.
PATHS = frozenset({
    "name", "org_unit_id", "device_id", "serial_number", "cpu_info", "cpu_status_report", "memory_info",
    "memory_status_report", "network_info", "network_diagnostics_report", "network_status_report", "os_update_status",
    "graphics_info", "graphics_status_report", "battery_info", "battery_status_report", "storage_info",
    "storage_status_report", "thunderbolt_info", "audio_status_report", "boot_performance_report",
    "heartbeat_status_report", "network_bandwidth_report", "peripherals_report", "kiosk_app_status_report",
    "app_report", "runtime_counters_report",
})  # fmt: skip


def measured(held: dict[str, Any]) -> dict[str, Any]:
    device, sim = held["device"], held["sim"]
    at, disk = device["lastSync"], device["diskSpaceUsage"]
    free = str(int(disk["capacityBytes"]) - int(disk["usedBytes"]))
    found: dict[str, Any] = {
        "name": f"customers/{CUSTOMER}/telemetry/devices/{device['deviceId']}",
        "customer": CUSTOMER,
        "orgUnitId": device["orgUnitId"],
        "deviceId": device["deviceId"],
        "serialNumber": device["serialNumber"],
        "cpuInfo": [{"model": device["cpuInfo"][0]["model"], "architecture": "X64", "maxClockSpeed": 4200000}],
        "memoryInfo": {
            "totalRamBytes": device["systemRamTotal"],
            "availableRamBytes": str(3 * 2**30),
            "totalMemoryEncryption": {"encryptionState": "MEMORY_ENCRYPTION_STATE_DISABLED"},
        },
        "memoryStatusReport": [{"reportTime": at, "systemRamFreeBytes": str(2 * 2**30)}],
        "networkInfo": {"networkDevices": [{"type": "WIFI_DEVICE", "macAddress": device["macAddress"]}]},
        "osUpdateStatus": [{"updateState": "OS_IMAGE_DOWNLOAD_NOT_STARTED", "lastRebootTime": at}],
        "batteryInfo": [{"designCapacity": "4000", "technology": "Li-ion"}],
        "batteryStatusReport": [
            {"reportTime": at, "batteryHealth": "BATTERY_HEALTH_NORMAL", "cycleCount": 120,
             "sample": [{"reportTime": at, "chargeRate": 83, "status": "Discharging"}]},
            {"reportTime": "2020-01-01T00:00:00.000Z", "batteryHealth": "BATTERY_REPLACE_NOW"},
        ],
        "storageInfo": {"totalDiskBytes": disk["capacityBytes"], "availableDiskBytes": free},
        "storageStatusReport": [
            {"reportTime": at, "disk": [{"model": "KBG40ZNS256G", "type": "NVMe", "sizeBytes": "256060514304"}]}
        ],
        "appReport": [{"reportTime": at, "usageData": [{"appId": "who-uses-what", "appType": "TYPE_WEB"}]}],
    }  # fmt: skip
    if sim["kiosk"]:
        kiosk = {"appId": "mdmkkicfmmkgmpkmkdikhlbggogpicma", "appVersion": "1.10.118", "reportTime": at}
        found["kioskAppStatusReport"] = [kiosk]
    return found | sim.get("measured", {})


def masked(said: dict[str, Any], call: Call) -> dict[str, Any]:
    paths = [path for path in call.query.get("readMask", "").split(",") if path]
    if not paths:
        raise invalid("read_mask is required.")
    if unknown := [path for path in paths if _snake(path.split(".")[0]) not in PATHS]:
        raise invalid(f"Invalid read_mask path: {unknown[0]}")
    wanted = {_snake(path.split(".")[0]) for path in paths}
    return {name: value for name, value in said.items() if _snake(name) in wanted}


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: "_" + found.group(1).lower(), name)


def list_devices(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    masked({}, call)
    found = [measured(held) for held in chrome_devices.table(world).values() if _reports(world, held, call)]
    items, token = page(found, call.query, 100, 1000, key=lambda said: said["deviceId"])
    return listed("devices", ([masked(said, call) for said in items], token))


def _reports(world: World, held: dict[str, Any], call: Call) -> bool:
    if not held["sim"]["telemetry"]:
        return False
    for term in re.split(r"\s+AND\s+", call.query.get("filter", "")):
        if match := re.fullmatch(r"reports_timestamp\s*>=\s*([0-9]+)", term):
            if moment(held["device"]["lastSync"]) * 1000 < int(match.group(1)):
                return False
        elif match := re.fullmatch(r"(device_id|serial_number|org_unit_id)\s*=\s*\"?([^\"]+)\"?", term):
            name = {"device_id": "deviceId", "serial_number": "serialNumber", "org_unit_id": "orgUnitId"}[
                match.group(1)
            ]
            if held["device"][name] != match.group(2):
                return False
        elif term:
            raise invalid("Invalid filter.")
    return True


def get_device(world: World, call: Call) -> dict[str, Any]:
    customer, _, device_id = call.args["name"].partition("/telemetry/devices/")
    ours(Call(call.method, {"customer": customer}, call.query, call.body, call.caller))
    held = chrome_devices.known(world, device_id)
    if not held["sim"]["telemetry"]:
        raise absent()
    return masked(measured(held), call)


SERVICES = (
    Service(
        "chromemanagement.googleapis.com",
        "chromemanagement.v1",
        {
            "chromemanagement.customers.telemetry.devices.list": list_devices,
            "chromemanagement.customers.telemetry.devices.get": get_device,
            **chrome_reports.HANDLERS,
        },
        delegated=True,
    ),
)
