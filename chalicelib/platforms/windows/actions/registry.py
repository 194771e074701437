"""All actions on Windows PCs by name; each is imported when it is first asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.platforms.windows.actions.action import Action

ACTIONS: Mapping[str, str] = {
    "lock": "lock",
    "erase": "erase",
    "autopilot-reset": "autopilot_reset",
    "restart": "restart",
    "sync": "sync",
    "locate": "locate",
    "set-device-name": "set_device_name",
    "defender-scan": "defender_scan",
    "rotate-bitlocker-key": "rotate_bitlocker_key",
    "reset-laps-password": "reset_laps_password",
    "collect-logs": "collect_logs",
    "device-information": "device_information",
    "security-information": "security_information",
    "installed-apps": "installed_apps",
    "certificates": "certificates",
}


def names() -> tuple[str, ...]:
    return tuple(ACTIONS)


def action(name: str) -> "Action | None":
    if name not in ACTIONS:
        return None
    found: Action = import_module(f"{__package__}.{ACTIONS[name]}").ACTION
    return found


def support() -> dict[str, dict[str, str]]:
    """Action → platform → "yes" or "no": the Windows column of the table in the README."""
    found = {name: action(name) for name in ACTIONS}
    return {name: {"windows": "no" if each.never else "yes"} for name, each in found.items() if each is not None}
