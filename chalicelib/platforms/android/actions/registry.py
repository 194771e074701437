"""All actions on Android by name; each is imported when it is first asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib.platforms.action_table import ActionTable

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
_table: "ActionTable[Action]" = ActionTable(__package__, ACTIONS)
names, action = _table.names, _table.action


def support() -> dict[str, dict[str, str]]:
    """Action → platform → "yes" or "no": the Android column of the table in the README."""
    return _table.column("android")
