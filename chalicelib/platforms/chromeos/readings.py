"""What a Chromebook said, in the house's terms: facts, attributes, inventory sections, groups. Pure.

Encryption: ChromeOS keeps each user's data encrypted with keys that the TPM guards, and offers no switch to turn it
off. What can be off is verified boot: in developer mode whoever holds the device can change the system underneath. So
`encrypted` is True for a device that says that it started verified, and is not told of one in developer mode or of one
that does not say; posture then holds that it is not reported. Google reports no passcode: people sign in with accounts.
"""

from datetime import UTC, datetime
from typing import Any

from chalicelib.platforms.chromeos import words
from chalicelib.platforms.chromeos.measured import Measured
from chalicelib.platforms.chromeos.reported import DEVELOPER, DISABLED, KIOSK_LICENSE, VERIFIED, Reported
from chalicelib.platforms.reading import Reading

KIOSK, USERS, FLEX = "kiosk", "user-session", "chromeos-flex"
GROUP = "ou:"


def reading(reported: Reported, measured: Measured | None = None) -> Reading:
    said, known = attributes(reported, measured), facts(reported, measured)
    return Reading(sections(reported, measured), said, known, {**said, **known})


def facts(reported: Reported, measured: Measured | None = None) -> dict[str, Any]:
    """What was measured is newer than what the Directory knows."""
    found = words.told(
        encrypted=True if reported.boot_mode == VERIFIED else None,
        verified_boot={VERIFIED: True, DEVELOPER: False}.get(reported.boot_mode),
        disabled=reported.status == DISABLED if reported.managed else None,
        tpm=reported.tpm,
        updates_until=reported.updates_until,
        os_compliance=reported.os_compliance.removeprefix("complianceUnspecified"),
        storage_total=reported.disk_total or None,
        storage_free=max(0, reported.disk_total - reported.disk_used) if reported.disk_total else None,
    )
    return found | (_measured_facts(measured) if measured else {})


def _measured_facts(measured: Measured) -> dict[str, Any]:
    known_disk = measured.disk_total > 0
    return words.told(
        storage_total=measured.disk_total if known_disk else None,
        storage_free=measured.disk_free if known_disk else None,
        battery=measured.battery if measured.battery >= 0 else None,
        memory_encrypted=measured.memory_encrypted,
        restart_needed=measured.update_state == "OS_UPDATE_NEED_REBOOT" if measured.update_state else None,
    )


def attributes(reported: Reported, measured: Measured | None = None) -> dict[str, Any]:
    """Fields of Device. Whose it is stays an administrator's word: `Reported.user` is only shown."""
    found = words.told(
        name=reported.asset_id or reported.serial,
        model=reported.model,
        model_name=reported.model,
        os_version=reported.os_version,
        os_build=reported.platform_version,
    )
    return found | {"capabilities": _capabilities(reported, measured)}


def _capabilities(reported: Reported, measured: Measured | None) -> tuple[str, ...]:
    kiosk = reported.license == KIOSK_LICENSE or bool(measured and measured.kiosk_app)
    found = {
        KIOSK: kiosk,
        USERS: reported.user_session and not kiosk,
        FLEX: reported.kind == "chromeOsFlex",
    }
    return tuple(sorted(name for name, has in found.items() if has))


def groups(reported: Reported) -> tuple[str, ...]:
    """The org unit as a group: "ou:/Sales/Berlin"."""
    return (GROUP + reported.org_unit,) if reported.org_unit.startswith("/") else ()


def regrouped(groups_before: tuple[str, ...], reported: Reported) -> tuple[str, ...]:
    """An administrator's own groups stay; of org units a device is in one."""
    own = tuple(group for group in groups_before if not group.startswith(GROUP))
    return (*own, *groups(reported))


def sections(reported: Reported, measured: Measured | None = None) -> dict[str, Any]:
    if measured is None:
        return {"device": _device(reported), "security": _security(reported)}
    return {
        "device": _device(reported) | _measured_device(measured),
        "security": _security(reported) | words.told(memory_encrypted=measured.memory_encrypted),
        "apps": _apps(measured),
    }


def _device(reported: Reported) -> dict[str, Any]:
    return words.told(
        device_id=reported.device_id,
        serial=reported.serial,
        status=reported.status,
        model=reported.model,
        os_version=reported.os_version,
        platform_version=reported.platform_version,
        channel=reported.channel,
        firmware=reported.firmware,
        license=reported.license,
        kind=reported.kind,
        org_unit=reported.org_unit,
        asset_id=reported.asset_id,
        user=reported.user,
        location=reported.location,
        notes=reported.notes,
        recent_users=list(reported.recent_users),
        wifi_mac=reported.wifi_mac,
        ethernet_mac=reported.ethernet_mac,
        imei=reported.imei,
        cpu=reported.cpu,
        memory=reported.memory or None,
        first_enrolled=_day(reported.first_enrolled_at),
        enrolled=_day(reported.enrolled_at),
        updates_until=reported.updates_until,
        update_state=reported.update_state,
        deprovision_reason=reported.deprovision_reason,
    )


def _security(reported: Reported) -> dict[str, Any]:
    return words.told(
        boot_mode=reported.boot_mode,
        tpm=reported.tpm,
        tpm_firmware=reported.tpm_firmware,
        os_compliance=reported.os_compliance,
        disabled=reported.status == DISABLED,
    )


def _measured_device(measured: Measured) -> dict[str, Any]:
    """What changes by the minute is a fact or left out: a section is written whenever it differs."""
    return words.told(
        cpu=measured.cpu,
        memory=measured.memory_total or None,
        disks=list(measured.disks),
        network_interfaces=list(measured.networks),
        battery_health=measured.battery_health,
        update_state=measured.update_state,
        updating_to=measured.updating_to,
        restarted=_day(measured.rebooted_at),
        updated=_day(measured.updated_at),
    )


def _apps(measured: Measured) -> list[dict[str, Any]]:
    """Which apps and extensions a user has is an account's matter; a device has its kiosk app."""
    row = words.told(id=measured.kiosk_app, version=measured.kiosk_app_version, source="kiosk")
    return [row] if measured.kiosk_app else []


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}" if at else ""
