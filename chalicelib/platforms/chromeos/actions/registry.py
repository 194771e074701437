"""All actions on ChromeOS by name; each is imported when it is first asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

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


def names() -> tuple[str, ...]:
    return tuple(ACTIONS)


def action(name: str) -> "Action | None":
    if name not in ACTIONS:
        return None
    found: Action = import_module(f"{__package__}.{ACTIONS[name]}").ACTION
    return found


def support() -> dict[str, dict[str, str]]:
    """Action → platform → "yes" or "no": the ChromeOS column of the table in the README."""
    found = {name: action(name) for name in ACTIONS}
    return {name: {"chromeos": "no" if each.never else "yes"} for name, each in found.items() if each is not None}
