"""The nodes that a simulated PC has by itself: LocURI, what may be done to it, format, and what it holds at first.

Each line that a DDF file describes is checked against it by a test. Access: A(dd) G(et) R(eplace) D(elete) X(exec);
U: a Replace makes the node where it is missing, as Microsoft's own examples for DMClient want it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

VERBS = {"A": "Add", "G": "Get", "R": "Replace", "D": "Delete", "X": "Exec"}

TABLE = """
./DevInfo/DevId G chr {device_id}
./DevInfo/Man G chr {manufacturer}
./DevInfo/Mod G chr {model}
./DevInfo/DmV G chr 1.3
./DevInfo/Lang G chr {language}
./DevDetail/DevTyp G chr Desktop
./DevDetail/OEM G chr {manufacturer}
./DevDetail/FwV G chr 1.18.0
./DevDetail/SwV G chr {os_version}
./DevDetail/HwV G chr 1.0
./DevDetail/LrgObj G bool true
./DevDetail/Ext/Microsoft/MobileID G chr {guid}
./DevDetail/Ext/Microsoft/Resolution G chr 1920x1080
./DevDetail/Ext/Microsoft/ProcessorArchitecture G int 9
./DevDetail/Ext/Microsoft/ProcessorType G int 8664
./DevDetail/Ext/Microsoft/OSPlatform G chr Windows 11 Enterprise
./DevDetail/Ext/Microsoft/LocalTime G chr 2024-11-05T10:00:00.0000000Z
./DevDetail/Ext/Microsoft/DeviceName GR chr {name}
./DevDetail/Ext/Microsoft/DNSComputerName GR chr {name}
./DevDetail/Ext/Microsoft/TotalStorage G int 488281
./DevDetail/Ext/Microsoft/FreeStorage G int 301122
./DevDetail/Ext/Microsoft/TotalRAM G int 16384
./DevDetail/Ext/Microsoft/SMBIOSSerialNumber G chr {serial}
./DevDetail/Ext/Microsoft/SMBIOSVersion G chr 3.5
./DevDetail/Ext/Microsoft/SystemSKU G chr 0C09
./DevDetail/Ext/WLANMACAddress G chr {mac}
./DevDetail/Ext/WlanIPv4Address G chr 10.0.4.17
./Vendor/MSFT/DeviceStatus/SecureBootState G int 1
./Vendor/MSFT/DeviceStatus/NetworkIdentifiers/*/IPAddressV4 G chr
./Vendor/MSFT/DeviceStatus/NetworkIdentifiers/*/IsConnected G bool
./Vendor/MSFT/DeviceStatus/NetworkIdentifiers/*/Type G int
./Vendor/MSFT/DeviceStatus/Compliance/EncryptionCompliance G bool false
./Vendor/MSFT/DeviceStatus/TPM/SpecificationVersion G chr 2.0
./Vendor/MSFT/DeviceStatus/TPM/ManufacturerIdTxt G chr INTC
./Vendor/MSFT/DeviceStatus/TPM/ManufacturerVersion G chr 600.18.34.0
./Vendor/MSFT/DeviceStatus/OS/Edition G chr {os_edition}
./Vendor/MSFT/DeviceStatus/OS/Mode G int 0
./Vendor/MSFT/DeviceStatus/Antivirus/SignatureStatus G int 1
./Vendor/MSFT/DeviceStatus/Antivirus/Status G int 0
./Vendor/MSFT/DeviceStatus/Antispyware/SignatureStatus G int 1
./Vendor/MSFT/DeviceStatus/Antispyware/Status G int 0
./Vendor/MSFT/DeviceStatus/Firewall/Status G int 0
./Vendor/MSFT/DeviceStatus/UAC/Status G int 0
./Vendor/MSFT/DeviceStatus/Battery/Status G int 1
./Vendor/MSFT/DeviceStatus/Battery/EstimatedChargeRemaining G int 84
./Vendor/MSFT/DeviceStatus/Battery/EstimatedRuntime G int 17520
./Vendor/MSFT/DeviceStatus/DomainName G chr
./Vendor/MSFT/DeviceStatus/DeviceGuard/VirtualizationBasedSecurityHwReq G int 0
./Vendor/MSFT/DeviceStatus/DeviceGuard/VirtualizationBasedSecurityStatus G int 0
./Vendor/MSFT/DeviceStatus/DeviceGuard/LsaCfgCredGuardStatus G int 0
./Vendor/MSFT/DeviceStatus/DMA/BootDMAProtectionStatus G int 1
./Device/Vendor/MSFT/Defender/Health/ProductStatus G int 524288
./Device/Vendor/MSFT/Defender/Health/ComputerState G int 0
./Device/Vendor/MSFT/Defender/Health/DefenderEnabled G bool true
./Device/Vendor/MSFT/Defender/Health/RtpEnabled G bool true
./Device/Vendor/MSFT/Defender/Health/NisEnabled G bool true
./Device/Vendor/MSFT/Defender/Health/QuickScanOverdue G bool true
./Device/Vendor/MSFT/Defender/Health/FullScanOverdue G bool true
./Device/Vendor/MSFT/Defender/Health/SignatureOutOfDate G bool false
./Device/Vendor/MSFT/Defender/Health/RebootRequired G bool false
./Device/Vendor/MSFT/Defender/Health/FullScanRequired G bool false
./Device/Vendor/MSFT/Defender/Health/EngineVersion G chr 1.1.24090.11
./Device/Vendor/MSFT/Defender/Health/SignatureVersion G chr 1.421.12.0
./Device/Vendor/MSFT/Defender/Health/DefenderVersion G chr 4.18.24090.11
./Device/Vendor/MSFT/Defender/Health/QuickScanTime G chr
./Device/Vendor/MSFT/Defender/Health/FullScanTime G chr
./Device/Vendor/MSFT/Defender/Health/QuickScanSigVersion G chr
./Device/Vendor/MSFT/Defender/Health/FullScanSigVersion G chr
./Device/Vendor/MSFT/Defender/Health/TamperProtectionEnabled G bool true
./Device/Vendor/MSFT/Defender/Health/IsVirtualMachine G bool false
./Device/Vendor/MSFT/Defender/Detections/*/Name G chr
./Device/Vendor/MSFT/Defender/Detections/*/Severity G int
./Device/Vendor/MSFT/Defender/Detections/*/CurrentStatus G int
./Device/Vendor/MSFT/Defender/Scan GX chr
./Device/Vendor/MSFT/Defender/UpdateSignature GX chr
./Device/Vendor/MSFT/Defender/OfflineScan GX chr
./Device/Vendor/MSFT/BitLocker/RequireDeviceEncryption AGRD int -
./Device/Vendor/MSFT/BitLocker/AllowWarningForOtherDiskEncryption AGRD int -
./Device/Vendor/MSFT/BitLocker/AllowStandardUserEncryption AGRD int -
./Device/Vendor/MSFT/BitLocker/EncryptionMethodByDriveType AGRD chr -
./Device/Vendor/MSFT/BitLocker/SystemDrivesRecoveryOptions AGRD chr -
./Device/Vendor/MSFT/BitLocker/FixedDrivesRecoveryOptions AGRD chr -
./Device/Vendor/MSFT/BitLocker/SystemDrivesRequireStartupAuthentication AGRD chr -
./Device/Vendor/MSFT/BitLocker/ConfigureRecoveryPasswordRotation AGRD int -
./Device/Vendor/MSFT/BitLocker/RotateRecoveryPasswords X chr
./Device/Vendor/MSFT/BitLocker/Status/DeviceEncryptionStatus G int 1
./Device/Vendor/MSFT/BitLocker/Status/RotateRecoveryPasswordsStatus G int 2
./Device/Vendor/MSFT/BitLocker/Status/RotateRecoveryPasswordsRequestID G chr
./Device/Vendor/MSFT/LAPS/Policies/BackupDirectory AGRD int -
./Device/Vendor/MSFT/LAPS/Policies/PasswordAgeDays AGRD int -
./Device/Vendor/MSFT/LAPS/Policies/PasswordComplexity AGRD int -
./Device/Vendor/MSFT/LAPS/Policies/PasswordLength AGRD int -
./Device/Vendor/MSFT/LAPS/Policies/AdministratorAccountName AGRD chr -
./Device/Vendor/MSFT/LAPS/Policies/PostAuthenticationResetDelay AGRD int -
./Device/Vendor/MSFT/LAPS/Policies/PostAuthenticationActions AGRD int -
./Device/Vendor/MSFT/LAPS/Actions/ResetPassword X null
./Device/Vendor/MSFT/LAPS/Actions/ResetPasswordStatus G int 0
./Device/Vendor/MSFT/RemoteWipe/doWipe X chr
./Device/Vendor/MSFT/RemoteWipe/doWipePersistProvisionedData X chr
./Device/Vendor/MSFT/RemoteWipe/doWipeProtected X chr
./Device/Vendor/MSFT/RemoteWipe/doWipePersistUserData X chr
./Device/Vendor/MSFT/RemoteWipe/doWipeCloud X chr
./Device/Vendor/MSFT/RemoteWipe/doWipeCloudPersistUserData X chr
./Device/Vendor/MSFT/RemoteWipe/doWipeCloudPersistProvisionedData X chr
./Device/Vendor/MSFT/RemoteWipe/AutomaticRedeployment/doAutomaticRedeployment X chr
./Device/Vendor/MSFT/RemoteWipe/AutomaticRedeployment/LastError G int 0
./Device/Vendor/MSFT/RemoteWipe/AutomaticRedeployment/Status G int 0
./Device/Vendor/MSFT/RemoteLock/Lock GX null
./Device/Vendor/MSFT/RemoteLock/LockAndResetPIN GX null
./Device/Vendor/MSFT/Reboot/RebootNow GX null
./Device/Vendor/MSFT/Reboot/Schedule/Single AGRD chr -
./Device/Vendor/MSFT/Reboot/Schedule/DailyRecurrent AGRD chr -
./Device/Vendor/MSFT/Reboot/Schedule/WeeklyRecurrent AGRD chr -
./Device/Vendor/MSFT/RemoteFind/DesiredAccuracy GR int 50
./Device/Vendor/MSFT/RemoteFind/Timeout GR int 7
./Device/Vendor/MSFT/RemoteFind/MaximumAge GR int 60
./Device/Vendor/MSFT/RemoteFind/Location/Latitude G chr {latitude}
./Device/Vendor/MSFT/RemoteFind/Location/Longitude G chr {longitude}
./Device/Vendor/MSFT/RemoteFind/Location/Altitude G chr 41
./Device/Vendor/MSFT/RemoteFind/Location/Accuracy G int 30
./Device/Vendor/MSFT/RemoteFind/Location/AltitudeAccuracy G int 10
./Device/Vendor/MSFT/RemoteFind/Location/Age G int 12
./Device/Vendor/MSFT/DMClient/HWDevID G chr {hwdev_id}
./Device/Vendor/MSFT/DMClient/Unenroll GX null
./Device/Vendor/MSFT/DMClient/Provider/* AGD node
./Device/Vendor/MSFT/DMClient/Provider/*/EntDeviceName AGRDU chr
./Device/Vendor/MSFT/DMClient/Provider/*/EntDMID AGRDU chr
./Device/Vendor/MSFT/DMClient/Provider/*/UPN AGRU chr
./Device/Vendor/MSFT/DMClient/Provider/*/HelpPhoneNumber AGRDU chr
./Device/Vendor/MSFT/DMClient/Provider/*/HelpWebsite AGRDU chr
./Device/Vendor/MSFT/DMClient/Provider/*/HelpEmailAddress AGRDU chr
./Device/Vendor/MSFT/DMClient/Provider/*/SyncApplicationVersion AGRDU chr
./Device/Vendor/MSFT/DMClient/Provider/*/MaxSyncApplicationVersion G chr
./Device/Vendor/MSFT/DMClient/Provider/*/ManagementServiceAddress GRU chr
./Device/Vendor/MSFT/DMClient/Provider/*/Unenroll GX null
./Device/Vendor/MSFT/DMClient/Provider/*/EnrollmentType G chr
./Device/Vendor/MSFT/DMClient/Provider/*/HWDevID G chr
./Device/Vendor/MSFT/DMClient/Provider/*/AADDeviceID G chr
./Device/Vendor/MSFT/DMClient/Provider/*/NumberOfDaysAfterLostContactToUnenroll AGRDU int
./Device/Vendor/MSFT/DMClient/Provider/*/Push AGD node
./Device/Vendor/MSFT/DMClient/Provider/*/Push/PFN AGRDU chr
./Device/Vendor/MSFT/DMClient/Provider/*/Push/ChannelURI G chr
./Device/Vendor/MSFT/DMClient/Provider/*/Push/Status G int
./Device/Vendor/MSFT/DMClient/Provider/*/Poll AGD node
./Device/Vendor/MSFT/DMClient/Provider/*/Poll/IntervalForFirstSetOfRetries AGRDU int
./Device/Vendor/MSFT/DMClient/Provider/*/Poll/NumberOfFirstRetries AGRDU int
./Device/Vendor/MSFT/DMClient/Provider/*/Poll/IntervalForSecondSetOfRetries AGRDU int
./Device/Vendor/MSFT/DMClient/Provider/*/Poll/NumberOfSecondRetries AGRDU int
./Device/Vendor/MSFT/DMClient/Provider/*/Poll/IntervalForRemainingScheduledRetries AGRDU int
./Device/Vendor/MSFT/DMClient/Provider/*/Poll/NumberOfRemainingScheduledRetries AGRDU int
./Device/Vendor/MSFT/DMClient/Provider/*/Poll/PollOnLogin AGRDU bool
./Device/Vendor/MSFT/DMClient/Provider/*/Poll/AllUsersPollOnFirstLogin AGRDU bool
./Device/Vendor/MSFT/DMClient/Provider/*/FirstSyncStatus AGD node
./Device/Vendor/MSFT/DMClient/Provider/*/FirstSyncStatus/ServerHasFinishedProvisioning GRU bool
./Device/Vendor/MSFT/DMClient/Provider/*/FirstSyncStatus/IsSyncDone GRU bool
./Device/Vendor/MSFT/DMClient/Provider/*/FirstSyncStatus/WasDeviceSuccessfullyProvisioned GRU int
./Device/Vendor/MSFT/DMClient/Provider/*/FirstSyncStatus/TimeOutUntilSyncFailure GRU int
./Device/Vendor/MSFT/DMClient/Provider/*/FirstSyncStatus/SkipUserStatusPage GRU bool
./Device/Vendor/MSFT/DMClient/Provider/*/FirstSyncStatus/SkipDeviceStatusPage GRU bool
./Device/Vendor/MSFT/DMClient/Provider/*/FirstSyncStatus/BlockInStatusPage GRU int
./Device/Vendor/MSFT/EnrollmentStatusTracking/DevicePreparation/PolicyProviders/* AGRD node
./Device/Vendor/MSFT/EnrollmentStatusTracking/DevicePreparation/PolicyProviders/*/InstallationState AGRD int
./Device/Vendor/MSFT/EnrollmentStatusTracking/DevicePreparation/PolicyProviders/*/LastError AGRD int
./Device/Vendor/MSFT/EnrollmentStatusTracking/DevicePreparation/PolicyProviders/*/TrackedResourceTypes/Apps AGRD bool
./Vendor/MSFT/DiagnosticLog/DiagnosticArchive/ArchiveDefinition GRX chr
./Vendor/MSFT/DiagnosticLog/DiagnosticArchive/ArchiveResults G chr
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/* AGD node
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/*/Version G chr
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/*/Name G chr
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/*/Publisher G chr
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/*/InstallPath G chr
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/*/InstallDate G chr
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/*/DownloadInstall AGRDX xml
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/*/Status G int
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/*/LastError G int
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/*/LastErrorDesc G chr
./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/UpgradeCode/* G chr
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/* AGD node
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/* AGD node
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/*/Name G chr
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/*/Version G chr
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/*/Publisher G chr
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/*/Architecture G chr
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/*/InstallLocation G chr
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/*/InstallDate G chr
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/*/IsFramework G int
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/*/IsBundle G int
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/*/PackageStatus G int
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/*/IsProvisioned G int
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/*/DoNotUpdate AGRD int
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore/ReleaseManagement/* GR node
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppInventoryQuery GR xml
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppInventoryResults G xml
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/* AGRD node
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/*/HostedInstall AGDX xml
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/*/StoreInstall AGDX xml
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/*/LastError G int
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/*/LastErrorDesc G chr
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/*/Status G int
./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/*/ProgressStatus G int
./Device/Vendor/MSFT/CertificateStore/ROOT/System/* GD node
./Device/Vendor/MSFT/CertificateStore/ROOT/System/*/EncodedCertificate AGR b64
./Device/Vendor/MSFT/CertificateStore/ROOT/System/*/IssuedBy G chr
./Device/Vendor/MSFT/CertificateStore/ROOT/System/*/IssuedTo G chr
./Device/Vendor/MSFT/CertificateStore/ROOT/System/*/ValidFrom G chr
./Device/Vendor/MSFT/CertificateStore/ROOT/System/*/ValidTo G chr
./Device/Vendor/MSFT/CertificateStore/MY/User/* GD node
./Device/Vendor/MSFT/CertificateStore/MY/User/*/EncodedCertificate AGR b64
./Device/Vendor/MSFT/CertificateStore/MY/User/*/IssuedBy G chr
./Device/Vendor/MSFT/CertificateStore/MY/User/*/IssuedTo G chr
./Device/Vendor/MSFT/CertificateStore/MY/User/*/ValidFrom G chr
./Device/Vendor/MSFT/CertificateStore/MY/User/*/ValidTo G chr
./Device/Vendor/MSFT/CertificateStore/MY/WSTEP/CertThumprint G chr -
./Device/Vendor/MSFT/CertificateStore/MY/WSTEP/Renew/RenewPeriod AGRD int -
./Device/Vendor/MSFT/CertificateStore/MY/WSTEP/Renew/ServerURL AGRD chr -
./Device/Vendor/MSFT/CertificateStore/MY/WSTEP/Renew/RetryInterval AGRD int -
./Device/Vendor/MSFT/CertificateStore/MY/WSTEP/Renew/ROBOSupport AGRD bool -
./Device/Vendor/MSFT/CertificateStore/MY/WSTEP/Renew/Status G int 0
./Device/Vendor/MSFT/CertificateStore/MY/WSTEP/Renew/ErrorCode G int 0
./Device/Vendor/MSFT/CertificateStore/MY/WSTEP/Renew/RenewNow X null
./Device/Vendor/MSFT/RootCATrustedCertificates/Root/* GD node
./Device/Vendor/MSFT/RootCATrustedCertificates/Root/*/EncodedCertificate AGR b64
./Device/Vendor/MSFT/RootCATrustedCertificates/Root/*/IssuedBy G chr
./Device/Vendor/MSFT/RootCATrustedCertificates/Root/*/IssuedTo G chr
./Device/Vendor/MSFT/RootCATrustedCertificates/Root/*/ValidFrom G chr
./Device/Vendor/MSFT/RootCATrustedCertificates/Root/*/ValidTo G chr
./Device/Vendor/MSFT/RootCATrustedCertificates/CA/* GD node
./Device/Vendor/MSFT/RootCATrustedCertificates/CA/*/EncodedCertificate AGR b64
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/* AGRD node
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install AGRD node
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install/ServerURL AGRD chr
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install/Challenge AGRD chr
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install/EKUMapping AGRD chr
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install/KeyUsage AGRD int
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install/SubjectName AGRD chr
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install/KeyProtection AGRD int
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install/KeyLength AGRD int
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install/HashAlgorithm AGRD chr
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install/CAThumbprint AGRD chr
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Install/Enroll X null
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/CertThumbprint G chr
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/Status G int
./Device/Vendor/MSFT/ClientCertificateInstall/SCEP/*/ErrorCode G int
./Device/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/* AGRD node
./Device/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/*/KeyLocation AGR int
./Device/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/*/PFXCertBlob AGR bin
./Device/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/*/PFXCertPassword AGR chr
./Device/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/*/PFXKeyExportable AGR bool
./Device/Vendor/MSFT/WiFi/Profile/* AGRD node
./Device/Vendor/MSFT/WiFi/Profile/*/WlanXml AGRD chr
./User/Vendor/MSFT/WiFi/Profile/* AGRD node
./User/Vendor/MSFT/WiFi/Profile/*/WlanXml AGRD chr
./Device/Vendor/MSFT/VPNv2/* AGRD node
./Device/Vendor/MSFT/VPNv2/*/ProfileXML AGRD chr
./User/Vendor/MSFT/VPNv2/* AGRD node
./User/Vendor/MSFT/VPNv2/*/ProfileXML AGRD chr
./Vendor/MSFT/Firewall/MdmStore/DomainProfile/EnableFirewall R bool true
./Vendor/MSFT/Firewall/MdmStore/PrivateProfile/EnableFirewall AGR bool true
./Vendor/MSFT/Firewall/MdmStore/PublicProfile/EnableFirewall GR bool true
./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/* AGRD node
./Vendor/MSFT/AppLocker/ApplicationLaunchRestrictions/*/EXE/Policy AGRD chr
./Vendor/MSFT/ApplicationControl/Policies/*/Policy AGRD b64
./Vendor/MSFT/HealthAttestation/VerifyHealth X null
./Vendor/MSFT/HealthAttestation/TriggerAttestation X chr
./Vendor/MSFT/HealthAttestation/AttestStatus G int 0
./Vendor/MSFT/HealthAttestation/GetAttestReport G chr
./Device/Vendor/MSFT/Accounts/Users/* AGRD node
./Device/Vendor/MSFT/Accounts/Users/*/Password AR chr
./Device/Vendor/MSFT/Accounts/Users/*/LocalUserGroup AR int
./Device/Vendor/MSFT/Policy/Config/*/* AGRD null
./User/Vendor/MSFT/Policy/Config/*/* AGRD null
./Device/Vendor/MSFT/Policy/Result/*/* G null
./User/Vendor/MSFT/Policy/Result/*/* G null
./Device/Vendor/MSFT/Policy/ConfigOperations/ADMXInstall/* AGD node
./Device/Vendor/MSFT/Policy/ConfigOperations/ADMXInstall/*/*/* AGRD chr
"""

ABSENT = "-"  # a leaf that is not there until somebody adds it


@dataclass(frozen=True)
class Definition:
    """format null: any format. creates: a Replace makes the node where it is missing."""

    uri: str
    verbs: frozenset[str]
    form: str
    first: str = ""
    creates: bool = False
    values: frozenset[str] | None = None
    interval: tuple[int, int] | None = None

    @property
    def static(self) -> bool:
        return "*" not in self.uri


def _line(line: str) -> Definition:
    uri, access, form, *rest = line.split(" ", 3)
    uri = uri.replace("./Vendor/", "./Device/Vendor/")
    verbs = frozenset(VERBS[letter] for letter in access if letter in VERBS)
    return Definition(uri, verbs, form, "".join(rest), "U" in access)


DEFINITIONS = {one.uri: one for one in map(_line, TABLE.strip().splitlines())}
_BY_LENGTH: dict[int, list[tuple[list[str], Definition]]] = {}
for _one in DEFINITIONS.values():
    _BY_LENGTH.setdefault(_one.uri.count("/"), []).append((_one.uri.split("/"), _one))


@cache
def find(uri: str) -> Definition | None:
    """By canonical LocURI; a definition with more fixed segments wins."""
    parts = uri.split("/")
    fitting = [
        one
        for segments, one in _BY_LENGTH.get(len(parts) - 1, [])
        if all(mine in ("*", theirs) for mine, theirs in zip(segments, parts, strict=True))
    ]
    return min(fitting, key=lambda one: one.uri.count("*"), default=None)


def is_interior(uri: str) -> bool:
    """A fixed node above others, which is there even when nothing is below it."""
    parts = uri.split("/")
    return any(
        one.uri.split("/")[: len(parts)] == parts and one.uri.count("/") >= len(parts) for one in DEFINITIONS.values()
    )
