"""The Settings command, item by item (`mdm/commands/settings.yaml`), and the registry of all actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.devices.apple import actions
from tests.devices.apple.actions import Action, Deed
from tests.devices.apple.complaints import CommandMalformed, CommandRefused


def settings(deed: Deed) -> Mapping[str, Any]:
    """Each item succeeds or fails for itself; the answer lists them in order."""
    return {"Settings": [_one(deed, item) for item in deed.command["Settings"]]}


def _one(deed: Deed, item: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(item, dict) or not isinstance(item.get("Item"), str):
        raise CommandMalformed("Settings: each entry is a dictionary with an Item")
    try:
        setter = ITEMS.get(item["Item"])
        if setter is None:
            raise CommandRefused(f"“{item['Item']}” is not a valid setting.", 12021)
        setter(deed, item)
    except CommandRefused as refusal:
        return {"Item": item["Item"], "Status": "Error", "ErrorChain": refusal.chain}
    return {"Item": item["Item"], "Status": "Acknowledged"}


def _device_name(deed: Deed, item: Mapping[str, Any]) -> None:
    _need(item, "DeviceName", str)
    if deed.state.user_enrollment or not (deed.is_mac or deed.state.supervised):
        raise CommandRefused("DeviceName is allowed on supervised devices only.", 12007)
    deed.state.name = item["DeviceName"]


def _host_name(deed: Deed, item: Mapping[str, Any]) -> None:
    _need(item, "HostName", str)
    if not deed.is_mac or deed.state.user_enrollment:
        raise CommandRefused("HostName is a setting of Macs.", 12021)
    deed.state.host_name = item["HostName"]


def _kept(
    key: str, kind: type, *, supervised: bool = False, mac: bool = True
) -> Callable[[Deed, Mapping[str, Any]], None]:
    def setter(deed: Deed, item: Mapping[str, Any]) -> None:
        _need(item, key, kind)
        if (supervised and not deed.state.supervised) or (deed.is_mac and not mac):
            raise CommandRefused(f"{item['Item']} is not allowed on this device.", 12007)
        deed.state.settings[item["Item"]] = item[key]

    return setter


def _need(item: Mapping[str, Any], key: str, kind: type) -> None:
    if type(item.get(key)) is not kind:
        raise CommandMalformed(f"Settings.{item['Item']}: {key} must be a {kind.__name__}")


ITEMS: Mapping[str, Callable[[Deed, Mapping[str, Any]], None]] = {
    "DeviceName": _device_name,
    "HostName": _host_name,
    "OrganizationInfo": _kept("OrganizationInfo", dict),
    "MDMOptions": _kept("MDMOptions", dict),
    "TimeZone": _kept("TimeZone", str, supervised=True, mac=False),
    "Bluetooth": _kept("Enabled", bool, supervised=True),
    "DataRoaming": _kept("Enabled", bool, mac=False),
    "PersonalHotspot": _kept("Enabled", bool, mac=False),
}

ACTIONS: Mapping[str, Action] = {
    "ActivationLockBypassCode": actions.activation_lock_bypass_code,
    "CertificateList": actions.certificate_list,
    "ClearActivationLockBypassCode": actions.clear_activation_lock_bypass_code,
    "ClearPasscode": actions.clear_passcode,
    "DeclarativeManagement": actions.declarative_management,
    "DeviceConfigured": actions.device_configured,
    "DeviceInformation": actions.device_information,
    "DeviceLocation": actions.device_location,
    "DeviceLock": actions.device_lock,
    "DisableLostMode": actions.disable_lost_mode,
    "DisableRemoteDesktop": actions.disable_remote_desktop,
    "EnableLostMode": actions.enable_lost_mode,
    "EnableRemoteDesktop": actions.enable_remote_desktop,
    "EraseDevice": actions.erase_device,
    "InstallProfile": actions.install_profile,
    "InstalledApplicationList": actions.installed_application_list,
    "LogOutUser": actions.log_out_user,
    "PlayLostModeSound": actions.play_lost_mode_sound,
    "ProfileList": actions.profile_list,
    "ProvisioningProfileList": actions.provisioning_profile_list,
    "RemoveProfile": actions.remove_profile,
    "RestartDevice": actions.restart_device,
    "RotateFileVaultKey": actions.rotate_filevault_key,
    "SecurityInfo": actions.security_info,
    "SetRecoveryLock": actions.set_recovery_lock,
    "Settings": settings,
    "ShutDownDevice": actions.shut_down_device,
    "UserList": actions.user_list,
    "VerifyRecoveryLock": actions.verify_recovery_lock,
}
