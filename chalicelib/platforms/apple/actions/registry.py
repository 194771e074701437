"""All actions on Apple devices by name; each is imported when it is first asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib.platforms.action_table import ActionTable

if TYPE_CHECKING:
    from chalicelib.platforms.apple.actions.action import Action

ACTIONS: Mapping[str, str] = {
    "lock": "lock",
    "erase": "erase",
    "clear-passcode": "clear_passcode",
    "restart": "restart",
    "shut-down": "shut_down",
    "lost-mode-on": "lost_mode_on",
    "lost-mode-off": "lost_mode_off",
    "locate": "locate",
    "play-sound": "play_sound",
    "device-information": "device_information",
    "security-information": "security_information",
    "installed-apps": "installed_apps",
    "certificates": "certificates",
    "profiles": "profiles",
    "install-profile": "install_profile",
    "remove-profile": "remove_profile",
    "rotate-filevault-key": "rotate_filevault_key",
    "set-recovery-lock": "set_recovery_lock",
    "verify-recovery-lock": "verify_recovery_lock",
    "activation-lock-bypass": "activation_lock_bypass",
    "clear-activation-lock-bypass": "clear_activation_lock_bypass",
    "remote-desktop-on": "remote_desktop_on",
    "remote-desktop-off": "remote_desktop_off",
    "set-device-name": "set_device_name",
    "log-out-user": "log_out_user",
    "os-update": "os_update",
}
_table: "ActionTable[Action]" = ActionTable(__package__, ACTIONS)
names, action = _table.names, _table.action


def support() -> dict[str, dict[str, str]]:
    """Action → platform → "yes", "supervised", "shared iPad" or "no": the table in the README."""
    from chalicelib.platforms.apple.actions.systems import APPLE

    return {
        name: {platform.value: _support(found, platform) for platform in APPLE}
        for name in ACTIONS
        if (found := action(name)) is not None
    }


def _support(found: "Action", platform: str) -> str:
    since = {system.value: since for system, since in found.systems.items()}.get(platform)
    if since is None:
        return "no"
    if found.shared_only:
        return "shared iPad"
    return "supervised" if since.supervised else "yes"
