"""The nodes that Muster reads, sets and executes, by name (Microsoft's CSP reference, DDF v2 of May 2024).

Plain data, which a test holds against the DDF. Groups are keyed by the path below what they share.
"""

from collections.abc import Mapping

from chalicelib.platforms.windows.allowed import Admx, Allowed, Choice, Flags, Listed, Pattern, Range, Xml
from chalicelib.platforms.windows.nodes import Node
from chalicelib.platforms.windows.syncml import ADD, DELETE, EXEC, GET, REPLACE

PROVIDER = "Muster"

DEVICE = "./Device/Vendor/MSFT"
EITHER = "./{scope}/Vendor/MSFT"
POLICY = f"{DEVICE}/Policy/Config"
CLIENT = f"{DEVICE}/DMClient/Provider/{PROVIDER}"

READ, RUN, SETTING = (GET,), (EXEC,), (ADD, REPLACE, DELETE, GET)
REPLACED, KEPT, INNER, FOUND = (REPLACE, GET), (ADD, REPLACE, GET), (ADD, DELETE, GET), (DELETE, GET)
SWITCH = Choice(0, 1)
Group = Mapping[str, Node]


def _reads(base: str, inner: str = "", since: int = 0, **names: str) -> Group:
    """Readable nodes by format: `chr="SwV HwV"`; `inner` is in front of each name."""
    return {inner + name: Node(f"{base}/{inner}{name}", kind, READ, since=since)
            for kind, several in names.items() for name in several.split()}  # fmt: skip


def _settings(base: str, kind: str, allowed: Mapping[str, Allowed | None], hidden: str = "", whole: str = "") -> Group:
    return {name: Node(f"{base}/{name}", kind, SETTING, takes, secret=name == hidden, whole=whole)
            for name, takes in allowed.items()}  # fmt: skip


def _free(names: str, takes: Allowed | None = None) -> Mapping[str, Allowed | None]:
    return dict.fromkeys(names.split(), takes)


# Who the device is, what it is and how it does.
DEV_INFO = _reads("./DevInfo", chr="DevId Man Mod DmV Lang")
DEV_DETAIL = {
    **_reads("./DevDetail", chr="DevTyp OEM FwV SwV HwV", bool="LrgObj"),
    **_reads("./DevDetail", "Ext/", chr="WLANMACAddress WlanIPv4Address WlanIPv6Address DeviceHardwareData"),
    **_reads("./DevDetail", "Ext/Microsoft/", chr="MobileID Resolution OSPlatform LocalTime SMBIOSSerialNumber"),
    **_reads("./DevDetail", "Ext/Microsoft/", chr="SMBIOSVersion SystemSKU DeviceName DNSComputerName"),
    **_reads("./DevDetail", "Ext/Microsoft/", int="ProcessorArchitecture ProcessorType"),
    **_reads("./DevDetail", "Ext/Microsoft/", int="TotalStorage FreeStorage TotalRAM"),
}
DEVICE_NAME = Node("./DevDetail/Ext/Microsoft/DeviceName", "chr", REPLACED)
DNS_COMPUTER_NAME = Node("./DevDetail/Ext/Microsoft/DNSComputerName", "chr", REPLACED)  # from the next start on
_STATUS = "./Vendor/MSFT/DeviceStatus"
DEVICE_STATUS = {
    **_reads(_STATUS, int="SecureBootState", chr="DomainName", bool="Compliance/EncryptionCompliance"),
    **_reads(_STATUS, int="OS/Mode Firewall/Status UAC/Status", chr="OS/Edition"),
    **_reads(_STATUS, "TPM/", chr="SpecificationVersion ManufacturerId ManufacturerIdTxt ManufacturerVersion"),
    **_reads(_STATUS, "Antivirus/", int="SignatureStatus Status"),
    **_reads(_STATUS, "Antispyware/", int="SignatureStatus Status"),
    **_reads(_STATUS, "Battery/", int="Status EstimatedChargeRemaining EstimatedRuntime"),
    **_reads(_STATUS, "DeviceGuard/", int="VirtualizationBasedSecurityHwReq VirtualizationBasedSecurityStatus"),
    **_reads(_STATUS, "DeviceGuard/", int="LsaCfgCredGuardStatus"),
    **_reads(_STATUS, since=22000, int="DeviceGuard/HypervisorEnforcedCodeIntegrityStatus"),
    **_reads(_STATUS, since=22000, int="DeviceGuard/SystemGuardStatus DMA/BootDMAProtectionStatus"),
}
NETWORK_IDENTIFIERS = Node("./Vendor/MSFT/DeviceStatus/NetworkIdentifiers", "node", READ)
CSP_VERSIONS = Node(f"{DEVICE}/DeviceManageability/Capabilities/CSPVersions", "xml", READ)

# Actions
DO_WIPE = Node(f"{DEVICE}/RemoteWipe/doWipe", "chr", RUN)
DO_WIPE_PERSIST_PROVISIONED_DATA = Node(f"{DEVICE}/RemoteWipe/doWipePersistProvisionedData", "chr", RUN)
DO_WIPE_PROTECTED = Node(f"{DEVICE}/RemoteWipe/doWipeProtected", "chr", RUN)
DO_WIPE_PERSIST_USER_DATA = Node(f"{DEVICE}/RemoteWipe/doWipePersistUserData", "chr", RUN)
DO_WIPE_CLOUD = Node(f"{DEVICE}/RemoteWipe/doWipeCloud", "chr", RUN, since=22621)
DO_WIPE_CLOUD_PERSIST_USER_DATA = Node(f"{DEVICE}/RemoteWipe/doWipeCloudPersistUserData", "chr", RUN, since=22621)
DO_AUTOMATIC_REDEPLOYMENT = Node(f"{DEVICE}/RemoteWipe/AutomaticRedeployment/doAutomaticRedeployment", "chr", RUN)
AUTOMATIC_REDEPLOYMENT = _reads(f"{DEVICE}/RemoteWipe/AutomaticRedeployment", int="LastError Status")
REMOTE_LOCK = Node(f"{DEVICE}/RemoteLock/Lock", "null", RUN)  # documented for phones only
REBOOT_NOW = Node(f"{DEVICE}/Reboot/RebootNow", "null", RUN)
REBOOT_ONCE = Node(f"{DEVICE}/Reboot/Schedule/Single", "chr", SETTING)  # ISO 8601
REBOOT_DAILY = Node(f"{DEVICE}/Reboot/Schedule/DailyRecurrent", "chr", SETTING)
# Documented (Accounts CSP) and not in the DDF files.
USER_PASSWORD = Node(f"{DEVICE}/Accounts/Users/{{user}}/Password", "chr", (ADD,), secret=True)
USER_GROUP = Node(f"{DEVICE}/Accounts/Users/{{user}}/LocalUserGroup", "int", (ADD,), Choice(1, 2))
LAPS_RESET_PASSWORD = Node(f"{DEVICE}/LAPS/Actions/ResetPassword", "null", RUN)
LAPS_RESET_STATUS = Node(f"{DEVICE}/LAPS/Actions/ResetPasswordStatus", "int", READ)
LAPS = {
    **_settings(f"{DEVICE}/LAPS/Policies", "int", {
        "BackupDirectory": Range(0, 2), "PasswordAgeDays": Range(1, 365), "PasswordComplexity": Range(1, 8),
        "PasswordLength": Range(8, 64), "ADEncryptedPasswordHistorySize": Range(0, 12),
        "PostAuthenticationResetDelay": Range(0, 24), "PostAuthenticationActions": Choice(1, 3, 5, 11)}),
    **_settings(f"{DEVICE}/LAPS/Policies", "chr", _free("AdministratorAccountName ADPasswordEncryptionPrincipal")),
    **_settings(f"{DEVICE}/LAPS/Policies", "bool",
                _free("PasswordExpirationProtectionEnabled ADPasswordEncryptionEnabled")),
}  # fmt: skip
ARCHIVE_DEFINITION = Node("./Vendor/MSFT/DiagnosticLog/DiagnosticArchive/ArchiveDefinition", "chr",
                          (EXEC, GET, REPLACE), Xml("Collection"), secret=True)  # fmt: skip
ARCHIVE_RESULTS = Node("./Vendor/MSFT/DiagnosticLog/DiagnosticArchive/ArchiveResults", "chr", READ)
TRIGGER_ATTESTATION = Node("./Vendor/MSFT/HealthAttestation/TriggerAttestation", "chr", RUN, since=22000)
ATTESTATION = _reads("./Vendor/MSFT/HealthAttestation", since=22000, int="AttestStatus",
                     chr="GetAttestReport GetServiceCorrelationIDs")  # fmt: skip

# The management client itself
UNENROLL = Node(f"{CLIENT}/Unenroll", "null", RUN)
PUSH_PFN = Node(f"{CLIENT}/Push/PFN", "chr", SETTING)
PUSH_CHANNEL = Node(f"{CLIENT}/Push/ChannelURI", "chr", READ)
PUSH_STATUS = Node(f"{CLIENT}/Push/Status", "int", READ)
DM_CLIENT = {
    **_reads(CLIENT, chr="EnrollmentType HWDevID AADDeviceID MaxSyncApplicationVersion"),
    **_settings(CLIENT, "chr", _free("EntDeviceName EntDMID HelpPhoneNumber HelpWebsite HelpEmailAddress")),
    "UPN": Node(f"{CLIENT}/UPN", "chr", KEPT),
    "ManagementServiceAddress": Node(f"{CLIENT}/ManagementServiceAddress", "chr", REPLACED),
    "ConfigRefresh/Enabled": Node(f"{CLIENT}/ConfigRefresh/Enabled", "bool", SETTING, since=22000),
    "ConfigRefresh/Cadence": Node(f"{CLIENT}/ConfigRefresh/Cadence", "int", SETTING, Range(30, 1440), since=22000),
}
POLL = {
    **_settings(f"{CLIENT}/Poll", "int", _free("IntervalForFirstSetOfRetries NumberOfFirstRetries")),  # minutes, times
    **_settings(f"{CLIENT}/Poll", "int", _free("IntervalForSecondSetOfRetries NumberOfSecondRetries")),
    **_settings(f"{CLIENT}/Poll", "int",
                _free("IntervalForRemainingScheduledRetries NumberOfRemainingScheduledRetries")),
    **_settings(f"{CLIENT}/Poll", "bool", _free("PollOnLogin AllUsersPollOnFirstLogin")),
}  # fmt: skip
_SYNC = f"{CLIENT}/FirstSyncStatus"
FIRST_SYNC = {
    **_settings(
        _SYNC, "chr", _free("ExpectedPolicies ExpectedNetworkProfiles ExpectedMSIAppPackages", Listed("\uf000"))
    ),
    **_settings(_SYNC, "chr", _free("ExpectedModernAppPackages ExpectedPFXCerts ExpectedSCEPCerts", Listed("\uf000"))),
    **_settings(_SYNC, "chr", _free("CustomErrorText")),
    "TimeOutUntilSyncFailure": Node(f"{_SYNC}/TimeOutUntilSyncFailure", "int", REPLACED, Range(1, 1440), "60"),
    "ServerHasFinishedProvisioning": Node(f"{_SYNC}/ServerHasFinishedProvisioning", "bool", REPLACED),
    "IsSyncDone": Node(f"{_SYNC}/IsSyncDone", "bool", REPLACED),
    "WasDeviceSuccessfullyProvisioned": Node(f"{_SYNC}/WasDeviceSuccessfullyProvisioned", "int", REPLACED, Range(0, 2)),
    "BlockInStatusPage": Node(f"{_SYNC}/BlockInStatusPage", "int", REPLACED, Flags(7), "0"),
    "AllowCollectLogsButton": Node(f"{_SYNC}/AllowCollectLogsButton", "bool", REPLACED, default="false"),
    "SkipDeviceStatusPage": Node(f"{_SYNC}/SkipDeviceStatusPage", "bool", REPLACED, default="true"),
    "SkipUserStatusPage": Node(f"{_SYNC}/SkipUserStatusPage", "bool", REPLACED, default="true"),
}
# Documented (EnrollmentStatusTracking CSP) and not in the DDF files.
_PREPARATION = f"{DEVICE}/EnrollmentStatusTracking/DevicePreparation/PolicyProviders/{PROVIDER}"
STATUS_TRACKING = _settings(_PREPARATION, "int", {"InstallationState": Range(1, 4), "LastError": None, "Timeout": None})
PROVISIONING_COMPLETED = Node(f"{DEVICE}/EnrollmentStatusTracking/Setup/HasProvisioningCompleted", "bool", SETTING)

# Encryption, protection, firewall
BITLOCKER = {
    **_settings(f"{DEVICE}/BitLocker", "int", {
        "RequireDeviceEncryption": SWITCH, "AllowWarningForOtherDiskEncryption": SWITCH,
        "AllowStandardUserEncryption": SWITCH, "ConfigureRecoveryPasswordRotation": Range(0, 2)}),
    **_settings(f"{DEVICE}/BitLocker", "chr", _free(
        "EncryptionMethodByDriveType SystemDrivesRequireStartupAuthentication SystemDrivesMinimumPINLength "
        "SystemDrivesRecoveryOptions SystemDrivesRecoveryMessage SystemDrivesEncryptionType FixedDrivesRecoveryOptions "
        "FixedDrivesRequireEncryption FixedDrivesEncryptionType RemovableDrivesRequireEncryption IdentificationField",
        Admx())),
}  # fmt: skip
ROTATE_RECOVERY_PASSWORDS = Node(f"{DEVICE}/BitLocker/RotateRecoveryPasswords", "chr", RUN)
BITLOCKER_STATUS = _reads(f"{DEVICE}/BitLocker/Status", chr="RotateRecoveryPasswordsRequestID", int=(
    "DeviceEncryptionStatus RotateRecoveryPasswordsStatus RemovableDrivesEncryptionStatus"))  # fmt: skip
DEFENDER_HEALTH = _reads(
    f"{DEVICE}/Defender/Health",
    int="ProductStatus ComputerState",
    bool="DefenderEnabled RtpEnabled NisEnabled QuickScanOverdue FullScanOverdue SignatureOutOfDate RebootRequired "
    "FullScanRequired TamperProtectionEnabled IsVirtualMachine",
    chr="EngineVersion SignatureVersion DefenderVersion QuickScanTime FullScanTime QuickScanSigVersion "
    "FullScanSigVersion",
)
DEFENDER_DETECTIONS = Node(f"{DEVICE}/Defender/Detections", "node", READ)
DEFENDER_SCAN = Node(f"{DEVICE}/Defender/Scan", "chr", RUN, Choice(1, 2))  # quick, full
DEFENDER_UPDATE_SIGNATURE = Node(f"{DEVICE}/Defender/UpdateSignature", "chr", RUN)
DEFENDER_OFFLINE_SCAN = Node(f"{DEVICE}/Defender/OfflineScan", "chr", RUN)
TAMPER_PROTECTION = Node(f"{DEVICE}/Defender/Configuration/TamperProtection", "chr", SETTING)
_FIREWALL = "./Vendor/MSFT/Firewall/MdmStore/{profile}Profile"
FIREWALL = {
    "EnableFirewall": Node(f"{_FIREWALL}/EnableFirewall", "bool", (REPLACE,), None, "true"),  # DEVICE_STATUS tells
    "Shielded": Node(f"{_FIREWALL}/Shielded", "bool", (REPLACE,), None, "false"),
    "DisableStealthMode": Node(f"{_FIREWALL}/DisableStealthMode", "bool", REPLACED, None, "false"),
    "DisableInboundNotifications": Node(f"{_FIREWALL}/DisableInboundNotifications", "bool", REPLACED, None, "false"),
    "AllowLocalPolicyMerge": Node(f"{_FIREWALL}/AllowLocalPolicyMerge", "bool", REPLACED, None, "true"),
    "DefaultInboundAction": Node(f"{_FIREWALL}/DefaultInboundAction", "int", REPLACED, SWITCH, "1"),
    "DefaultOutboundAction": Node(f"{_FIREWALL}/DefaultOutboundAction", "int", REPLACED, SWITCH, "0"),
}
_RULE = "./Vendor/MSFT/Firewall/MdmStore/FirewallRules/{name}"
FIREWALL_RULE = {
    "": Node(_RULE, "node", SETTING),
    **_settings(
        _RULE, "chr", _free("App/FilePath App/PackageFamilyName App/ServiceName Description Name"), whole=_RULE
    ),
    **_settings(_RULE, "chr", _free("LocalPortRanges RemotePortRanges", Listed(",", Pattern("[0-9-]+"))), whole=_RULE),
    **_settings(_RULE, "chr", _free("LocalAddressRanges RemoteAddressRanges", Listed(",")), whole=_RULE),
    "Protocol": Node(f"{_RULE}/Protocol", "int", SETTING, Range(0, 255), whole=_RULE),
    "Direction": Node(f"{_RULE}/Direction", "chr", REPLACED, Choice("IN", "OUT"), "OUT", whole=_RULE),
    "Action/Type": Node(f"{_RULE}/Action/Type", "int", REPLACED, SWITCH, "1", whole=_RULE),
    "Profiles": Node(f"{_RULE}/Profiles", "int", REPLACED, Flags(7), whole=_RULE),  # domain, private, public
    "Enabled": Node(f"{_RULE}/Enabled", "bool", REPLACED, SWITCH, whole=_RULE),
    "Status": Node(f"{_RULE}/Status", "chr", READ),
}

# Policy areas
DEVICE_LOCK = {
    **_settings(f"{POLICY}/DeviceLock", "int", {
        "DevicePasswordEnabled": SWITCH,  # 0 means on
        "MinDevicePasswordLength": Range(4, 16), "MinDevicePasswordComplexCharacters": Range(1, 4),
        "AlphanumericDevicePasswordRequired": Range(0, 2), "AllowSimpleDevicePassword": SWITCH,
        "DevicePasswordExpiration": Range(0, 730), "DevicePasswordHistory": Range(0, 50),
        "MaxDevicePasswordFailedAttempts": Range(0, 999), "MaxInactivityTimeDeviceLock": Range(0, 999),
        "MinimumPasswordAge": Range(0, 998)}),
    **_settings(f"{POLICY}/DeviceLock", "chr",
                _free("PreventLockScreenSlideShow PreventEnablingLockScreenCamera", Admx())),
}  # fmt: skip
UPDATE = {
    **_settings(f"{POLICY}/Update", "int", {
        "AllowAutoUpdate": Range(0, 5), "ActiveHoursStart": Range(0, 23), "ActiveHoursEnd": Range(0, 23),
        "ActiveHoursMaxRange": Range(8, 18), "BranchReadinessLevel": Choice(2, 4, 8, 16, 32, 64, 128),
        "ManagePreviewBuilds": Range(0, 3), "DeferFeatureUpdatesPeriodInDays": Range(0, 365),
        "DeferQualityUpdatesPeriodInDays": Range(0, 30), "PauseFeatureUpdates": SWITCH, "PauseQualityUpdates": SWITCH,
        "ConfigureDeadlineForFeatureUpdates": Range(0, 30), "ConfigureDeadlineForQualityUpdates": Range(0, 30),
        "ConfigureDeadlineGracePeriod": Range(0, 7), "ConfigureDeadlineGracePeriodForFeatureUpdates": Range(0, 7),
        "ConfigureDeadlineNoAutoReboot": SWITCH, "ExcludeWUDriversInQualityUpdate": SWITCH,
        "AllowMUUpdateService": SWITCH, "ScheduledInstallDay": Range(0, 7), "ScheduledInstallTime": Range(0, 23),
        "SetDisablePauseUXAccess": SWITCH, "SetDisableUXWUAccess": SWITCH, "UpdateNotificationLevel": Range(0, 2),
        "DisableDualScan": SWITCH}),
    **_settings(f"{POLICY}/Update", "chr",
                _free("ProductVersion TargetReleaseVersion PauseFeatureUpdatesStartTime PauseQualityUpdatesStartTime")),
}  # fmt: skip
DEFENDER = {
    **_settings(f"{POLICY}/Defender", "int", _free(
        "AllowArchiveScanning AllowBehaviorMonitoring AllowCloudProtection AllowEmailScanning AllowIOAVProtection "
        "AllowFullScanRemovableDriveScanning AllowOnAccessProtection AllowRealtimeMonitoring AllowScanningNetworkFiles "
        "AllowScriptScanning AllowUserUIAccess CheckForSignaturesBeforeRunningScan DisableCatchupFullScan "
        "DisableCatchupQuickScan", SWITCH)),
    **_settings(f"{POLICY}/Defender", "int", {
        "AvgCPULoadFactor": Range(0, 100), "CloudBlockLevel": Choice(0, 2, 4, 6), "CloudExtendedTimeout": Range(0, 50),
        "DaysToRetainCleanedMalware": Range(0, 90), "EnableControlledFolderAccess": Range(0, 4),
        "EnableNetworkProtection": Range(0, 2), "PUAProtection": Range(0, 2), "RealTimeScanDirection": Range(0, 2),
        "ScanParameter": Choice(1, 2), "ScheduleQuickScanTime": Range(0, 1380), "ScheduleScanDay": Range(0, 8),
        "ScheduleScanTime": Range(0, 1380), "SignatureUpdateInterval": Range(0, 24),
        "SubmitSamplesConsent": Range(0, 3)}),
    **_settings(f"{POLICY}/Defender", "chr", _free(
        "AttackSurfaceReductionOnlyExclusions ExcludedExtensions ExcludedPaths ExcludedProcesses", Listed("|"))),
    **_settings(f"{POLICY}/Defender", "chr", _free("AttackSurfaceReductionRules")),
}  # fmt: skip
REMOTE_ASSISTANCE = _settings(f"{POLICY}/RemoteAssistance", "chr", _free(
    "SolicitedRemoteAssistance UnsolicitedRemoteAssistance SessionLogging", Admx()))  # fmt: skip
ADMX_INSTALL = Node(f"{DEVICE}/Policy/ConfigOperations/ADMXInstall/{{name}}/Policy/{{policy}}", "chr", SETTING, Xml())
# {area} is {name of the template}~Policy~{category}; an area of a template is in no DDF.
ADMX_POLICY = Node(f"{POLICY}/{{area}}/{{policy}}", "chr", SETTING, Admx())

# Networks and certificates
_WIFI = f"{EITHER}/WiFi/Profile/{{ssid}}"
WIFI_PROFILE = Node(_WIFI, "node", SETTING)
WLAN_XML = Node(f"{_WIFI}/WlanXml", "chr", SETTING, Xml("WLANProfile"), secret=True, whole=_WIFI)
_VPN = f"{EITHER}/VPNv2/{{name}}"
VPN_PROFILE = Node(_VPN, "node", SETTING)
VPN_PROFILE_XML = Node(f"{_VPN}/ProfileXML", "chr", SETTING, Xml("VPNProfile"), secret=True, whole=_VPN)
_TRUSTED = f"{DEVICE}/RootCATrustedCertificates/{{store}}/{{thumbprint}}"
TRUSTED_CERTIFICATE = Node(f"{_TRUSTED}/EncodedCertificate", "b64", KEPT, whole=_TRUSTED)
TRUSTED_CERTIFICATES = Node(f"{DEVICE}/RootCATrustedCertificates/{{store}}", "node", READ)
CERTIFICATE_STORES = _reads(f"{DEVICE}/CertificateStore", node="ROOT/System CA/System MY/User")
RENEWAL = {
    **_reads(f"{DEVICE}/CertificateStore/MY/WSTEP/Renew", int="Status ErrorCode", time="LastRenewalAttemptTime"),
    "RenewPeriod": Node(f"{DEVICE}/CertificateStore/MY/WSTEP/Renew/RenewPeriod", "int", SETTING, Range(1, 1000)),
    "RetryInterval": Node(f"{DEVICE}/CertificateStore/MY/WSTEP/Renew/RetryInterval", "int", SETTING, Range(1, 1000)),
    "ROBOSupport": Node(f"{DEVICE}/CertificateStore/MY/WSTEP/Renew/ROBOSupport", "bool", SETTING),
    "RenewNow": Node(f"{DEVICE}/CertificateStore/MY/WSTEP/Renew/RenewNow", "null", RUN),
}
_SCEP = f"{EITHER}/ClientCertificateInstall/SCEP/{{name}}"
SCEP = {
    "": Node(_SCEP, "node", SETTING),
    **_settings(_SCEP, "chr", _free("Install/ServerURL Install/Challenge"), hidden="Install/Challenge", whole=_SCEP),
    **_settings(_SCEP, "chr", _free("Install/EKUMapping Install/SubjectName Install/HashAlgorithm"), whole=_SCEP),
    **_settings(_SCEP, "chr", _free("Install/SubjectAlternativeNames Install/ContainerName"), whole=_SCEP),
    **_settings(_SCEP, "chr", _free("Install/CAThumbprint"), whole=_SCEP),
    **_settings(_SCEP, "chr", {"Install/ValidPeriod": Choice("Days", "Months", "Years")}, whole=_SCEP),
    **_settings(_SCEP, "int", {
        "Install/KeyUsage": None, "Install/KeyProtection": Range(1, 4), "Install/RetryDelay": Range(0, 4294967295),
        "Install/RetryCount": Range(0, 30), "Install/KeyLength": Choice(2048, 4096), "Install/ValidPeriodUnits": None},
        whole=_SCEP),
    "Install/Enroll": Node(f"{_SCEP}/Install/Enroll", "null", RUN),
    **_reads(_SCEP, chr="CertThumbprint RespondentServerUrl", int="Status ErrorCode"),
}  # fmt: skip
_PFX = f"{EITHER}/ClientCertificateInstall/PFXCertInstall/{{name}}"
PFX = {
    "": Node(_PFX, "node", SETTING),
    "KeyLocation": Node(f"{_PFX}/KeyLocation", "int", KEPT, Range(1, 4), whole=_PFX),
    "ContainerName": Node(f"{_PFX}/ContainerName", "chr", KEPT, whole=_PFX),
    "PFXCertBlob": Node(f"{_PFX}/PFXCertBlob", "bin", KEPT, secret=True, whole=_PFX),
    "PFXCertPassword": Node(f"{_PFX}/PFXCertPassword", "chr", KEPT, secret=True, whole=_PFX),
    "PFXKeyExportable": Node(f"{_PFX}/PFXKeyExportable", "bool", KEPT, default="true", whole=_PFX),
    **_reads(_PFX, chr="Thumbprint", int="Status"),
}

# Applications
_MSI = f"{EITHER}/EnterpriseDesktopAppManagement/MSI"
MSI_PRODUCTS = Node(_MSI, "node", READ)
_PRODUCT = f"{_MSI}/{{product}}"
MSI_PRODUCT = Node(_PRODUCT, "node", INNER)
MSI_INSTALL = Node(f"{_PRODUCT}/DownloadInstall", "xml", (*SETTING, EXEC), Xml("MsiInstallJob"), whole=_PRODUCT)
MSI = _reads(_PRODUCT, chr="Version Name Publisher InstallPath InstallDate LastErrorDesc", int="Status LastError")
_MODERN = f"{DEVICE}/EnterpriseModernAppManagement"
APP_INVENTORY_QUERY = Node(f"{_MODERN}/AppManagement/AppInventoryQuery", "xml", REPLACED, Xml("Inventory"))
APP_INVENTORY_RESULTS = Node(f"{_MODERN}/AppManagement/AppInventoryResults", "xml", READ)
APPS = _reads(f"{_MODERN}/AppManagement", node="AppStore nonStore System")
APP_UPDATE_SCAN = Node(f"{_MODERN}/AppManagement/UpdateScan", "null", RUN)
APP_REMOVE = Node(f"{_MODERN}/AppManagement/{{source}}/{{family}}", "node", INNER)
_APP = f"{_MODERN}/AppInstallation/{{family}}"
APP_INSTALLATION = Node(_APP, "node", SETTING)
HOSTED_INSTALL = Node(f"{_APP}/HostedInstall", "xml", (ADD, DELETE, EXEC, GET), Xml("Application"))
STORE_INSTALL = Node(f"{_APP}/StoreInstall", "xml", (ADD, DELETE, EXEC, GET), Xml("App"))
APP_INSTALL_STATUS = _reads(_APP, int="LastError Status ProgressStatus", chr="LastErrorDesc")
_LAUNCH = "./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/{name}"
APPLOCKER_GROUP = Node(_LAUNCH, "node", SETTING)
APPLOCKER = _settings(_LAUNCH, "chr", _free("EXE/Policy MSI/Policy Script/Policy StoreApps/Policy DLL/Policy",
                                            Xml("RuleCollection")), whole=_LAUNCH)  # fmt: skip
CODE_INTEGRITY_POLICY = Node("./Vendor/MSFT/ApplicationControl/Policies/{guid}/Policy", "b64", SETTING)
CODE_INTEGRITY = _reads("./Vendor/MSFT/ApplicationControl/Policies/{guid}/PolicyInfo", int="Status",
                        chr="Version FriendlyName", bool="IsEffective IsDeployed IsAuthorized")  # fmt: skip

# Mail of a user
_EMAIL = "./User/Vendor/MSFT/EMAIL2/{braced}"
EMAIL = {
    "": Node(_EMAIL, "node", SETTING),
    **_settings(_EMAIL, "chr", _free("AUTHNAME AUTHSECRET INSERVER OUTSERVER"), hidden="AUTHSECRET", whole=_EMAIL),
    **_settings(_EMAIL, "chr", _free("DOMAIN NAME REPLYADDR SERVICENAME SERVICETYPE"), whole=_EMAIL),
    **_settings(_EMAIL, "chr", {"AUTHREQUIRED": SWITCH, "ACCOUNTTYPE": Choice("Email")}, whole=_EMAIL),
    "TAGPROPS/8128000B": Node(f"{_EMAIL}/TAGPROPS/8128000B", "chr", SETTING, SWITCH, whole=_EMAIL),  # TLS, incoming
    "TAGPROPS/812C000B": Node(f"{_EMAIL}/TAGPROPS/812C000B", "chr", SETTING, SWITCH, whole=_EMAIL),  # TLS, outgoing
}
_EXCHANGE = "./User/Vendor/MSFT/ActiveSync/Accounts/{braced}"
EXCHANGE = {
    "": Node(_EXCHANGE, "node", SETTING),
    **_settings(_EXCHANGE, "chr", _free("EmailAddress Domain UserName Password"), hidden="Password", whole=_EXCHANGE),
    **_settings(_EXCHANGE, "chr", _free("ServerName AccountIcon AccountType AccountName"), whole=_EXCHANGE),
    **_settings(_EXCHANGE, "chr", {"Options/UseSSL": SWITCH, "Options/MailAgeFilter": Range(0, 6)}, whole=_EXCHANGE),
}


def _named() -> Group:
    found: dict[str, Node] = {}
    for name, value in globals().items():
        if isinstance(value, Node):
            found[name] = value
        elif isinstance(value, dict) and name.isupper() and not name.startswith("_"):
            found |= {f"{name}/{key}": node for key, node in value.items()}
    return found


NODES: Group = _named()
