"""For each rule a document that it allows and one that it refuses, as like each other as can be."""

import base64
from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

CERTIFICATE = base64.b64encode(b"0\x82 stands for DER").decode()
HASH = base64.b64encode(bytes(32)).decode()
OTHER_HASH = base64.b64encode(bytes(range(32))).decode()
EAP: Document = {
    "Outer": "PEAP",
    "Inner": "MSCHAPv2",
    "Identity": "{user.email}",
    "Password": "a-word",
    "ServerCARefs": ["root"],
    "DomainSuffixMatch": ["example.com"],
}
TLS: Document = {
    "Outer": "EAP-TLS",
    "Identity": "{user.email}",
    "ClientCertType": "Ref",
    "ClientCertRef": "mine",
    "ServerCARefs": ["root"],
    "DomainSuffixMatch": ["example.com"],
}
ROOT: Document = {"GUID": "root", "Type": "Authority", "X509": CERTIFICATE}
MINE: Document = {"GUID": "mine", "Type": "Client", "PKCS12": CERTIFICATE}
WPA: Document = {"SSID": "office", "Security": "WPA-PSK", "Passphrase": "long enough"}


def app(name: str = "com.example.one", **more: Any) -> Document:
    return {"packageName": name, **more}


def apps(*listed: Document) -> Document:
    return {"applications": list(listed)}


def network(wifi: Document, guid: str = "net", **more: Any) -> Document:
    return {"GUID": guid, "Name": "Office", "Type": "WiFi", "WiFi": wifi, **more}


def onc(*networks: Document, certificates: tuple[Document, ...] = ()) -> Document:
    return {
        "openNetworkConfiguration": {"NetworkConfigurations": list(networks), "Certificates": list(certificates)},
    }


def enterprise(eap: Document, *certificates: Document) -> Document:
    wifi = {"SSID": "office", "Security": "WPA-EAP", "EAP": eap}
    return onc(network(wifi), certificates=certificates or (ROOT, MINE))


def without(entry: Document, *names: str) -> Document:
    return {name: value for name, value in entry.items() if name not in names}


def connectivity(**settings: Any) -> Document:
    return {"deviceConnectivityManagement": settings}


def slices(default: str, *configs: Document) -> Document:
    return {
        "preferentialNetworkServiceSettings": {
            "defaultPreferentialNetworkId": default,
            "preferentialNetworkServiceConfigs": list(configs),
        }
    }


def slice_of(number: str, **more: Any) -> Document:
    return {"preferentialNetworkId": f"PREFERENTIAL_NETWORK_ID_{number}", **more}


def access_point(name: str) -> Document:
    return {"apn": name, "displayName": name, "apnTypes": ["ENTERPRISE"], "password": "apn-word"}


def freeze(start: tuple[int, int], end: tuple[int, int]) -> Document:
    return {"startDate": {"month": start[0], "day": start[1]}, "endDate": {"month": end[0], "day": end[1]}}


def frozen(*periods: Document, **more: Any) -> Document:
    return {"systemUpdate": {"type": "AUTOMATIC", "freezePeriods": list(periods), **more}}


def update(target: str = "GOOGLE_SYSTEM_SERVICES", name: str = "one", **more: Any) -> Document:
    return {"id": name, "targets": [{"targetType": target}], **more}


def updates(*rules: Document) -> Document:
    return {"unifiedUpdatePolicy": {"rules": list(rules)}}


def enforced(*rules: Document) -> Document:
    return {"cameraAccess": "CAMERA_ACCESS_DISABLED", "policyEnforcementRules": list(rules)}


def enforcement(name: str = "cameraAccess", block: int = 1, wipe: int = 9) -> Document:
    return {"settingName": name, "blockAction": {"blockAfterDays": block}, "wipeAction": {"wipeAfterDays": wipe}}


def default(kind: str, *scopes: str, package: str = "com.example.one") -> Document:
    return {
        "defaultApplicationType": kind,
        "defaultApplicationScopes": list(scopes),
        "defaultApplications": [{"packageName": package}],
    }


def defaulted(*settings: Document, install: str = "AVAILABLE") -> Document:
    return {**apps(app(installType=install)), "defaultApplicationSettings": list(settings)}


OS = "OS_UPDATE_WITH_API_LEVEL_CHANGE"
VPN = {"alwaysOnVpnPackage": {"packageName": "com.example.one", "lockdownEnabled": True}}
CUSTOM: Document = {
    "installType": "CUSTOM",
    "signingKeyCerts": [{"signingKeyCertFingerprintSha256": HASH}],
}
KIOSK_ROLE = {"roles": [{"roleType": "KIOSK"}]}
COMPANION: Document = {
    "roleType": "COMPANION_APP",
    "extraCapabilities": {"localDeviceWipeCommand": "LOCAL_DEVICE_WIPE_COMMAND_ALLOWED"},
}
MONITOR = {"roleType": "SYSTEM_HEALTH_MONITORING"}
SEPARATE = {"unifiedLockSettings": "REQUIRE_SEPARATE_WORK_LOCK"}
DNS = {"privateDnsMode": "PRIVATE_DNS_SPECIFIED_HOST", "privateDnsHost": "dns.example.com"}
CONTACTS = {"exemptionsToShowWorkContactsInPersonalProfile": {"packageNames": ["com.example.one"]}}
APPS = [f"com.example.app{number}" for number in range(21)]
STRICT = "NON_MATCHING_NETWORKS_DISALLOWED"

# Rule → (mode, allowed, refused, the place that the refusal must name).
SAMPLES: Mapping[str, tuple[str, Document, Document, str]] = {
    "app-once": ("corporate", apps(app(), app("com.example.two")), apps(app(), app()), "applications.1.packageName"),
    "minimum-versions": (
        "corporate",
        apps(*[app(name, minimumVersionCode=7) for name in APPS[:20]], app(APPS[20])),
        apps(*[app(name, minimumVersionCode=7) for name in APPS]),
        "applications.20.minimumVersionCode",
    ),
    "kiosk-app-once": (
        "dedicated",
        apps(app(installType="KIOSK"), app("com.example.two")),
        apps(app(installType="KIOSK"), app("com.example.two", installType="REQUIRED_FOR_SETUP", **KIOSK_ROLE)),
        "applications.0.installType",
    ),
    "kiosk-role-installed": (
        "dedicated",
        apps(app(installType="REQUIRED_FOR_SETUP", **KIOSK_ROLE)),
        apps(app(installType="FORCE_INSTALLED", **KIOSK_ROLE)),
        "applications.0.roles",
    ),
    "role-once": (
        "corporate",
        apps(app(roles=[MONITOR]), app("com.example.two", roles=[COMPANION])),
        apps(app(roles=[MONITOR]), app("com.example.two", roles=[MONITOR])),
        "applications.1.roles.0.roleType",
    ),
    "role-control": (
        "dedicated",
        apps(app(installType="REQUIRED_FOR_SETUP", userControlSettings="USER_CONTROL_ALLOWED", **KIOSK_ROLE)),
        apps(app(userControlSettings="USER_CONTROL_ALLOWED", roles=[MONITOR])),
        "applications.0.userControlSettings",
    ),
    "local-wipe": (
        "corporate",
        apps(app(roles=[COMPANION])),
        apps(app(roles=[{**COMPANION, **MONITOR}])),
        "applications.0.roles",
    ),
    "custom-config": (
        "corporate",
        apps(app(customAppConfig={"userUninstallSettings": "ALLOW_UNINSTALL_BY_USER"}, **CUSTOM)),
        apps(app(customAppConfig={"userUninstallSettings": "ALLOW_UNINSTALL_BY_USER"})),
        "applications.0.customAppConfig",
    ),
    "custom-without-play": (
        "corporate",
        apps(app(**CUSTOM)),
        apps(app(autoUpdateMode="AUTO_UPDATE_DEFAULT", **CUSTOM)),
        "applications.0.autoUpdateMode",
    ),
    "custom-certificate": (
        "corporate",
        apps(app(**CUSTOM)),
        apps(app(installType="CUSTOM")),
        "applications.0.signingKeyCerts",
    ),
    "constraint-set": (
        "corporate",
        apps(
            app(installType="FORCE_INSTALLED", installConstraint=[{"chargingConstraint": "INSTALL_ONLY_WHEN_CHARGING"}])
        ),
        apps(app(installType="FORCE_INSTALLED", installConstraint=[{}])),
        "applications.0.installConstraint",
    ),
    "install-guided": (
        "corporate",
        apps(app(installType="FORCE_INSTALLED", installPriority=5)),
        apps(app(installType="AVAILABLE", installPriority=5)),
        "applications.0.installType",
    ),
    "delegated-once": (
        "corporate",
        apps(app(delegatedScopes=["CERT_INSTALL"]), app("com.example.two", delegatedScopes=["CERT_INSTALL"])),
        apps(app(delegatedScopes=["CERT_SELECTION"]), app("com.example.two", delegatedScopes=["CERT_SELECTION"])),
        "applications.1.delegatedScopes",
    ),
    "certificates-delegated": (
        "corporate",
        {"choosePrivateKeyRules": [{"privateKeyAlias": "vpn"}], **apps(app(delegatedScopes=["CERT_INSTALL"]))},
        {"choosePrivateKeyRules": [{"privateKeyAlias": "vpn"}], **apps(app(delegatedScopes=["CERT_SELECTION"]))},
        "choosePrivateKeyRules",
    ),
    "logs-delegated": (
        "corporate",
        {
            "usageLog": {"enabledLogTypes": ["SECURITY_LOGS"]},
            **apps(app(delegatedScopes=["NETWORK_ACTIVITY_LOGS"])),
        },
        {"usageLog": {"enabledLogTypes": ["SECURITY_LOGS"]}, **apps(app(delegatedScopes=["SECURITY_LOGS"]))},
        "usageLog.enabledLogTypes.0",
    ),
    "one-configuration": (
        "corporate",
        apps(app(managedConfiguration={"server": "one", "ports": [{"port": 1}], "on": True})),
        apps(app(managedConfiguration={"server": "one"}, managedConfigurationTemplate={"templateId": "12"})),
        "applications.0.managedConfigurationTemplate",
    ),
    "setup-app": (
        "corporate",
        {
            **apps(app(installType="REQUIRED_FOR_SETUP")),
            "setupActions": [{"launchApp": {"packageName": "com.example.one"}, "title": {"defaultMessage": "First"}}],
        },
        {
            **apps(app(installType="FORCE_INSTALLED")),
            "setupActions": [{"launchApp": {"packageName": "com.example.one"}}],
        },
        "setupActions.0.launchApp.packageName",
    ),
    "default-app": (
        "corporate",
        defaulted(default("DEFAULT_BROWSER", "SCOPE_FULLY_MANAGED")),
        defaulted(default("DEFAULT_BROWSER", "SCOPE_FULLY_MANAGED"), install="BLOCKED"),
        "defaultApplicationSettings.0.defaultApplications.0.packageName",
    ),
    "default-once": (
        "corporate",
        defaulted(default("DEFAULT_BROWSER", "SCOPE_FULLY_MANAGED"), default("DEFAULT_SMS", "SCOPE_FULLY_MANAGED")),
        defaulted(default("DEFAULT_BROWSER", "SCOPE_FULLY_MANAGED"), default("DEFAULT_BROWSER", "SCOPE_WORK_PROFILE")),
        "defaultApplicationSettings.1.defaultApplicationType",
    ),
    "default-scopes": (
        "corporate",
        defaulted(default("DEFAULT_WALLET", "SCOPE_WORK_PROFILE")),
        defaulted(default("DEFAULT_WALLET", "SCOPE_WORK_PROFILE", "SCOPE_PERSONAL_PROFILE")),
        "defaultApplicationSettings.0.defaultApplicationScopes",
    ),
    "vpn-installed": (
        "corporate",
        {**VPN, **apps(app(installType="FORCE_INSTALLED"))},
        {**VPN, **apps(app(installType="AVAILABLE"))},
        "alwaysOnVpnPackage.packageName",
    ),
    "vpn-exemption": (
        "corporate",
        {
            **VPN,
            **apps(app(installType="FORCE_INSTALLED", alwaysOnVpnLockdownExemption="VPN_LOCKDOWN_EXEMPTION")),
        },
        apps(app(installType="FORCE_INSTALLED", alwaysOnVpnLockdownExemption="VPN_LOCKDOWN_EXEMPTION")),
        "applications.0.alwaysOnVpnLockdownExemption",
    ),
    "password-scope-once": (
        "corporate",
        {"passwordPolicies": [{"passwordScope": "SCOPE_DEVICE"}, {"passwordScope": "SCOPE_PROFILE"}]},
        {"passwordPolicies": [{"passwordScope": "SCOPE_DEVICE"}, {"passwordScope": "SCOPE_DEVICE"}]},
        "passwordPolicies.1.passwordScope",
    ),
    "password-composition": (
        "corporate",
        {"passwordPolicies": [{"passwordQuality": "COMPLEX", "passwordMinimumLength": 8, "passwordMinimumSymbols": 1}]},
        {"passwordPolicies": [{"passwordQuality": "COMPLEXITY_HIGH", "passwordMinimumLength": 8}]},
        "passwordPolicies.0.passwordMinimumLength",
    ),
    "password-unified": (
        "personal",
        {"passwordPolicies": [{"passwordScope": "SCOPE_PROFILE", **SEPARATE}]},
        {"passwordPolicies": [{"passwordScope": "SCOPE_DEVICE", **SEPARATE}]},
        "passwordPolicies.0.unifiedLockSettings",
    ),
    "kiosk-on": (
        "dedicated",
        {"kioskCustomization": {"statusBar": "SYSTEM_INFO_ONLY"}, **apps(app(installType="KIOSK"))},
        {"kioskCustomization": {"statusBar": "SYSTEM_INFO_ONLY"}, **apps(app(installType="FORCE_INSTALLED"))},
        "kioskCustomization",
    ),
    "kiosk-home": (
        "dedicated",
        {
            "kioskCustomLauncherEnabled": True,
            "kioskCustomization": {
                "statusBar": "NOTIFICATIONS_AND_SYSTEM_INFO_ENABLED",
                "systemNavigation": "HOME_BUTTON_ONLY",
            },
        },
        {
            "kioskCustomLauncherEnabled": True,
            "kioskCustomization": {"statusBar": "NOTIFICATIONS_AND_SYSTEM_INFO_ENABLED"},
        },
        "kioskCustomization.statusBar",
    ),
    "stay-awake": (
        "dedicated",
        {"stayOnPluggedModes": ["AC", "USB"], "maximumTimeToLock": "0"},
        {"stayOnPluggedModes": ["AC", "USB"], "maximumTimeToLock": "60000"},
        "stayOnPluggedModes",
    ),
    "brightness": (
        "corporate",
        {
            "displaySettings": {
                "screenBrightnessSettings": {"screenBrightnessMode": "BRIGHTNESS_FIXED", "screenBrightness": 9}
            }
        },
        {"displaySettings": {"screenBrightnessSettings": {"screenBrightnessMode": "BRIGHTNESS_FIXED"}}},
        "displaySettings.screenBrightnessSettings.screenBrightness",
    ),
    "screen-timeout": (
        "corporate",
        {
            "maximumTimeToLock": "60000",
            "displaySettings": {
                "screenTimeoutSettings": {"screenTimeoutMode": "SCREEN_TIMEOUT_ENFORCED", "screenTimeout": "60s"}
            },
        },
        {
            "maximumTimeToLock": "60000",
            "displaySettings": {
                "screenTimeoutSettings": {"screenTimeoutMode": "SCREEN_TIMEOUT_ENFORCED", "screenTimeout": "61s"}
            },
        },
        "displaySettings.screenTimeoutSettings.screenTimeout",
    ),
    "message-default": (
        "corporate",
        {"longSupportMessage": {"defaultMessage": "Call us", "localizedMessages": {"de-DE": "Rufen Sie an"}}},
        {"longSupportMessage": {"localizedMessages": {"de-DE": "Rufen Sie an"}}},
        "longSupportMessage.defaultMessage",
    ),
    "message-short": (
        "corporate",
        {"shortSupportMessage": {"defaultMessage": "x" * 200}},
        {"shortSupportMessage": {"defaultMessage": "x" * 201}},
        "shortSupportMessage",
    ),
    "account-required": (
        "corporate",
        {
            "workAccountSetupConfig": {
                "authenticationType": "GOOGLE_AUTHENTICATED",
                "requiredAccountEmail": "{user.email}",
            }
        },
        {"workAccountSetupConfig": {"requiredAccountEmail": "{user.email}"}},
        "workAccountSetupConfig.requiredAccountEmail",
    ),
    "contacts-exempt": (
        "personal",
        {
            "crossProfilePolicies": {
                "showWorkContactsInPersonalProfile": "SHOW_WORK_CONTACTS_IN_PERSONAL_PROFILE_DISALLOWED",
                **CONTACTS,
            }
        },
        {"crossProfilePolicies": CONTACTS},
        "crossProfilePolicies.exemptionsToShowWorkContactsInPersonalProfile",
    ),
    "app-functions": (
        "personal",
        {
            "appFunctions": "APP_FUNCTIONS_ALLOWED",
            "crossProfilePolicies": {"crossProfileAppFunctions": "CROSS_PROFILE_APP_FUNCTIONS_ALLOWED"},
        },
        {
            "appFunctions": "APP_FUNCTIONS_DISALLOWED",
            "crossProfilePolicies": {"crossProfileAppFunctions": "CROSS_PROFILE_APP_FUNCTIONS_ALLOWED"},
        },
        "crossProfilePolicies.crossProfileAppFunctions",
    ),
    "personal-app-once": (
        "corporate",
        {"personalUsagePolicies": {"personalApplications": [app(), app("com.example.two")]}},
        {"personalUsagePolicies": {"personalApplications": [app(), app()]}},
        "personalUsagePolicies.personalApplications.1.packageName",
    ),
    "app-reports": (
        "corporate",
        {
            "statusReportingSettings": {
                "applicationReportsEnabled": True,
                "applicationReportingSettings": {"includeRemovedApps": True},
            }
        },
        {"statusReportingSettings": {"applicationReportingSettings": {"includeRemovedApps": True}}},
        "statusReportingSettings.applicationReportingSettings",
    ),
    "usage-log": (
        "corporate",
        {"usageLog": {"enabledLogTypes": ["SECURITY_LOGS"], "uploadOnCellularAllowed": ["SECURITY_LOGS"]}},
        {"usageLog": {"enabledLogTypes": ["SECURITY_LOGS"], "uploadOnCellularAllowed": ["NETWORK_ACTIVITY_LOGS"]}},
        "usageLog.uploadOnCellularAllowed.0",
    ),
    "private-dns": (
        "corporate",
        connectivity(privateDnsSettings=DNS),
        connectivity(privateDnsSettings={**DNS, "privateDnsMode": "PRIVATE_DNS_AUTOMATIC"}),
        "deviceConnectivityManagement.privateDnsSettings.privateDnsHost",
    ),
    "ssid-list": (
        "corporate",
        connectivity(
            wifiSsidPolicy={"wifiSsidPolicyType": "WIFI_SSID_ALLOWLIST", "wifiSsids": [{"wifiSsid": "office"}]}
        ),
        connectivity(wifiSsidPolicy={"wifiSsidPolicyType": "WIFI_SSID_ALLOWLIST", "wifiSsids": []}),
        "deviceConnectivityManagement.wifiSsidPolicy.wifiSsids",
    ),
    "roaming-once": (
        "corporate",
        connectivity(
            wifiRoamingPolicy={
                "wifiRoamingSettings": [
                    {"wifiSsid": "office", "wifiRoamingMode": "WIFI_ROAMING_AGGRESSIVE"},
                    {"wifiSsid": "hall", "wifiRoamingMode": "WIFI_ROAMING_DISABLED"},
                ]
            }
        ),
        connectivity(
            wifiRoamingPolicy={
                "wifiRoamingSettings": [{"wifiSsid": "office", "wifiRoamingMode": "WIFI_ROAMING_DEFAULT"}] * 2
            }
        ),
        "deviceConnectivityManagement.wifiRoamingPolicy.wifiRoamingSettings.1.wifiSsid",
    ),
    "slice-once": (
        "corporate",
        connectivity(**slices("NO_PREFERENTIAL_NETWORK", slice_of("ONE"), slice_of("TWO"))),
        connectivity(**slices("NO_PREFERENTIAL_NETWORK", slice_of("ONE"), slice_of("ONE"))),
        "preferentialNetworkServiceConfigs.1.preferentialNetworkId",
    ),
    "slice-here": (
        "corporate",
        {
            **connectivity(**slices("NO_PREFERENTIAL_NETWORK", slice_of("ONE"))),
            **apps(app(preferentialNetworkId="PREFERENTIAL_NETWORK_ID_ONE")),
        },
        {
            **connectivity(**slices("NO_PREFERENTIAL_NETWORK", slice_of("ONE"))),
            **apps(app(preferentialNetworkId="PREFERENTIAL_NETWORK_ID_TWO")),
        },
        "applications.0.preferentialNetworkId",
    ),
    "slice-fallback": (
        "corporate",
        connectivity(
            **slices(
                "PREFERENTIAL_NETWORK_ID_ONE",
                slice_of(
                    "ONE",
                    nonMatchingNetworks=STRICT,
                    fallbackToDefaultConnection="FALLBACK_TO_DEFAULT_CONNECTION_DISALLOWED",
                ),
            )
        ),
        connectivity(**slices("PREFERENTIAL_NETWORK_ID_ONE", slice_of("ONE", nonMatchingNetworks=STRICT))),
        "preferentialNetworkServiceConfigs.0.fallbackToDefaultConnection",
    ),
    "slice-service": (
        "corporate",
        {"preferentialNetworkService": "PREFERENTIAL_NETWORK_SERVICE_ENABLED"},
        {
            "preferentialNetworkService": "PREFERENTIAL_NETWORK_SERVICE_ENABLED",
            **connectivity(**slices("PREFERENTIAL_NETWORK_ID_ONE", slice_of("ONE"))),
        },
        "preferentialNetworkService",
    ),
    "apn-once": (
        "corporate",
        connectivity(apnPolicy={"apnSettings": [access_point("a"), access_point("b")]}),
        connectivity(apnPolicy={"apnSettings": [access_point("a"), access_point("a")]}),
        "deviceConnectivityManagement.apnPolicy.apnSettings.1",
    ),
    "global-proxy": (
        "corporate",
        {"recommendedGlobalProxy": {"host": "proxy.example.com", "port": 3128, "excludedHosts": ["*.example.com"]}},
        {"recommendedGlobalProxy": {"host": "proxy.example.com"}},
        "recommendedGlobalProxy",
    ),
    "update-window": (
        "corporate",
        {"systemUpdate": {"type": "WINDOWED", "startMinutes": 0, "endMinutes": 60}},
        {"systemUpdate": {"type": "WINDOWED", "startMinutes": 0}},
        "systemUpdate.type",
    ),
    "freeze-typed": (
        "corporate",
        frozen(freeze((12, 1), (1, 5))),
        {"systemUpdate": without(frozen(freeze((12, 1), (1, 5)))["systemUpdate"], "type")},
        "systemUpdate.freezePeriods",
    ),
    "freeze-day": (
        "corporate",
        frozen(freeze((2, 1), (2, 29))),
        frozen(freeze((4, 1), (4, 31))),
        "systemUpdate.freezePeriods.0.endDate",
    ),
    "freeze-length": (
        "corporate",
        frozen(freeze((12, 1), (2, 28))),
        frozen(freeze((12, 1), (3, 1))),
        "systemUpdate.freezePeriods.0",
    ),
    "freeze-distance": (
        "corporate",
        frozen(freeze((1, 1), (1, 31)), freeze((4, 2), (4, 30))),
        frozen(freeze((1, 1), (1, 31)), freeze((4, 1), (4, 30))),
        "systemUpdate.freezePeriods.1",
    ),
    "update-rule-once": (
        "corporate",
        updates(update(), update(name="two")),
        updates(update(), update()),
        "unifiedUpdatePolicy.rules.1.id",
    ),
    "update-overridden": (
        "corporate",
        {**updates(update()), "systemUpdate": {"type": "AUTOMATIC"}},
        {**updates(update(OS)), "systemUpdate": {"type": "AUTOMATIC"}},
        "unifiedUpdatePolicy.rules.0.targets.0",
    ),
    "update-single-app": (
        "corporate",
        updates({"id": "a", "targets": [{"targetType": "SINGLE_APP", "singleApp": app("com.google.android.webview")}]}),
        updates(update("SINGLE_APP")),
        "unifiedUpdatePolicy.rules.0.targets",
    ),
    "update-system-only": (
        "corporate",
        updates(update(OS, stages=["STAGE_DOWNLOAD"], outcome={"outcomeType": "USER_PROMPT"})),
        updates(update(outcome={"outcomeType": "USER_PROMPT"})),
        "unifiedUpdatePolicy.rules.0.targets",
    ),
    "update-hours": (
        "corporate",
        updates(update(predicate={"timeOfDayLowerBound": {"hours": 2}, "timeOfDayUpperBound": {"hours": 3}})),
        updates(update(predicate={"timeOfDayLowerBound": {"hours": 3}, "timeOfDayUpperBound": {"hours": 3}})),
        "unifiedUpdatePolicy.rules.0.predicate.timeOfDayUpperBound",
    ),
    "update-age": (
        "corporate",
        updates(update(predicate={"updateAgeLowerBound": "172800s"})),
        updates(update(predicate={"updateAgeLowerBound": "3600s"})),
        "unifiedUpdatePolicy.rules.0.predicate",
    ),
    "enforcement-pair": (
        "corporate",
        enforced(enforcement()),
        enforced(without(enforcement(), "blockAction")),
        "policyEnforcementRules.0",
    ),
    "enforcement-order": (
        "corporate",
        enforced(enforcement(block=8)),
        enforced(enforcement(block=9)),
        "policyEnforcementRules.0.wipeAction.wipeAfterDays",
    ),
    "enforcement-set": (
        "corporate",
        enforced(enforcement()),
        enforced(enforcement("passwordPolicies")),
        "policyEnforcementRules.0.settingName",
    ),
    "enforcement-once": (
        "corporate",
        {**enforced(enforcement(), enforcement("playStoreMode")), "playStoreMode": "BLACKLIST"},
        enforced(enforcement(), enforcement()),
        "policyEnforcementRules.1.settingName",
    ),
    "guid-once": (
        "corporate",
        onc(network(WPA), network({**WPA, "SSID": "hall"}, "other")),
        onc(network(WPA), network({**WPA, "SSID": "hall"})),
        "openNetworkConfiguration.NetworkConfigurations.1.GUID",
    ),
    "certificate-here": (
        "corporate",
        enterprise(EAP, ROOT),
        enterprise(EAP, {**ROOT, "GUID": "another"}),
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.EAP.ServerCARefs.0",
    ),
    "server-trusted": (
        "corporate",
        enterprise(EAP),
        enterprise(without(EAP, "DomainSuffixMatch")),
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.EAP.ServerCARefs",
    ),
    "server-once": (
        "corporate",
        enterprise({**without(EAP, "ServerCARefs"), "ServerCARef": "root"}),
        enterprise({**EAP, "ServerCARef": "root"}),
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.EAP.ServerCARef",
    ),
    "client-certificate": (
        "corporate",
        enterprise(TLS),
        enterprise({**TLS, "ClientCertType": "KeyPairAlias"}),
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.EAP.ClientCertType",
    ),
    "tunnel": (
        "corporate",
        enterprise({**EAP, "Outer": "EAP-TTLS", "Inner": "PAP"}),
        enterprise({**without(EAP, "Inner"), "Outer": "EAP-TTLS"}),
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.EAP.Inner",
    ),
    "passphrase-fits": (
        "corporate",
        onc(network(WPA)),
        onc(network(without(WPA, "Passphrase"))),
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.Passphrase",
    ),
    "passphrase-length": (
        "corporate",
        onc(network({**WPA, "Passphrase": "{device.serial}"})),
        onc(network({**WPA, "Passphrase": "tooshrt"})),
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.Passphrase",
    ),
    "eap-fits": (
        "corporate",
        enterprise(EAP),
        onc(network({"SSID": "office", "Security": "WPA-EAP"})),
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.EAP",
    ),
    "ssid": (
        "corporate",
        onc(network({**WPA, "HexSSID": "6F6666696365"})),
        onc(network({**WPA, "HexSSID": "6F6666696366"})),
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.SSID",
    ),
    "wifi-proxy": (
        "corporate",
        onc(
            network(
                WPA,
                ProxySettings={"Type": "Manual", "Manual": {"HTTPProxy": {"Host": "proxy.example.com", "Port": 3128}}},
            )
        ),
        onc(network(WPA, ProxySettings={"Type": "PAC", "Manual": {}})),
        "openNetworkConfiguration.NetworkConfigurations.0.ProxySettings",
    ),
    "certificate-content": (
        "corporate",
        onc(certificates=(ROOT, MINE)),
        onc(certificates=({**ROOT, "Type": "Client"},)),
        "openNetworkConfiguration.Certificates.0.Type",
    ),
    "wifi-strong-enough": (
        "corporate",
        {**onc(network(WPA)), "deviceRadioState": {"minimumWifiSecurityLevel": "PERSONAL_NETWORK_SECURITY"}},
        {**onc(network(WPA)), "deviceRadioState": {"minimumWifiSecurityLevel": "ENTERPRISE_NETWORK_SECURITY"}},
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.Security",
    ),
    "wifi-allowed": (
        "corporate",
        {
            **onc(network(WPA)),
            **connectivity(
                wifiSsidPolicy={"wifiSsidPolicyType": "WIFI_SSID_ALLOWLIST", "wifiSsids": [{"wifiSsid": "office"}]}
            ),
        },
        {
            **onc(network(WPA)),
            **connectivity(
                wifiSsidPolicy={"wifiSsidPolicyType": "WIFI_SSID_DENYLIST", "wifiSsids": [{"wifiSsid": "office"}]}
            ),
        },
        "openNetworkConfiguration.NetworkConfigurations.0.WiFi.SSID",
    ),
    "wifi-cut-off": (
        "corporate",
        {**onc(network(WPA)), **connectivity(configureWifi="DISALLOW_CONFIGURING_WIFI")},
        connectivity(configureWifi="DISALLOW_CONFIGURING_WIFI"),
        "deviceConnectivityManagement.configureWifi",
    ),
}
