"""What the server asks a device about itself (Apple mdm/commands/information.device.yaml and the lists beside it).

No pydantic here: the device plane asks on its own account. Of personal devices only what is managed is asked for.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.model.device import Device, Ownership, Platform
from chalicelib.platforms.apple.actions import wire
from chalicelib.platforms.apple.actions.systems import IOS, IPADOS, MACOS, TVOS, VISIONOS, older

ALWAYS, NEVER = "1.0", ""


class Query(NamedTuple):
    """From which version on each system answers; `work_only` is false where User Enrollment forbids it."""

    mobile: str
    mac: str = NEVER
    tv: str = NEVER
    vision: str = NEVER
    work_only: bool = True
    personal: bool = True  # false: nothing that the organisation has to know of a personal device

    def since(self, platform: Platform) -> str:
        columns = {IOS: self.mobile, IPADOS: self.mobile, MACOS: self.mac, TVOS: self.tv, VISIONOS: self.vision}
        return columns.get(platform, NEVER)


QUERIES: Mapping[str, Query] = {
    "DeviceName": Query(ALWAYS, ALWAYS, ALWAYS, ALWAYS),
    "OSVersion": Query(ALWAYS, ALWAYS, ALWAYS, ALWAYS),
    "BuildVersion": Query(ALWAYS, ALWAYS, ALWAYS, ALWAYS),
    "SupplementalOSVersionExtra": Query("16.1", "13.0", "16.1", ALWAYS),
    "SupplementalBuildVersion": Query("16.1", "13.0", "16.1", ALWAYS),
    "ModelName": Query(ALWAYS, ALWAYS, ALWAYS, ALWAYS),
    "Model": Query(ALWAYS, ALWAYS, ALWAYS),
    "ModelNumber": Query("16.4", "13.3", "16.4", ALWAYS),
    "ProductName": Query(ALWAYS, ALWAYS, ALWAYS, ALWAYS),
    "IsAppleSilicon": Query(NEVER, "12.0"),
    "SerialNumber": Query(ALWAYS, ALWAYS, ALWAYS, ALWAYS, work_only=False),
    "DeviceCapacity": Query(ALWAYS, ALWAYS, vision=ALWAYS),
    "AvailableDeviceCapacity": Query(ALWAYS, ALWAYS, vision=ALWAYS),
    "BatteryLevel": Query("5.0", "13.3", vision=ALWAYS),
    "HasBattery": Query(NEVER, "13.3"),
    "IsSupervised": Query("6.0", "10.15", "9.0", ALWAYS),
    "IsMultiUser": Query("9.3"),
    "IsMDMLostModeEnabled": Query("9.3", work_only=False),
    "IsDeviceLocatorServiceEnabled": Query("7.0", vision=ALWAYS, personal=False),
    "IsActivationLockEnabled": Query("7.0", "10.15", work_only=False),
    "IsActivationLockSupported": Query(NEVER, "10.15", work_only=False),
    "AwaitingConfiguration": Query("9.0", "10.11", "10.2", "2.0", work_only=False),
    "IsCloudBackupEnabled": Query("7.1", vision=ALWAYS, work_only=False, personal=False),
    "LastCloudBackupDate": Query("8.0", vision=ALWAYS, work_only=False, personal=False),
    "ServiceSubscriptions": Query("12.0", work_only=False, personal=False),
    "WiFiMAC": Query(ALWAYS, ALWAYS, ALWAYS, ALWAYS, work_only=False, personal=False),
    "BluetoothMAC": Query(ALWAYS, ALWAYS, ALWAYS, ALWAYS, work_only=False, personal=False),
    "EthernetMAC": Query(NEVER, ALWAYS, work_only=False, personal=False),
    "HostName": Query(NEVER, "10.11"),
    "LocalHostName": Query(NEVER, "10.11"),
    "TimeZone": Query("14.0", NEVER, "14.0", "2.0", personal=False),
    "SystemIntegrityProtectionEnabled": Query(NEVER, "10.12"),
    "SoftwareUpdateDeviceID": Query("15.0", "12.0", vision=ALWAYS, work_only=False),
    "PINRequiredForEraseDevice": Query(NEVER, "11.0", work_only=False),
    "PINRequiredForDeviceLock": Query(NEVER, "11.0", work_only=False),
}


def private(device: Device) -> bool:
    """Much of what is on it is none of the organisation's business."""
    return device.user_enrollment or device.ownership is Ownership.PERSONAL


def device_queries(device: Device) -> list[str]:
    return [name for name, query in QUERIES.items() if _answers(device, query)]


def _answers(device: Device, query: Query) -> bool:
    since = query.since(device.platform)
    if since == NEVER or older(device, since):
        return False
    return (query.work_only or not device.user_enrollment) and (query.personal or not private(device))


def _managed_only(device: Device, wish: bool) -> bool | None:
    """None leaves the key out, which old systems do not know."""
    return True if wish or private(device) else None


def device_information(device: Device, command_id: str) -> bytes:
    return wire.payload(command_id, "DeviceInformation", Queries=device_queries(device))


def security_information(device: Device, command_id: str) -> bytes:
    return wire.payload(command_id, "SecurityInfo")


def installed_apps(device: Device, command_id: str, *, managed_only: bool = False) -> bytes:
    only: dict[str, Any] = {"ManagedAppsOnly": _managed_only(device, managed_only)}
    return wire.payload(command_id, "InstalledApplicationList", **only)


def certificates(device: Device, command_id: str, *, managed_only: bool = False) -> bytes:
    return wire.payload(command_id, "CertificateList", ManagedOnly=_managed_only(device, managed_only))


def profiles(device: Device, command_id: str, *, managed_only: bool = False) -> bytes:
    return wire.payload(command_id, "ProfileList", ManagedOnly=_managed_only(device, managed_only))
