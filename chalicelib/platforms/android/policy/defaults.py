"""First policies, to start from: one per mode, and the bare one for devices that Muster has not admitted yet."""

import copy
from collections.abc import Mapping
from typing import Any

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.android.policy.modes import CORPORATE, DEDICATED, PERSONAL

DAY_OF_GRACE, DAYS_TO_WIPE = 1, 30

# What the posture is judged by, on every kind of device.
_POSTURE = {"deviceSettingsEnabled": True, "softwareInfoEnabled": True, "memoryInfoEnabled": True}
_WHOLE_DEVICE = {
    **_POSTURE,
    "applicationReportsEnabled": True,
    "applicationReportingSettings": {"includeRemovedApps": False},
    "displayInfoEnabled": True,
    "hardwareStatusEnabled": True,
    "networkInfoEnabled": True,
    "powerManagementEventsEnabled": True,
    "systemPropertiesEnabled": True,
}
# Of somebody's own device: the system's state and the apps of the work profile, not its networks or its numbers.
_WORK_PROFILE = {
    **_POSTURE,
    "applicationReportsEnabled": True,
    "networkInfoEnabled": False,
    "systemPropertiesEnabled": False,
}
_SECURITY = {"googlePlayProtectVerifyApps": "VERIFY_APPS_ENFORCED", "untrustedAppsPolicy": "DISALLOW_INSTALL"}

# Nothing secret: whoever has an enrollment token gets this one.
ARRIVING: Mapping[str, Any] = {"statusReportingSettings": {"deviceSettingsEnabled": True, "softwareInfoEnabled": True}}

_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    CORPORATE: {
        "advancedSecurityOverrides": {**_SECURITY, "developerSettings": "DEVELOPER_SETTINGS_DISABLED"},
        "encryptionPolicy": "ENABLED_WITHOUT_PASSWORD",
        "maximumTimeToLock": "300000",
        "passwordPolicies": [{"passwordQuality": "COMPLEXITY_MEDIUM"}],
        "playStoreMode": "WHITELIST",
        "policyEnforcementRules": [
            {
                "settingName": "passwordPolicies",
                "blockAction": {"blockAfterDays": DAY_OF_GRACE},
                "wipeAction": {"wipeAfterDays": DAYS_TO_WIPE, "preserveFrp": True},
            }
        ],
        "statusReportingSettings": _WHOLE_DEVICE,
        "systemUpdate": {"type": "WINDOWED", "startMinutes": 120, "endMinutes": 300},
    },
    PERSONAL: {
        "advancedSecurityOverrides": _SECURITY,
        "crossProfilePolicies": {"crossProfileCopyPaste": "COPY_FROM_WORK_TO_PERSONAL_DISALLOWED"},
        "encryptionPolicy": "ENABLED_WITHOUT_PASSWORD",
        "passwordPolicies": [{"passwordScope": "SCOPE_PROFILE", "passwordQuality": "COMPLEXITY_MEDIUM"}],
        "playStoreMode": "WHITELIST",
        "policyEnforcementRules": [
            {
                "settingName": "passwordPolicies",
                "blockAction": {"blockAfterDays": DAY_OF_GRACE},
                "wipeAction": {"wipeAfterDays": DAYS_TO_WIPE},
            }
        ],
        "statusReportingSettings": _WORK_PROFILE,
    },
    DEDICATED: {
        "advancedSecurityOverrides": {**_SECURITY, "developerSettings": "DEVELOPER_SETTINGS_DISABLED"},
        "encryptionPolicy": "ENABLED_WITHOUT_PASSWORD",
        "factoryResetDisabled": True,
        "keyguardDisabled": True,
        "kioskCustomLauncherEnabled": True,
        "kioskCustomization": {
            "deviceSettings": "SETTINGS_ACCESS_BLOCKED",
            "statusBar": "SYSTEM_INFO_ONLY",
            "systemErrorWarnings": "ERROR_AND_WARNINGS_MUTED",
        },
        "networkEscapeHatchEnabled": True,
        "playStoreMode": "WHITELIST",
        "statusReportingSettings": _WHOLE_DEVICE,
        "systemUpdate": {"type": "WINDOWED", "startMinutes": 120, "endMinutes": 300},
    },
}


def defaults(mode: str) -> dict[str, Any]:
    """A document of its own for every caller."""
    if mode not in _DEFAULTS:
        raise Unprocessable(f"The mode is one of {', '.join(_DEFAULTS)}.")
    return copy.deepcopy(dict(_DEFAULTS[mode]))
