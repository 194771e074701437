"""A Chromebook as it measured itself (chromemanagement.v1: TelemetryDevice); where an administrator switched that on.

Asked for is what belongs to the machine. Which apps were used and which networks were seen is not asked for: it tells
about people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.platforms.chromeos import words
from chalicelib.platforms.chromeos.words import LONGEST_NAME

# Google demands a mask; the paths are those that the method documents.
READ_MASK = ",".join((
    "name", "org_unit_id", "device_id", "serial_number", "cpu_info", "memory_info", "memory_status_report",
    "network_info", "os_update_status", "battery_info", "battery_status_report", "storage_info",
    "storage_status_report", "kiosk_app_status_report", "boot_performance_report",
))  # fmt: skip
ENCRYPTED_MEMORY = frozenset({"MEMORY_ENCRYPTION_STATE_TME", "MEMORY_ENCRYPTION_STATE_MKTME"})


@dataclass(frozen=True, slots=True)
class Measured:
    """Empty is what was not measured; -1 for a battery that is not there."""

    device_id: str
    serial: str = ""
    cpu: str = ""
    memory_total: int = 0
    memory_free: int = 0
    memory_encrypted: bool | None = None
    disk_total: int = 0
    disk_free: int = 0
    disks: tuple[Mapping[str, Any], ...] = ()
    battery: float = -1.0
    battery_health: str = ""
    battery_cycles: int = 0
    networks: tuple[Mapping[str, Any], ...] = ()
    update_state: str = ""
    updating_to: str = ""
    rebooted_at: int = 0
    updated_at: int = 0
    kiosk_app: str = ""
    kiosk_app_version: str = ""


def read(said: Mapping[str, Any]) -> Measured:
    memory, storage = words.part(said, "memoryInfo"), words.part(said, "storageInfo")
    battery = newest(said, "batteryStatusReport")
    update, kiosk = newest(said, "osUpdateStatus"), newest(said, "kioskAppStatusReport")
    return Measured(
        device_id=words.text(said, "deviceId"),
        serial=words.text(said, "serialNumber", LONGEST_NAME).upper(),
        cpu=next((words.text(each, "model", LONGEST_NAME) for each in words.parts(said, "cpuInfo", 1)), ""),
        memory_total=words.whole(memory, "totalRamBytes") or 0,
        memory_free=words.whole(newest(said, "memoryStatusReport"), "systemRamFreeBytes") or 0,
        memory_encrypted=_memory_encrypted(words.part(memory, "totalMemoryEncryption")),
        disk_total=words.whole(storage, "totalDiskBytes") or 0,
        disk_free=words.whole(storage, "availableDiskBytes") or 0,
        disks=tuple(_disk(each) for each in words.parts(newest(said, "storageStatusReport"), "disk", 16)),
        battery=_charge(battery),
        battery_health=words.text(battery, "batteryHealth", LONGEST_NAME),
        battery_cycles=words.whole(battery, "cycleCount") or 0,
        networks=tuple(_network(each) for each in words.parts(words.part(said, "networkInfo"), "networkDevices", 16)),
        update_state=words.text(update, "updateState", LONGEST_NAME),
        updating_to=words.text(update, "newPlatformVersion", LONGEST_NAME),
        rebooted_at=words.moment(update, "lastRebootTime"),
        updated_at=words.moment(update, "lastUpdateTime"),
        kiosk_app=words.text(kiosk, "appId", LONGEST_NAME),
        kiosk_app_version=words.text(kiosk, "appVersion", LONGEST_NAME),
    )


def newest(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Not all lists are promised to be in order, so the time decides; the first where none has one."""
    found = words.parts(said, name)
    return max(found, key=lambda each: words.moment(each, "reportTime"), default={})


def _charge(battery: Mapping[str, Any]) -> float:
    percent = words.whole(newest(battery, "sample"), "chargeRate")
    return round(percent / 100, 2) if percent is not None and 0 <= percent <= 100 else -1.0


def _memory_encrypted(said: Mapping[str, Any]) -> bool | None:
    state = words.text(said, "encryptionState", LONGEST_NAME)
    if state in ENCRYPTED_MEMORY:
        return True
    return False if state == "MEMORY_ENCRYPTION_STATE_DISABLED" else None


def _disk(said: Mapping[str, Any]) -> dict[str, Any]:
    return words.told(
        model=words.text(said, "model", LONGEST_NAME),
        type=words.text(said, "type", LONGEST_NAME),
        health=words.text(said, "health", LONGEST_NAME),
        size=words.whole(said, "sizeBytes"),
    )


def _network(said: Mapping[str, Any]) -> dict[str, Any]:
    return words.told(
        type=words.text(said, "type", LONGEST_NAME),
        mac=words.text(said, "macAddress", LONGEST_NAME),
        imei=words.text(said, "imei", LONGEST_NAME),
        iccid=words.text(said, "iccid", LONGEST_NAME),
    )
