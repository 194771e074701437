"""What a device is before anybody manages it: hardware, system, apps, and the habits of its user."""

from __future__ import annotations

import secrets
from typing import Any

from tests.google.world import World

MODELS = {
    "phone": ("Google", "Pixel 9", "tokay", 16, 128),
    "tablet": ("samsung", "SM-X210", "gta9pwifi", 8, 64),
    "kiosk": ("Zebra", "TC58", "bedrock", 4, 64),
}
GIB = 2**30
SYSTEM_APPS = {"com.android.chrome": ("Chrome", 661308833), "com.google.android.gm": ("Gmail", 64962180),
               "com.android.settings": ("Settings", 35)}  # fmt: skip
# What a test or a person may change on a device, and what it is at first.
HABITS: dict[str, Any] = {
    "offline": False, "passcode": "", "encrypted": True, "api": 35, "version": "15", "patch": "2026-10-05",
    "adb": False, "developer": False, "unknown_sources": False, "play_protect": True, "posture": "SECURE", "risks": [],
    "update": "UP_TO_DATE", "battery": 81.0, "pending": [], "broken": {}, "unavailable": [], "consents": True,
    "versions": {}, "language": "en-US", "properties": {},
}  # fmt: skip


def made(world: World, kind: str, serial: str = "") -> dict[str, Any]:
    brand, model, hardware, memory, storage = MODELS[kind]
    phone = {name: value.copy() if isinstance(value, list | dict) else value for name, value in HABITS.items()}
    return phone | {
        "serial": serial or secrets.token_hex(6).upper(), "kind": kind, "brand": brand, "model": model,
        "hardware": hardware, "memory": memory * GIB, "storage": storage * GIB,
        "imei": _imei(world) if kind != "tablet" else "", "eid": "89" + world.digits(30),
        "mac": ":".join(f"{byte:02x}" for byte in b"\x94" + secrets.token_bytes(5)),
        "apps": _factory(), "installing": [], "device": "", "names": [], "owner": "", "mode": "",
        "lost": False, "locks": 0, "reboots": 0, "wipes": 0, "said": {},
    }  # fmt: skip


def reset(phone: dict[str, Any]) -> None:
    """A factory reset or the end of a work profile: nothing of the management is left."""
    phone.update(apps=_factory(), installing=[], device="", owner="", mode="", lost=False, passcode="", said={})
    phone["wipes"] += 1


def app(name: str, code: int, source: str) -> dict[str, Any]:
    return {"name": name, "code": code, "source": source}


def _factory() -> dict[str, Any]:
    return {package: app(name, code, "SYSTEM_APP_FACTORY_VERSION") for package, (name, code) in SYSTEM_APPS.items()}


def _imei(world: World) -> str:
    """Fifteen digits, the last by Luhn."""
    body = "35" + world.digits(12)
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(body)]
    return body + str(-sum(value // 10 + value % 10 for value in doubled) % 10)
