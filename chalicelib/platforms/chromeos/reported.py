"""A Chromebook as the Directory reports it (admin.directory_v1: ChromeOsDevice).

Read are the fields that the house has a use for. Left out on purpose are where a device last was in the network and
when somebody used it: both tell about people, not about the device.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.platforms.chromeos import words
from chalicelib.platforms.chromeos.words import LONGEST_NAME

ACTIVE, DISABLED, DEPROVISIONED = "ACTIVE", "DISABLED", "DEPROVISIONED"
MANAGED = frozenset({ACTIVE, DISABLED})  # all else is not enrolled any more, or not yet
VERIFIED, DEVELOPER = "Verified", "Dev"
KIOSK_LICENSE = "kioskUpgrade"
MANAGED_USER = "USER_TYPE_MANAGED"
RECENT = 10  # of its users
FILES = 20


@dataclass(frozen=True, slots=True)
class File:
    """What a device uploaded to Google: a screenshot, an archive of logs."""

    name: str
    kind: str
    url: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Reported:
    """Empty is what Google did not say. Times are epoch seconds."""

    device_id: str
    serial: str
    status: str
    model: str = ""
    os_version: str = ""  # of the browser, which ChromeOS is numbered by: 131.0.6778.96
    platform_version: str = ""  # of the system: 16063.45.0
    channel: str = ""
    firmware: str = ""
    boot_mode: str = ""
    kind: str = ""  # chromeOs or chromeOsFlex
    license: str = ""
    asset_id: str = ""
    user: str = ""
    location: str = ""
    notes: str = ""
    org_unit: str = ""  # its path
    org_unit_id: str = ""
    wifi_mac: str = ""
    ethernet_mac: str = ""
    imei: str = ""
    tpm: str = ""
    tpm_firmware: str = ""
    synced_at: int = 0
    first_enrolled_at: int = 0
    enrolled_at: int = 0
    updates_until: str = ""  # a day
    update_state: str = ""
    os_compliance: str = ""
    deprovision_reason: str = ""
    disk_total: int = 0
    disk_used: int = 0
    memory: int = 0
    cpu: str = ""
    recent_users: tuple[str, ...] = ()
    user_session: bool = False  # the last one that signed in is a managed user
    screenshots: tuple[File, ...] = ()
    files: tuple[File, ...] = ()

    @property
    def managed(self) -> bool:
        return self.status in MANAGED


def read(said: Mapping[str, Any]) -> Reported:
    version, _, rest = words.text(said, "platformVersion").partition(" ")
    disk, tpm = words.part(said, "diskSpaceUsage"), words.part(said, "tpmVersionInfo")
    users = words.parts(said, "recentUsers", RECENT)
    return Reported(
        device_id=words.text(said, "deviceId"),
        serial=words.text(said, "serialNumber", LONGEST_NAME).upper(),
        status=words.text(said, "status", LONGEST_NAME).upper(),
        model=words.text(said, "model", LONGEST_NAME),
        os_version=words.text(said, "osVersion", LONGEST_NAME),
        platform_version=version,
        channel=rest.rpartition(" ")[2].removesuffix("-channel"),
        firmware=words.text(said, "firmwareVersion", LONGEST_NAME),
        boot_mode=words.text(said, "bootMode", LONGEST_NAME),
        kind=words.text(said, "chromeOsType", LONGEST_NAME),
        license=words.text(said, "deviceLicenseType", LONGEST_NAME),
        asset_id=words.text(said, "annotatedAssetId", LONGEST_NAME),
        user=words.text(said, "annotatedUser", LONGEST_NAME),
        location=words.text(said, "annotatedLocation"),
        notes=words.text(said, "notes"),
        org_unit=words.text(said, "orgUnitPath"),
        org_unit_id=words.text(said, "orgUnitId", LONGEST_NAME),
        wifi_mac=_mac(said, "macAddress"),
        ethernet_mac=_mac(said, "ethernetMacAddress") or _mac(said, "ethernetMacAddress0"),
        imei=words.text(said, "meid", LONGEST_NAME),
        tpm=_tpm(words.text(tpm, "family", 16)),
        tpm_firmware=words.text(tpm, "firmwareVersion", LONGEST_NAME),
        synced_at=words.moment(said, "lastSync"),
        first_enrolled_at=words.moment(said, "firstEnrollmentTime"),
        enrolled_at=words.moment(said, "lastEnrollmentTime"),
        updates_until=_day(said),
        update_state=words.text(words.part(said, "osUpdateStatus"), "state", LONGEST_NAME),
        os_compliance=words.text(said, "osVersionCompliance", LONGEST_NAME),
        deprovision_reason=words.text(said, "deprovisionReason", LONGEST_NAME),
        disk_total=words.whole(disk, "capacityBytes") or 0,
        disk_used=words.whole(disk, "usedBytes") or 0,
        memory=words.whole(said, "systemRamTotal") or 0,
        cpu=next((words.text(each, "model", LONGEST_NAME) for each in words.parts(said, "cpuInfo", 1)), ""),
        recent_users=tuple(email for each in users if (email := words.text(each, "email", LONGEST_NAME))),
        user_session=bool(users) and words.text(users[0], "type") == MANAGED_USER,
        screenshots=files(said, "screenshotFiles"),
        files=files(said, "deviceFiles"),
    )


def files(said: Mapping[str, Any], name: str) -> tuple[File, ...]:
    """The newest first."""
    found = [
        File(
            name=words.text(one, "name"),
            kind=words.text(one, "type", LONGEST_NAME),
            url=https(words.text(one, "downloadUrl", 2048)),
            created_at=words.moment(one, "createTime"),
        )
        for one in words.parts(said, name)
    ]
    return tuple(sorted(found, key=lambda file: file.created_at, reverse=True)[:FILES])


def https(url: str) -> str:
    """What a person may be asked to follow; "" for all else."""
    return url if url.startswith("https://") and " " not in url else ""


def _mac(said: Mapping[str, Any], name: str) -> str:
    """a4bb6d1f0e22, A4:BB:6D… → a4:bb:6d:1f:0e:22"""
    digits = "".join(letter for letter in words.text(said, name, 64).lower() if letter in "0123456789abcdef")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)) if len(digits) == 12 else ""


def _tpm(family: str) -> str:
    """ "322e3000" → "2.0": ASCII in hexadecimal, ended by a null."""
    try:
        return words.tidy(bytes.fromhex(family).rstrip(b"\0").decode("ascii"), 8)
    except ValueError:
        return ""


def _day(said: Mapping[str, Any]) -> str:
    """The end of updates: the field that Google recommends, else the older one in milliseconds."""
    if day := words.text(said, "autoUpdateThrough", 32)[:10]:
        return day
    milliseconds = words.whole(said, "autoUpdateExpiration") or 0
    if not 0 < milliseconds < 10**14:
        return ""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d}"
