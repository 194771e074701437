"""All actions on Windows PCs by name; each is imported when it is first asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib.platforms.action_table import ActionTable

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
_table: "ActionTable[Action]" = ActionTable(__package__, ACTIONS)
names, action = _table.names, _table.action


def support() -> dict[str, dict[str, str]]:
    """Action → platform → "yes" or "no": the Windows column of the table in the README."""
    return _table.column("windows")
