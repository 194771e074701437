"""Which command this device takes, and with which keys: `mdm/commands/*.yaml` (iOS 18.1, macOS 15.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.devices.apple.complaints import CommandMalformed, CommandRefused
from tests.devices.apple.hardware import MODELS
from tests.devices.apple.state import DeviceState

# Bits of AccessRights (com.apple.mdm.yaml).
PROFILES_READ, PROFILES_WRITE, LOCK, ERASE, QUERY, NETWORK, PROVISIONING = 1, 2, 4, 8, 16, 32, 64
APPS_READ, RESTRICTIONS, SECURITY, SETTINGS, APPS_MANAGE = 256, 512, 1024, 2048, 4096


@dataclass(frozen=True)
class Rule:
    """ios, macos: None where the command does not exist. Lower-case letters in channels: d device, u user."""

    ios: str | None = "d"
    macos: str | None = "d"
    ios_supervised: bool = False
    mac_supervised: bool = False
    shared: str = "allowed"
    user_enrollment: tuple[str, ...] = ()  # platforms that allow it under User Enrollment
    right: int = 0
    required: Mapping[str, type] = field(default_factory=dict)
    optional: Mapping[str, type] = field(default_factory=dict)


BOTH = ("iOS", "macOS")
RULES: Mapping[str, Rule] = {
    "ActivationLockBypassCode": Rule(ios_supervised=True, mac_supervised=True, shared="forbidden"),
    "CertificateList": Rule(macos="du", user_enrollment=BOTH, right=PROFILES_READ, optional={"ManagedOnly": bool}),
    "ClearActivationLockBypassCode": Rule(ios_supervised=True, mac_supervised=True, shared="forbidden"),
    "ClearPasscode": Rule(macos=None, shared="forbidden", right=LOCK, required={"UnlockToken": bytes}),
    "DeclarativeManagement": Rule(ios="du", macos="du", user_enrollment=BOTH, optional={"Data": bytes}),
    "DeviceConfigured": Rule(ios_supervised=True),
    "DeviceInformation": Rule(
        ios="du",
        macos="du",
        user_enrollment=BOTH,
        required={"Queries": list},
        optional={"DeviceAttestationNonce": bytes},
    ),
    "DeviceLocation": Rule(macos=None, ios_supervised=True),
    "DeviceLock": Rule(user_enrollment=("iOS",), right=LOCK, optional={"Message": str, "PhoneNumber": str, "PIN": str}),
    "DisableLostMode": Rule(macos=None, ios_supervised=True),
    "DisableRemoteDesktop": Rule(ios=None, mac_supervised=True),
    "EnableLostMode": Rule(
        macos=None, ios_supervised=True, optional={"Message": str, "PhoneNumber": str, "Footnote": str}
    ),
    "EnableRemoteDesktop": Rule(ios=None, mac_supervised=True),
    "EraseDevice": Rule(
        right=ERASE,
        optional={
            "PIN": str,
            "PreserveDataPlan": bool,
            "DisallowProximitySetup": bool,
            "ObliterationBehavior": str,
            "ReturnToService": dict,
        },
    ),
    "InstallProfile": Rule(
        ios="du", macos="du", user_enrollment=BOTH, right=PROFILES_WRITE, required={"Payload": bytes}
    ),
    "InstalledApplicationList": Rule(
        macos="du",
        user_enrollment=("iOS",),
        right=APPS_READ,
        optional={"Identifiers": list, "ManagedAppsOnly": bool, "Items": list},
    ),
    "LogOutUser": Rule(macos=None, shared="required"),
    "PlayLostModeSound": Rule(macos=None, ios_supervised=True),
    "ProfileList": Rule(
        ios="du", macos="du", user_enrollment=BOTH, right=PROFILES_READ, optional={"ManagedOnly": bool}
    ),
    "ProvisioningProfileList": Rule(user_enrollment=BOTH, right=PROVISIONING, optional={"ManagedOnly": bool}),
    "RemoveProfile": Rule(
        ios="du", macos="du", user_enrollment=BOTH, right=PROFILES_WRITE, required={"Identifier": str}
    ),
    "RestartDevice": Rule(
        ios_supervised=True, right=LOCK, optional={"NotifyUser": bool, "RebuildKernelCache": bool, "KextPaths": list}
    ),
    "RotateFileVaultKey": Rule(
        ios=None,
        right=LOCK,
        required={"KeyType": str, "FileVaultUnlock": dict},
        optional={"NewCertificate": bytes, "ReplyEncryptionCertificate": bytes},
    ),
    "SecurityInfo": Rule(macos="du", user_enrollment=BOTH, right=SECURITY),
    "SetRecoveryLock": Rule(ios=None, right=LOCK, required={"NewPassword": str}, optional={"CurrentPassword": str}),
    "Settings": Rule(ios="du", macos="du", user_enrollment=BOTH, right=SETTINGS, required={"Settings": list}),
    "ShutDownDevice": Rule(ios_supervised=True, right=LOCK),
    "UserList": Rule(mac_supervised=True, shared="required"),
    "VerifyRecoveryLock": Rule(ios=None, right=LOCK, required={"Password": str}),
}
MAC_ONLY = {"PIN", "ObliterationBehavior", "NotifyUser", "RebuildKernelCache", "KextPaths"}
IOS_ONLY = {
    "PreserveDataPlan",
    "DisallowProximitySetup",
    "ReturnToService",
    "Footnote",
    "Items",
    "RequestRequiresNetworkTether",
}


def check(request_type: str, command: Mapping[str, Any], state: DeviceState, *, user_channel: bool) -> None:
    """CommandMalformed for keys that do not fit, CommandRefused for what this device must not do."""
    rule = RULES.get(request_type)
    if rule is None:
        raise CommandRefused(f"“{request_type}” is not a valid request type.", 12021)
    check_keys(request_type, command, rule)
    model = MODELS[state.kind]
    channels = rule.ios if model.platform == "iOS" else rule.macos
    if channels is None:
        raise CommandRefused(f"“{request_type}” is not a valid request type.", 12021)
    if ("u" if user_channel else "d") not in channels:
        raise CommandRefused(f"“{request_type}” is not supported on this channel.", 12021)
    for key in command.keys() & (IOS_ONLY if model.platform == "macOS" else MAC_ONLY):
        raise CommandMalformed(f"{request_type}: {key} does not exist on {model.platform}")
    _check_standing(request_type, rule, state)


def check_keys(request_type: str, command: Mapping[str, Any], rule: Rule) -> None:
    for key in rule.required:
        if key not in command:
            raise CommandMalformed(f"{request_type} has no {key}")
    kinds = {"RequestType": str, "RequestRequiresNetworkTether": bool, **rule.required, **rule.optional}
    for key, value in command.items():
        if key not in kinds:
            raise CommandMalformed(f"{request_type} has the unknown key {key}")
        if type(value) is not kinds[key]:
            raise CommandMalformed(f"{request_type}: {key} is a {type(value).__name__}, {kinds[key].__name__} expected")


def _check_standing(request_type: str, rule: Rule, state: DeviceState) -> None:
    model = MODELS[state.kind]
    supervised = rule.ios_supervised if model.platform == "iOS" else rule.mac_supervised
    if state.user_enrollment and model.platform not in rule.user_enrollment:
        raise CommandRefused(f"“{request_type}” is not allowed with User Enrollment.", 12007)
    if supervised and not state.supervised:
        raise CommandRefused(f"“{request_type}” is allowed on supervised devices only.", 12007)
    if model.platform == "iOS" and rule.shared == ("forbidden" if model.shared else "required"):
        raise CommandRefused(f"“{request_type}” {'is not for a' if model.shared else 'needs a'} Shared iPad.", 12021)
    rights = state.mdm.get("AccessRights", 8191)
    if rule.right and not state.user_enrollment and not rights & rule.right:
        raise CommandRefused(f"“{request_type}” exceeds the access rights {rights} of this enrollment.", 12007)
