"""The six digits that unlock a Mac after a lock or an erase: drawn by chance, escrowed before they are sent."""

import secrets

from chalicelib.core import escrow
from chalicelib.core.house import House
from chalicelib.core.ports import Change
from chalicelib.model.device import Device, Platform
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple.actions.systems import older


def fresh(house: House, device: Device, command_id: str) -> tuple[str | None, tuple[Change, ...]]:
    """A PIN and the change that escrows it; nothing for devices that have no PIN."""
    if device.platform is not Platform.MACOS or older(device, "10.8"):
        return None, ()
    pin = f"{secrets.randbelow(10**6):06}"
    return pin, (escrow.sealing(house, device.id, "lock_pin", Secret(pin.encode()), note=command_id),)
