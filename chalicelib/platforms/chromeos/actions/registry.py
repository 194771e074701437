"""All actions on ChromeOS by name; each is imported when it is first asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib.platforms.action_table import ActionTable

if TYPE_CHECKING:
    from chalicelib.platforms.chromeos.actions.action import Action

ACTIONS: Mapping[str, str] = {
    "lock": "lock",
    "disable": "disable",
    "enable": "enable",
    "erase": "erase",
    "wipe-users": "wipe_users",
    "deprovision": "deprovision",
    "restart": "restart",
    "locate": "locate",
    "set-volume": "set_volume",
    "screenshot": "screenshot",
    "collect-logs": "collect_logs",
    "support-packet": "support_packet",
    "remote-session": "remote_session",
    "crd-availability": "crd_availability",
    "move-org-unit": "move_org_unit",
    "annotate": "annotate",
    "device-information": "device_information",
}
_table: "ActionTable[Action]" = ActionTable(__package__, ACTIONS)
names, action = _table.names, _table.action


def support() -> dict[str, dict[str, str]]:
    """Action → platform → "yes" or "no": the ChromeOS column of the table in the README."""
    return _table.column("chromeos")
