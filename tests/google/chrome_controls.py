"""What a test, or the demonstration, does with simulated Chromebooks by the control plane."""

from __future__ import annotations

from typing import Any

from tests.google import chrome_devices, chrome_units
from tests.google.world import World


def enroll(world: World, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """{"serial", "model", "ou", and how it behaves: "kiosk", "user_present", "forced"}; "count" for a fleet."""
    unit = chrome_units.ensured(world, body.get("ou", "/"))
    unit = {**unit, "orgUnitId": unit["orgUnitId"].removeprefix("id:")}
    more = {name: body[name] for name in ("kiosk", "user_present", "forced") if name in body}
    made = [_enrolled(world, body, unit, number, more) for number in range(int(body.get("count", 1)))]
    return made[0] if "count" not in body else {"devices": made}


def _enrolled(
    world: World, body: dict[str, Any], unit: dict[str, Any], number: int, more: dict[str, Any]
) -> dict[str, Any]:
    serial = body.get("serial") or f"5CD{world.letters(7)}"
    serial += f"{number:04}" if "count" in body else ""
    for held in chrome_devices.table(world).values():
        if held["device"]["serialNumber"] == serial:  # it comes back: the same device, enrolled again
            held["device"] |= {"status": "ACTIVE", "lastEnrollmentTime": world.clock.stamp()}
            held["sim"] |= {"offline": False} | more
            return {"id": held["device"]["deviceId"], "serial": serial}
    held = chrome_devices.born(world, serial, body.get("model", "HP Elite c645"), unit, **more)
    return {"id": held["device"]["deviceId"], "serial": serial}


def obey(world: World, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """{"steps": 1 to 3}: sent, acknowledged, executed."""
    held = chrome_devices.known(world, args["id"])
    return {"executed": chrome_devices.obey(world, held, int(body.get("steps", 3)))}


def change(world: World, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """{"device": fields of ChromeOsDevice, and how it behaves: "outcome", "error", "kiosk", "user_present" …}."""
    held = chrome_devices.known(world, args["id"])
    held["device"] |= body.get("device", {})
    held["sim"] |= {name: value for name, value in body.items() if name != "device"}
    return {"device": held["device"], "sim": held["sim"]}


def offline(world: World, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    chrome_devices.known(world, args["id"])["sim"]["offline"] = bool(body.get("offline", True))
    return {}


def cancel(world: World, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """An administrator cancels in the console what has not been sent."""
    held = chrome_devices.known(world, args["id"])
    gone = [number for number, command in held["commands"].items() if command["state"] == "PENDING"]
    for number in gone:
        held["commands"][number]["state"] = "CANCELLED"
    return {"cancelled": gone}


def tick(world: World) -> None:
    for held in chrome_devices.table(world).values():
        chrome_devices.obey(world, held)


CONTROLS = {
    "/chromebooks/enroll": enroll,
    "/chromebooks/{id}/obey": obey,
    "/chromebooks/{id}/set": change,
    "/chromebooks/{id}/offline": offline,
    "/chromebooks/{id}/cancel": cancel,
}
LIVE = (tick,)
