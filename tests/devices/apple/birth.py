"""A new device out of the box: identifiers, people and things from a pair of dice."""

from __future__ import annotations

import random
from typing import Any

from tests.devices.apple import hardware
from tests.devices.apple.hardware import MODELS
from tests.devices.apple.state import DeviceState, User

FIRST = (
    "Ada",
    "Bo",
    "Chidi",
    "Dana",
    "Emre",
    "Freya",
    "Goran",
    "Hana",
    "Idris",
    "June",
    "Kofi",
    "Lena",
    "Mina",
    "Noor",
    "Omar",
    "Pia",
)
LAST = ("Abel", "Berg", "Cole", "Diaz", "Engel", "Frost", "Gray", "Holm", "Ito", "Jansen", "Khan", "Lund")
IOS_APPS = (
    ("com.apple.mobilesafari", "Safari", "18.1"),
    ("org.mozilla.ios.Firefox", "Firefox", "132.0"),
    ("org.videolan.vlc-ios", "VLC", "3.6.0"),
)
MAC_APPS = (
    ("com.apple.Safari", "Safari", "18.1"),
    ("org.mozilla.firefox", "Firefox", "132.0"),
    ("org.videolan.vlc", "VLC", "3.0.21"),
)


def born(kind: str, dice: random.Random) -> DeviceState:
    model = MODELS[kind]
    first, last = dice.choice(FIRST), dice.choice(LAST)
    state = DeviceState(
        kind=kind,
        udid=hardware.udid(model, dice),
        serial=hardware.serial_number(dice),
        name=f"{first}\u2019s {'MacBook Air' if kind == 'mac' else model.family}"
        if not model.shared
        else f"Cart iPad {dice.randrange(1, 40)}",
        os_version=model.os_version,
        build=model.build,
        wifi_mac=hardware.mac_address(dice),
        bluetooth_mac=hardware.mac_address(dice),
        imei=hardware.imei(dice) if model.cellular else "",
        bypass_code=hardware.bypass_code(dice),
        apps=[_app(*app) for app in (MAC_APPS if kind == "mac" else IOS_APPS)],
        location=_location(dice),
    )
    if kind == "mac":
        state.users = [user(first, last, dice)]
        state.filevault_enabled, state.filevault_key = True, hardware.recovery_key(dice)
        state.host_name = f"{first.lower()}-mac.local"
    if model.shared:
        names = dice.sample(FIRST, 2)
        state.users = [user(name, last, dice, domain="@appleid.example.com") for name in names]
    return state


def user(first: str, last: str, dice: random.Random, domain: str = "") -> User:
    return User(
        short_name=f"{first}.{last}".lower() + domain,
        long_name=f"{first} {last}",
        user_id=hardware.user_id(dice),
        enrollment_user_id=hardware.user_id(dice),
    )


def _app(identifier: str, name: str, version: str) -> dict[str, Any]:
    return {"Identifier": identifier, "Name": name, "ShortVersion": version, "Version": version, "Managed": False}


def _location(dice: random.Random) -> dict[str, float]:
    return {
        "Latitude": round(dice.uniform(47.0, 55.0), 6), "Longitude": round(dice.uniform(6.0, 15.0), 6),
        "HorizontalAccuracy": 12.5, "VerticalAccuracy": 8.0, "Altitude": 41.0, "Speed": -1.0, "Course": -1.0,
    }  # fmt: skip
