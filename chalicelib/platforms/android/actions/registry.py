"""All actions on Android by name; each is imported when it is first asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.platforms.android.actions.action import Action

ACTIONS: Mapping[str, str] = {
    "lock": "lock",
    "reset-password": "reset_password",
    "restart": "restart",
    "erase": "erase",
    "relinquish": "relinquish",
    "disable": "disable",
    "enable": "enable",
    "lost-mode-on": "lost_mode_on",
    "lost-mode-off": "lost_mode_off",
    "locate": "locate",
    "clear-app-data": "clear_app_data",
    "request-device-info": "request_device_info",
}


def names() -> tuple[str, ...]:
    return tuple(ACTIONS)


def action(name: str) -> "Action | None":
    if name not in ACTIONS:
        return None
    found: Action = import_module(f"{__package__}.{ACTIONS[name]}").ACTION
    return found


def support() -> dict[str, dict[str, str]]:
    """Action → platform → "yes" or "no": the Android column of the table in the README."""
    found = {name: action(name) for name in ACTIONS}
    return {name: {"android": "no" if each.never else "yes"} for name, each in found.items() if each is not None}
