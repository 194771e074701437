"""A device applies a policy and tells what of it does not hold, and why."""

from __future__ import annotations

from typing import Any

from tests.google.phones import models

INSTALLED = ("FORCE_INSTALLED", "PREINSTALLED", "REQUIRED_FOR_SETUP", "KIOSK")
REQUIRED = ("FORCE_INSTALLED", "REQUIRED_FOR_SETUP", "KIOSK")
SHORTEST = {"COMPLEXITY_LOW": 4, "COMPLEXITY_MEDIUM": 4, "COMPLEXITY_HIGH": 6}
ANY = ("PASSWORD_QUALITY_UNSPECIFIED", "BIOMETRIC_WEAK", "SOMETHING")
# Settings that a management mode does not know; a device says so and ignores them.
FULLY_MANAGED_ONLY = ("adjustVolumeDisabled", "networkResetDisabled", "kioskCustomization",
                      "kioskCustomLauncherEnabled", "backupService", "statusBarDisabled", "createWindowsDisabled",
                      "safeBootDisabled")  # fmt: skip
COMPANY_OWNED_ONLY = ("factoryResetDisabled", "frpAdminEmails", "systemUpdate", "usbFileTransferDisabled",
                      "mountPhysicalMediaDisabled", "deviceRadioState", "personalUsagePolicies",
                      "autoDateAndTimeZone")  # fmt: skip
Detail = dict[str, Any]


def apply(phone: dict[str, Any], policy: dict[str, Any]) -> None:
    """Apps take a report to arrive: what is seen as missing now is installed by the next."""
    for package in phone["installing"]:
        phone["apps"][package] = models.app(package.rsplit(".", 1)[-1].title(), 100_000, "INSTALLED_FROM_PLAY_STORE")
    wanted = {one["packageName"]: one for one in policy.get("applications", [])}
    for package, one in wanted.items():
        _settle(phone, package, one)
    present = [package for package, one in wanted.items() if one.get("installType") in INSTALLED]
    absent = [package for package in present if not _installed(phone, package)]
    phone["installing"] = [package for package in absent if package not in phone["unavailable"]]


def _settle(phone: dict[str, Any], package: str, wanted: dict[str, Any]) -> None:
    app = phone["apps"].get(package)
    if app is None:
        return
    if wanted.get("installType") == "BLOCKED" and app["source"] != "SYSTEM_APP_FACTORY_VERSION":
        app["removed"] = True
    if wanted.get("installType") in INSTALLED and app.get("removed"):
        del phone["apps"][package]
    if "managedConfiguration" in wanted:
        app["configuration"] = wanted["managedConfiguration"]


def details(phone: dict[str, Any], policy: dict[str, Any]) -> list[Detail]:
    """In the order of the policy's fields, what the device itself was told to fail at last."""
    found = [*_passwords(phone, policy), *_system(phone, policy), *_applications(phone, policy), *_modes(phone, policy)]
    found += [{"settingName": name, "nonComplianceReason": "PENDING"} for name in phone["pending"] if name in policy]
    broken = phone["broken"].items()
    return found + [{"settingName": name, "nonComplianceReason": reason} for name, reason in broken if name in policy]


def passwords(policy: dict[str, Any]) -> list[Detail]:
    one = policy.get("passwordRequirements")
    return policy.get("passwordPolicies") or ([one] if one else [])


def _passwords(phone: dict[str, Any], policy: dict[str, Any]) -> list[Detail]:
    name = "passwordPolicies" if policy.get("passwordPolicies") else "passwordRequirements"
    return [
        {
            "settingName": name, "nonComplianceReason": "USER_ACTION",
            "specificNonComplianceReason": "PASSWORD_POLICIES_PASSWORD_NOT_SUFFICIENT",
            "specificNonComplianceContext": {
                "passwordPoliciesContext": {"passwordPolicyScope": one.get("passwordScope", "SCOPE_DEVICE")}
            },
        }
        for one in passwords(policy) if not _enough(phone["passcode"], one)
    ]  # fmt: skip


def _enough(passcode: str, wanted: dict[str, Any]) -> bool:
    quality = wanted.get("passwordQuality", ANY[0])
    if quality == ANY[0]:
        return True
    if not passcode:
        return False
    if quality in ("ALPHABETIC", "ALPHANUMERIC", "COMPLEX") and not any(one.isalpha() for one in passcode):
        return False
    if quality in ("ALPHANUMERIC", "COMPLEX") and not any(one.isdigit() for one in passcode):
        return False
    least = 0 if quality in ANY else int(wanted.get("passwordMinimumLength", 0))
    return len(passcode) >= SHORTEST.get(quality, least)


def _system(phone: dict[str, Any], policy: dict[str, Any]) -> list[Detail]:
    found = []
    if policy.get("encryptionPolicy", "").startswith("ENABLED") and not phone["encrypted"]:
        found.append({"settingName": "encryptionPolicy", "nonComplianceReason": "USER_ACTION"})
    if policy.get("minimumApiLevel", 0) > phone["api"]:
        found.append(
            {"settingName": "minimumApiLevel", "nonComplianceReason": "OS_NOT_PERMITTED", "currentValue": phone["api"]}
        )
    return found


def _applications(phone: dict[str, Any], policy: dict[str, Any]) -> list[Detail]:
    return [
        {"settingName": "applications", "packageName": one["packageName"]} | reason
        for one in policy.get("applications", []) if (reason := _application(phone, one))
    ]  # fmt: skip


def _application(phone: dict[str, Any], wanted: dict[str, Any]) -> Detail:
    package = wanted["packageName"]
    if wanted.get("installType") in REQUIRED and not _installed(phone, package):
        why = "NOT_FOUND" if package in phone["unavailable"] else "IN_PROGRESS"
        return {"nonComplianceReason": "APP_NOT_INSTALLED", "installationFailureReason": why}
    if _installed(phone, package) and wanted.get("installType") == "BLOCKED":
        return {}  # a system app is hidden
    least = wanted.get("minimumVersionCode", 0)
    if _installed(phone, package) and phone["apps"][package]["code"] < least:
        return {"nonComplianceReason": "APP_NOT_UPDATED", "installationFailureReason": "IN_PROGRESS"}
    return {}


def _installed(phone: dict[str, Any], package: str) -> bool:
    return package in phone["apps"] and not phone["apps"][package].get("removed")


def _modes(phone: dict[str, Any], policy: dict[str, Any]) -> list[Detail]:
    unknown: tuple[str, ...] = () if phone["mode"] == "DEVICE_OWNER" else FULLY_MANAGED_ONLY
    unknown += COMPANY_OWNED_ONLY if phone["owner"] == "PERSONALLY_OWNED" else ()
    return [{"settingName": name, "nonComplianceReason": "MANAGEMENT_MODE"} for name in unknown if policy.get(name)]
