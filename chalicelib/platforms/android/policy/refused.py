"""Fields that Google has and Muster refuses, each with what to do instead. Nothing passes through untyped."""

_ELSEWHERE = "Muster names and numbers policies itself, leave it out"
_DEAD = "it has no effect at Google any more, leave it out"
_NOT_ON_ANDROID = "Android does not support it in a policy, leave it out"

# Place in the document, without list positions → what to do instead.
REFUSED = {
    "addUserDisabled": "Google ignores it on managed devices, where nobody can add users anyway, leave it out",
    "androidDevicePolicyTracks": _DEAD,
    "autoTimeRequired": "deprecated, use autoDateAndTimeZone",
    "blockApplicationsEnabled": _DEAD,
    "cameraDisabled": "deprecated, use cameraAccess",
    "complianceRules": "deprecated, use policyEnforcementRules",
    "debuggingFeaturesAllowed": "deprecated, use advancedSecurityOverrides.developerSettings",
    "ensureVerifyAppsEnabled": "deprecated, use advancedSecurityOverrides.googlePlayProtectVerifyApps",
    "installUnknownSourcesAllowed": "deprecated, use advancedSecurityOverrides.untrustedAppsPolicy",
    "name": _ELSEWHERE,
    "oncCertificateProviders": "Google does not offer it to everybody, put certificates into openNetworkConfiguration",
    "passwordRequirements": "deprecated, use passwordPolicies",
    "safeBootDisabled": "deprecated, use advancedSecurityOverrides.developerSettings",
    "statusBarDisabled": "deprecated, use a kiosk app, or kioskCustomLauncherEnabled with kioskCustomization.statusBar",
    "tetheringConfigDisabled": "deprecated, use deviceConnectivityManagement.tetheringSettings",
    "unmuteMicrophoneDisabled": "deprecated, use microphoneAccess",
    "usbFileTransferDisabled": "deprecated, use deviceConnectivityManagement.usbDataAccess",
    "usbMassStorageEnabled": "deprecated, use deviceConnectivityManagement.usbDataAccess",
    "version": _ELSEWHERE,
    "wifiConfigDisabled": "deprecated, use deviceConnectivityManagement.configureWifi",
    "wifiConfigsLockdownEnabled": _DEAD,
    "applications.extensionConfig": "deprecated, give the app the role COMPANION_APP",
    "applications.lockTaskAllowed": "deprecated, use installType KIOSK, the role KIOSK or kioskCustomLauncherEnabled",
    "systemUpdate.freezePeriods.startDate.year": "a freeze period returns every year, leave the year out",
    "systemUpdate.freezePeriods.endDate.year": "a freeze period returns every year, leave the year out",
    **{
        f"unifiedUpdatePolicy.rules.predicate.timeOfDay{bound}Bound.{unit}": "Google takes full hours only"
        for bound in ("Lower", "Upper")
        for unit in ("minutes", "seconds", "nanos")
    },
    "openNetworkConfiguration.GlobalNetworkConfiguration": _NOT_ON_ANDROID,
    "openNetworkConfiguration.NetworkConfigurations.Ethernet": "Android takes Wi-Fi networks only",
    "openNetworkConfiguration.NetworkConfigurations.VPN": "Android takes Wi-Fi networks only, use alwaysOnVpnPackage",
    "openNetworkConfiguration.NetworkConfigurations.Remove": "leave the network out instead",
    "openNetworkConfiguration.NetworkConfigurations.WiFi.AllowGatewayARPPolling": _NOT_ON_ANDROID,
    "openNetworkConfiguration.NetworkConfigurations.WiFi.SignalStrength": _NOT_ON_ANDROID,
    "openNetworkConfiguration.NetworkConfigurations.WiFi.EAP.ClientCertPattern": "use ClientCertRef",
    "openNetworkConfiguration.NetworkConfigurations.WiFi.EAP.SaveCredentials": "Android always saves them",
    "openNetworkConfiguration.NetworkConfigurations.WiFi.EAP.UseSystemCAs": "name the authority in ServerCARefs",
    "openNetworkConfiguration.Certificates.Remove": "leave the certificate out instead",
    "openNetworkConfiguration.Certificates.TrustBits": _NOT_ON_ANDROID,
    "openNetworkConfiguration.Certificates.Trust": _NOT_ON_ANDROID,
}  # fmt: skip
