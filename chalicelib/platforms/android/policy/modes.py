"""The three ways to manage a device, and which settings Google ignores (or reports forever) in one of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.platforms.android.policy.places import found, written

CORPORATE = "corporate"  # company-owned: fully managed, or with a work profile
PERSONAL = "personal"  # a work profile on somebody's own device
DEDICATED = "dedicated"  # company-owned, without a user
MODES = (CORPORATE, PERSONAL, DEDICATED)

_OWNED = "it works on company-owned devices only"
_FULL = "it works on fully managed devices only"
_NO_PROFILE = "a dedicated device has no work profile"
_KIOSK = "it works on dedicated devices only"
_NOT_PERSONAL, _NOT_DEDICATED, _ONLY_DEDICATED = (PERSONAL,), (DEDICATED,), (CORPORATE, PERSONAL)


@dataclass(frozen=True, slots=True)
class Limit:
    modes: tuple[str, ...]
    reason: str
    values: tuple[str, ...] = ()
    """Only these values are refused, none: the setting itself is."""


_WHOLE_DEVICE_APNS = (
    "BIP", "CBS", "DEFAULT", "DUN", "EMERGENCY", "FOTA", "HIPRI", "IA",
    "IMS", "MCX", "MMS", "RCS", "SUPL", "VSIM", "XCAP",
)  # fmt: skip
_CONNECTIVITY = "deviceConnectivityManagement"

# Place in the document, without list positions → in which mode it may not stand, and why.
LIMITS: Mapping[str, tuple[Limit, ...]] = {
    **{
        place: (Limit(_NOT_PERSONAL, _OWNED),)
        for place in (
            "autoDateAndTimeZone",
            "bluetoothConfigDisabled",
            "bluetoothDisabled",
            "cellBroadcastsConfigDisabled",
            "dataRoamingDisabled",
            "deviceOwnerLockScreenInfo",
            "deviceRadioState",
            "displaySettings",
            "factoryResetDisabled",
            "frpAdminEmails",
            "locationMode",
            "mobileNetworksConfigDisabled",
            "mountPhysicalMediaDisabled",
            "outgoingCallsDisabled",
            "policyEnforcementRules.blockAction.blockScope",
            "policyEnforcementRules.wipeAction.preserveFrp",
            "recommendedGlobalProxy",
            "smsDisabled",
            "statusReportingSettings.commonCriteriaModeEnabled",
            "systemUpdate",
            "unifiedUpdatePolicy",
            "usageLog",
            f"{_CONNECTIVITY}.usbDataAccess",
            f"{_CONNECTIVITY}.wifiDirectSettings",
            f"{_CONNECTIVITY}.wifiSsidPolicy",
        )
    },
    **{
        place: (Limit(_NOT_PERSONAL, _FULL),)
        for place in (
            "adjustVolumeDisabled",
            "backupService",
            "createWindowsDisabled",
            "funDisabled",
            "microphoneAccess",
            "networkEscapeHatchEnabled",
            "networkResetDisabled",
            "removeUserDisabled",
            "setWallpaperDisabled",
            "stayOnPluggedModes",
        )
    },
    **{
        place: (Limit(_NOT_PERSONAL, "a personal device does not report it"),)
        for place in (
            "statusReportingSettings.displayInfoEnabled",
            "statusReportingSettings.hardwareStatusEnabled",
            "statusReportingSettings.powerManagementEventsEnabled",
        )
    },
    **{
        place: (Limit(_ONLY_DEDICATED, _KIOSK),)
        for place in ("keyguardDisabled", "kioskCustomLauncherEnabled", "kioskCustomization")
    },
    **{
        place: (Limit(_NOT_DEDICATED, _NO_PROFILE),)
        for place in (
            "crossProfilePolicies",
            "advancedSecurityOverrides.personalAppsThatCanReadWorkNotifications",
            "applications.connectedWorkAndPersonalApp",
            "applications.workProfileWidgets",
            "passwordPolicies.unifiedLockSettings",
        )
    },
    **{
        place: (Limit((PERSONAL, DEDICATED), "it is for company-owned devices with a work profile"),)
        for place in ("personalUsagePolicies", "deviceWidePolicies")
    },
    "advancedSecurityOverrides.commonCriteriaMode": (Limit(_NOT_PERSONAL, _OWNED, ("COMMON_CRITERIA_MODE_ENABLED",)),),
    "advancedSecurityOverrides.developerSettings": (
        Limit(
            _NOT_PERSONAL,
            "it is Google's default, and set explicitly every personal device reports that safe boot stays",
            ("DEVELOPER_SETTINGS_DISABLED",),
        ),
    ),
    "advancedSecurityOverrides.mtePolicy": (
        Limit(_NOT_PERSONAL, _OWNED, ("MTE_ENFORCED",)),
        Limit(_NOT_PERSONAL, _FULL, ("MTE_DISABLED",)),
    ),
    "advancedSecurityOverrides.untrustedAppsPolicy": (
        Limit(_NOT_DEDICATED, _NO_PROFILE, ("ALLOW_INSTALL_IN_PERSONAL_PROFILE_ONLY",)),
    ),
    "applications.delegatedScopes": (Limit(_NOT_PERSONAL, _OWNED, ("SECURITY_LOGS",)),),
    "applications.installType": (
        Limit(_ONLY_DEDICATED, _KIOSK, ("KIOSK",)),
        Limit(_NOT_PERSONAL, _FULL, ("CUSTOM",)),
    ),
    "applications.roles.roleType": (Limit(_ONLY_DEDICATED, _KIOSK, ("KIOSK",)),),
    "cameraAccess": (Limit(_NOT_PERSONAL, _FULL, ("CAMERA_ACCESS_ENFORCED",)),),
    "defaultApplicationSettings.defaultApplicationScopes": (
        Limit(_NOT_PERSONAL, _OWNED, ("SCOPE_FULLY_MANAGED", "SCOPE_PERSONAL_PROFILE")),
        Limit(_NOT_DEDICATED, _NO_PROFILE, ("SCOPE_WORK_PROFILE", "SCOPE_PERSONAL_PROFILE")),
    ),
    "defaultApplicationSettings.defaultApplicationType": (
        Limit(_NOT_PERSONAL, _OWNED, ("DEFAULT_SMS", "DEFAULT_WALLET")),
        Limit(_NOT_PERSONAL, _FULL, ("DEFAULT_ASSISTANT", "DEFAULT_HOME")),
    ),
    f"{_CONNECTIVITY}.apnPolicy.apnSettings.apnTypes": (
        Limit(
            _NOT_PERSONAL,
            "a work profile takes the type ENTERPRISE only",
            _WHOLE_DEVICE_APNS,
        ),
    ),
    f"{_CONNECTIVITY}.apnPolicy.overrideApns": (Limit(_NOT_PERSONAL, _FULL, ("OVERRIDE_APNS_ENABLED",)),),
    f"{_CONNECTIVITY}.configureWifi": (
        Limit(_NOT_PERSONAL, _OWNED, ("DISALLOW_ADD_WIFI_CONFIG", "DISALLOW_CONFIGURING_WIFI")),
    ),
    f"{_CONNECTIVITY}.privateDnsSettings.privateDnsMode": (
        Limit(_NOT_PERSONAL, _OWNED, ("PRIVATE_DNS_AUTOMATIC", "PRIVATE_DNS_SPECIFIED_HOST")),
    ),
    f"{_CONNECTIVITY}.tetheringSettings": (
        Limit(_NOT_PERSONAL, _OWNED, ("DISALLOW_WIFI_TETHERING", "DISALLOW_ALL_TETHERING")),
    ),
    f"{_CONNECTIVITY}.wifiRoamingPolicy.wifiRoamingSettings.wifiRoamingMode": (
        Limit(_NOT_PERSONAL, _OWNED, ("WIFI_ROAMING_DISABLED", "WIFI_ROAMING_AGGRESSIVE")),
    ),
    "passwordPolicies.passwordScope": (Limit(_NOT_DEDICATED, _NO_PROFILE, ("SCOPE_PROFILE",)),),
    "workAccountSetupConfig": (Limit(_NOT_DEDICATED, "a dedicated device has no user who could sign in"),),
}

# Since Android 12 only the owner of the whole device can grant these.
SENSORS = frozenset(
    f"android.permission.{name}"
    for name in (
        "ACCESS_BACKGROUND_LOCATION",
        "ACCESS_COARSE_LOCATION",
        "ACCESS_FINE_LOCATION",
        "ACTIVITY_RECOGNITION",
        "BODY_SENSORS",
        "CAMERA",
        "READ_SMS",
        "RECORD_AUDIO",
    )
)

_SENSOR = Limit(_NOT_PERSONAL, "sensors and SMS can be granted on fully managed devices only", ("GRANT",))


def misplaced(document: Mapping[str, Any], mode: str) -> Iterator[str]:
    """What the mode does not take, as sentences with their places."""
    for pattern, limits in LIMITS.items():
        for limit in limits:
            if mode in limit.modes:
                yield from (_sentence(place, limit, mode) for place in _refused(document, pattern, limit))
    if mode == PERSONAL:
        yield from (_sentence(place, _SENSOR, mode) for place in _sensor_grants(document))


def _sensor_grants(document: Mapping[str, Any]) -> Iterator[str]:
    for pattern in (("permissionGrants",), ("applications", "permissionGrants")):
        for place, grant in found(document, pattern):
            if grant.get("policy") == "GRANT" and grant.get("permission") in SENSORS:
                yield written((*place, "policy"))


def _refused(document: Mapping[str, Any], pattern: str, limit: Limit) -> Iterator[str]:
    if not limit.values:
        parent, _, name = pattern.rpartition(".")
        for place, value in found(document, tuple(filter(None, parent.split(".")))):
            if isinstance(value, Mapping) and name in value:
                yield written((*place, name))
        return
    for place, value in found(document, tuple(pattern.split("."))):
        if value in limit.values:
            yield written(place)


def _sentence(place: str, limit: Limit, mode: str) -> str:
    what = f" ({' or '.join(limit.values)})" if len(limit.values) in (1, 2) else ""
    return f"{place}: not in the mode {mode}{what}: {limit.reason}"
