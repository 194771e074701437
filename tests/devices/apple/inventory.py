"""What a device tells of itself: `mdm/commands/information.*.yaml` and `*.list.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509

from tests.devices.apple import cms
from tests.devices.apple.hardware import MODELS, Model
from tests.devices.apple.state import DeviceState, User

Answer = Callable[[DeviceState, Model], Any]
GIGABYTES = {"iPhone": 256.0, "iPad": 128.0, "Mac": 512.0}

ANY: Mapping[str, Answer] = {
    "UDID": lambda state, model: state.udid,
    "DeviceName": lambda state, model: state.name,
    "OSVersion": lambda state, model: state.os_version,
    "BuildVersion": lambda state, model: state.build,
    "SupplementalBuildVersion": lambda state, model: state.build,
    "SupplementalOSVersionExtra": lambda state, model: "",
    "ModelName": lambda state, model: model.model_name,
    "Model": lambda state, model: model.model_number,
    "ModelNumber": lambda state, model: model.model_number + "LL/A",
    "ProductName": lambda state, model: model.product_name,
    "SerialNumber": lambda state, model: state.serial,
    "DeviceCapacity": lambda state, model: GIGABYTES[model.family],
    "AvailableDeviceCapacity": lambda state, model: GIGABYTES[model.family] * 0.625,
    "BatteryLevel": lambda state, model: 0.85,
    "IsSupervised": lambda state, model: state.supervised,
    "WiFiMAC": lambda state, model: state.wifi_mac,
    "BluetoothMAC": lambda state, model: state.bluetooth_mac,
    "IsActivationLockEnabled": lambda state, model: False,
    "AwaitingConfiguration": lambda state, model: state.awaiting_configuration,
    "OrganizationInfo": lambda state, model: state.settings.get("OrganizationInfo"),
    "MDMOptions": lambda state, model: state.settings.get("MDMOptions", {}),
    "iTunesStoreAccountIsActive": lambda state, model: True,
    "SoftwareUpdateDeviceID": lambda state, model: model.product_name,
    "PushToken": lambda state, model: state.token,
}
IOS: Mapping[str, Answer] = {
    "IMEI": lambda state, model: state.imei or None,
    "ModemFirmwareVersion": lambda state, model: "1.00.03" if model.cellular else None,
    "CellularTechnology": lambda state, model: 3 if model.cellular else 0,
    "IsMultiUser": lambda state, model: model.shared,
    "IsDeviceLocatorServiceEnabled": lambda state, model: False,
    "IsCloudBackupEnabled": lambda state, model: True,
    "IsDoNotDisturbInEffect": lambda state, model: False,
    "IsMDMLostModeEnabled": lambda state, model: state.lost_mode is not None,
    "IsNetworkTethered": lambda state, model: False,
    "IsRoaming": lambda state, model: False,
    "DataRoamingEnabled": lambda state, model: False,
    "PersonalHotspotEnabled": lambda state, model: False,
    "DiagnosticSubmissionEnabled": lambda state, model: False,
    "AppAnalyticsEnabled": lambda state, model: False,
    "TimeZone": lambda state, model: state.settings.get("TimeZone", "Europe/Berlin"),
    "EASDeviceIdentifier": lambda state, model: "EAS" + state.serial,
    "PhoneNumber": lambda state, model: None,
    "ServiceSubscriptions": lambda state, model: _subscriptions(state, model),
    "ResidentUsers": lambda state, model: len(state.users) if model.shared else None,
    "MaximumResidentUsers": lambda state, model: 8 if model.shared else None,
}
MAC: Mapping[str, Answer] = {
    "IsAppleSilicon": lambda state, model: True,
    "HasBattery": lambda state, model: True,
    "ProvisioningUDID": lambda state, model: "00008122-" + state.udid.replace("-", "")[:16],
    "HostName": lambda state, model: state.host_name,
    "LocalHostName": lambda state, model: state.name.replace(" ", "-").replace("\u2019", ""),
    "ActiveManagedUsers": lambda state, model: [user.user_id for user in state.users if user.logged_in],
    "AutoSetupAdminAccounts": lambda state, model: [],
    "SystemIntegrityProtectionEnabled": lambda state, model: True,
    "IsActivationLockSupported": lambda state, model: True,
    "SupportsiOSAppInstalls": lambda state, model: True,
    "SupportsLOMDevice": lambda state, model: False,
    "PINRequiredForDeviceLock": lambda state, model: True,
    "PINRequiredForEraseDevice": lambda state, model: False,
    "EthernetMAC": lambda state, model: state.wifi_mac[:-2] + "ff",
}
# What User Enrollment keeps from the organisation (userenrollment: forbidden).
PRIVATE = {
    "UDID", "ProvisioningUDID", "SerialNumber", "IMEI", "MEID", "WiFiMAC", "BluetoothMAC", "EthernetMAC", "PushToken",
    "ModemFirmwareVersion", "IsActivationLockEnabled", "IsActivationLockSupported", "AwaitingConfiguration",
    "IsMDMLostModeEnabled", "iTunesStoreAccountIsActive", "IsCloudBackupEnabled", "IsDoNotDisturbInEffect",
    "PhoneNumber", "ServiceSubscriptions", "SoftwareUpdateDeviceID", "AutoSetupAdminAccounts", "ResidentUsers",
    "MaximumResidentUsers",
}  # fmt: skip


def device_information(state: DeviceState, queries: Sequence[str]) -> dict[str, Any]:
    """Only what was asked; what this model does not have is left out, as on the wire."""
    model = MODELS[state.kind]
    answers = {**ANY, **(IOS if model.platform == "iOS" else MAC)}
    found = {
        query: answers[query](state, model)
        for query in queries
        if query in answers and not (state.user_enrollment and query in PRIVATE)
    }
    return {query: value for query, value in found.items() if value is not None}


def security_info(state: DeviceState) -> dict[str, Any]:
    return _mac_security(state) if MODELS[state.kind].platform == "macOS" else _ios_security(state)


def _ios_security(state: DeviceState) -> dict[str, Any]:
    found: dict[str, Any] = {
        "HardwareEncryptionCaps": 3,
        "PasscodeCompliant": True,
        "ManagementStatus": {"IsUserEnrollment": state.user_enrollment} if state.user_enrollment else {},
    }
    if not state.user_enrollment:
        found["PasscodePresent"] = state.passcode is not None
        found["PasscodeCompliantWithProfiles"] = True
        found["PasscodeLockGracePeriod"] = 0
        found["PasscodeLockGracePeriodEnforced"] = 0
    return found


def _mac_security(state: DeviceState) -> dict[str, Any]:
    found: dict[str, Any] = {
        "FDE_Enabled": state.filevault_enabled,
        "SystemIntegrityProtectionEnabled": True,
        "AuthenticatedRootVolumeEnabled": True,
        "FirewallSettings": {
            "FirewallEnabled": True, "BlockAllIncoming": False, "StealthMode": False, "LoggingEnabled": True,
        },
        "SecureBoot": {"SecureBootLevel": "full", "ExternalBootLevel": "not supported"},
        "ManagementStatus": {
            "EnrolledViaDEP": False, "UserApprovedEnrollment": True, "IsUserEnrollment": state.user_enrollment,
            "IsActivationLockManageable": state.supervised,
        },
    }  # fmt: skip
    if state.user_enrollment:
        return found
    found["FDE_HasPersonalRecoveryKey"] = bool(state.filevault_key)
    found["FDE_HasInstitutionalRecoveryKey"] = False
    found["RemoteDesktopEnabled"] = state.remote_desktop
    found["IsRecoveryLockEnabled"] = state.recovery_lock is not None
    found["BootstrapTokenAllowedForAuthentication"] = "allowed" if state.bootstrap_token else "disallowed"
    found["BootstrapTokenRequiredForSoftwareUpdate"] = True
    found["BootstrapTokenRequiredForKernelExtensionApproval"] = True
    escrow = _escrow_certificate(state)
    if state.filevault_key and escrow is not None:
        found["FDE_PersonalRecoveryKeyCMS"] = cms.encrypt(state.filevault_key.encode(), [escrow], "aes256")
        found["FDE_PersonalRecoveryKeyDeviceKey"] = state.serial
    return found


def _escrow_certificate(state: DeviceState) -> x509.Certificate | None:
    """com.apple.security.FDERecoveryKeyEscrow names the certificate payload of its own profile."""
    for profile in state.profiles.values():
        payloads = profile["PayloadContent"]
        for payload in payloads:
            if payload["PayloadType"] == "com.apple.security.FDERecoveryKeyEscrow":
                named = [one for one in payloads if one["PayloadUUID"] == payload["EncryptCertPayloadUUID"]]
                return x509.load_der_x509_certificate(named[0]["PayloadContent"])
    return None


def installed_applications(state: DeviceState, command: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted = command.get("Identifiers")
    managed_only = command.get("ManagedAppsOnly", False) or state.user_enrollment
    return [
        {key: value for key, value in app.items() if key != "Managed" and key in command.get("Items", app)}
        for app in state.apps
        if (not wanted or app["Identifier"] in wanted) and (app.get("Managed") or not managed_only)
    ]


def certificates(state: DeviceState) -> list[dict[str, Any]]:
    found = [(state.certificate, True)] + [(root, False) for root in state.roots]
    return [{"CommonName": _common_name(der), "IsIdentity": identity, "Data": der} for der, identity in found if der]


def profiles(state: DeviceState, *, managed_only: bool = False) -> list[dict[str, Any]]:
    ios = MODELS[state.kind].platform == "iOS"
    found = []
    for profile in state.profiles.values():
        if managed_only and not profile.get("_managed"):
            continue
        entry = {key: value for key, value in profile.items() if not key.startswith("_") and key in PROFILE_KEYS}
        entry["PayloadContent"] = [_payload_summary(one) for one in profile["PayloadContent"]]
        entry["SignerCertificates"] = list(profile.get("_signers", []))
        found.append(entry | ({"IsManaged": bool(profile.get("_managed"))} if ios else {}))
    return found


PROFILE_KEYS = {
    "PayloadUUID", "PayloadIdentifier", "PayloadVersion", "PayloadDisplayName", "PayloadOrganization",
    "PayloadDescription", "PayloadRemovalDisallowed", "HasRemovalPasscode", "IsEncrypted",
}  # fmt: skip
SUMMARY_KEYS = (
    "PayloadType", "PayloadVersion", "PayloadIdentifier", "PayloadUUID", "PayloadDisplayName", "PayloadDescription",
    "PayloadOrganization",
)  # fmt: skip


def _payload_summary(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {key: payload[key] for key in SUMMARY_KEYS if key in payload}


def users(state: DeviceState) -> list[dict[str, Any]]:
    if MODELS[state.kind].shared:
        return [_shared_user(user) for user in state.users]
    return [_mac_user(user, 501 + place) for place, user in enumerate(state.users)]


def _shared_user(user: User) -> dict[str, Any]:
    return {
        "UserName": user.short_name, "IsLoggedIn": user.logged_in, "HasDataToSync": False,
        "DataQuota": 2_000_000_000, "DataUsed": 125_000_000,
    }  # fmt: skip


def _mac_user(user: User, uid: int) -> dict[str, Any]:
    return {
        "UserName": user.short_name, "FullName": user.long_name, "UID": uid, "UserGUID": user.user_id,
        "IsLoggedIn": user.logged_in, "MobileAccount": False, "HasSecureToken": True,
    }  # fmt: skip


def _subscriptions(state: DeviceState, model: Model) -> list[dict[str, Any]] | None:
    if not model.cellular:
        return None
    return [
        {
            "Slot": "CTSubscriptionSlotOne",
            "IMEI": state.imei,
            "Label": "Primary",
            "IsDataPreferred": True,
            "IsRoaming": False,
        }
    ]


def _common_name(der: bytes) -> str:
    return str(asn1_x509.Certificate.load(der).subject.native.get("common_name", ""))
