"""A status report: the policy is fetched and applied, and the Device is written anew with what the policy asks for."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from tests.google.android.enterprises import notify, of
from tests.google.clock import moment
from tests.google.phones import compliance, models
from tests.google.world import World

ASKED = ("applicationReports", "deviceSettings", "softwareInfo", "networkInfo", "memoryEvents", "displays",
         "powerManagementEvents", "hardwareStatusSamples", "systemProperties", "commonCriteriaModeInfo")  # fmt: skip


def report(world: World, phone: dict[str, Any], *, sync: bool = True) -> dict[str, Any]:
    """sync false: the device reports, but has not fetched its policy since."""
    if phone["offline"] or not phone["device"]:
        return {"reported": False}
    device = world.table("devices").get(phone["device"])
    if device is None:
        return _gone(world, phone)
    applied(world, phone, device, sync=sync)
    notify(world, device["name"], "STATUS_REPORT", device)
    return {"reported": True, "device": copy.deepcopy(device)}


def applied(world: World, phone: dict[str, Any], device: dict[str, Any], *, sync: bool = True) -> None:
    policy = world.table("policies").get(device["policyName"])
    if sync and policy is not None:
        phone["said"] = {"policy": copy.deepcopy(policy), "at": world.clock.stamp()}
        compliance.apply(phone, phone["said"]["policy"])
        device["state"] = "ACTIVE" if device["state"] == "PROVISIONING" else device["state"]
        device["appliedState"] = "LOST" if phone["lost"] else device["state"]
    policy = phone["said"].get("policy")
    for name in ASKED:
        device.pop(name, None)
    device.update(_always(world, phone, device))
    if policy is not None:
        device.update(_judged(phone, policy))
        device.update(_asked(phone, policy.get("statusReportingSettings", {}), device["lastStatusReportTime"]))


def removed(world: World, phone: dict[str, Any], resource: dict[str, Any]) -> None:
    """The last report of a device that was wiped: state DELETED, and nothing of it stays here or there."""
    world.table("devices").pop(resource["name"], None)
    world.table("leaving").pop(resource["name"], None)
    last = resource | {"state": "DELETED", "appliedState": "DELETED", "lastStatusReportTime": _later(world, resource)}
    models.reset(phone)
    notify(world, resource["name"], "STATUS_REPORT", last)


def hardware(phone: dict[str, Any], parent: str) -> dict[str, Any]:
    """Of a personal device the serial number is not told; the enterprise knows it by an id of its own."""
    info = {"brand": phone["brand"], "manufacturer": phone["brand"], "model": phone["model"],
            "hardware": phone["hardware"], "deviceBasebandVersion": "g5400c-250909",
            "serialNumber": phone["serial"]}  # fmt: skip
    if phone["owner"] == "PERSONALLY_OWNED":
        identifier = hashlib.sha256(f"{parent} {phone['serial']}".encode()).hexdigest()[:32].upper()
        info |= {"serialNumber": identifier, "enterpriseSpecificId": identifier}
    elif phone["eid"]:
        info["euiccChipInfo"] = [{"eid": phone["eid"]}]
    return info


def _gone(world: World, phone: dict[str, Any]) -> dict[str, Any]:
    """Its record was deleted: the device wipes itself and says so once."""
    leaving = world.table("leaving").get(phone["device"])
    if leaving is None:
        models.reset(phone)
        return {"reported": False}
    removed(world, phone, leaving["resource"])
    return {"reported": True, "deleted": True}


def _later(world: World, device: dict[str, Any]) -> str:
    """Report times of one device always grow, by a millisecond at least."""
    last = device.get("lastStatusReportTime")
    return world.clock.stamp(max(world.clock.now(), moment(last) + 0.001 if last else 0))


def _always(world: World, phone: dict[str, Any], device: dict[str, Any]) -> dict[str, Any]:
    posture: dict[str, Any] = {"devicePosture": phone["posture"]}
    if phone["risks"]:
        advice = [{"defaultMessage": "Check the device."}]
        posture["postureDetails"] = [{"securityRisk": risk, "advice": advice} for risk in phone["risks"]]
    synced = {"lastPolicySyncTime": phone["said"]["at"]} if phone["said"] else {}
    return synced | {
        "apiLevel": phone["api"], "securityPosture": posture, "lastStatusReportTime": _later(world, device),
        "hardwareInfo": hardware(phone, of(device["name"])),
    }  # fmt: skip


def _judged(phone: dict[str, Any], policy: dict[str, Any]) -> dict[str, Any]:
    details = compliance.details(phone, policy)
    said: dict[str, Any] = {"appliedPolicyName": policy["name"], "appliedPolicyVersion": policy["version"],
                            "policyCompliant": not details, "nonComplianceDetails": details}  # fmt: skip
    requirements = compliance.passwords(policy)
    return said | ({"appliedPasswordPolicies": requirements} if requirements else {"appliedPasswordPolicies": []})


def _asked(phone: dict[str, Any], settings: dict[str, Any], at: str) -> dict[str, Any]:
    corporate = phone["owner"] == "COMPANY_OWNED"
    parts = {
        "applicationReportsEnabled": ("applicationReports", _applications(phone, settings)),
        "deviceSettingsEnabled": ("deviceSettings", _settings(phone)),
        "softwareInfoEnabled": ("softwareInfo", _software(phone)),
        "networkInfoEnabled": ("networkInfo", _network(phone)),
        "memoryInfoEnabled": ("memoryEvents", _memory(phone, at)),
        "systemPropertiesEnabled": ("systemProperties", {"ro.product.model": phone["model"], **phone["properties"]}),
    }
    if corporate:
        parts |= {
            "displayInfoEnabled": ("displays", [{"name": "Built-in Screen", "displayId": 0, "refreshRate": 120,
                                                 "state": "ON", "width": 1080, "height": 2424, "density": 420}]),
            "powerManagementEventsEnabled": ("powerManagementEvents", [
                {"eventType": "BATTERY_LEVEL_COLLECTED", "createTime": at, "batteryLevel": phone["battery"]}]),
            "hardwareStatusEnabled": ("hardwareStatusSamples", [
                {"createTime": at, "batteryTemperatures": [29.5], "cpuTemperatures": [41.0], "cpuUsages": [7.5]}]),
            "commonCriteriaModeEnabled": ("commonCriteriaModeInfo", {
                "commonCriteriaModeStatus": "COMMON_CRITERIA_MODE_DISABLED"}),
        }  # fmt: skip
    return {name: value for switch, (name, value) in parts.items() if settings.get(switch)}


def _applications(phone: dict[str, Any], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Of a personal device only the apps of the work profile, which are the ones that management brought."""
    personal = phone["owner"] == "PERSONALLY_OWNED"
    apps = {package: app for package, app in phone["apps"].items() if not personal or app["source"] != "SIDE"}
    found = [_application(package, app) for package, app in sorted(apps.items()) if not app.get("removed")]
    if settings.get("applicationReportingSettings", {}).get("includeRemovedApps"):
        gone = [package for package, app in apps.items() if app.get("removed")]
        found += [{"packageName": package, "state": "REMOVED"} for package in sorted(gone)]
    return found


def _application(package: str, app: dict[str, Any]) -> dict[str, Any]:
    code = app["code"]
    said = {
        "packageName": package, "displayName": app["name"], "versionCode": code, "state": "INSTALLED",
        "versionName": f"{code // 1000}.{code % 1000}", "userFacingType": "USER_FACING",
        "packageSha256Hash": hashlib.sha256(package.encode()).hexdigest(),
    }  # fmt: skip
    if app["source"] != "SIDE":
        said["applicationSource"] = app["source"]
    return said | (
        {"installerPackageName": "com.android.vending"} if app["source"] == "INSTALLED_FROM_PLAY_STORE" else {}
    )


def _settings(phone: dict[str, Any]) -> dict[str, Any]:
    return {
        "isDeviceSecure": bool(phone["passcode"]), "isEncrypted": phone["encrypted"],
        "encryptionStatus": "ACTIVE_PER_USER" if phone["encrypted"] else "INACTIVE", "adbEnabled": phone["adb"],
        "developmentSettingsEnabled": phone["developer"], "unknownSourcesEnabled": phone["unknown_sources"],
        "verifyAppsEnabled": phone["play_protect"],
    }  # fmt: skip


def _software(phone: dict[str, Any]) -> dict[str, Any]:
    return {
        "androidVersion": phone["version"], "androidBuildNumber": "BP1A.250905.014",
        "androidBuildTime": f"{phone['patch']}T04:12:31.000Z", "bootloaderVersion": "ripcurrentpro-15.3",
        "deviceKernelVersion": "6.1.124-android14",
        "securityPatchLevel": phone["patch"], "androidDevicePolicyVersionCode": 100041205,
        "androidDevicePolicyVersionName": "100.412.5", "primaryLanguageCode": phone["language"],
        "deviceBuildSignature": hashlib.sha256(phone["brand"].encode()).hexdigest(),
        "systemUpdateInfo": {"updateStatus": phone["update"]},
    }  # fmt: skip


def _network(phone: dict[str, Any]) -> dict[str, Any]:
    """Radio identities are told of company-owned devices only, telephony of fully managed ones."""
    if phone["owner"] == "PERSONALLY_OWNED":
        return {}
    said: dict[str, Any] = {"wifiMacAddress": phone["mac"]} | ({"imei": phone["imei"]} if phone["imei"] else {})
    if phone["imei"] and phone["mode"] == "DEVICE_OWNER":
        said["telephonyInfos"] = [{"phoneNumber": "+15550100", "carrierName": "Example Mobile"}]
    return said


def _memory(phone: dict[str, Any], at: str) -> list[dict[str, Any]]:
    free = {"RAM_MEASURED": phone["memory"] // 3, "INTERNAL_STORAGE_MEASURED": phone["storage"] // 2}
    return [{"eventType": kind, "createTime": at, "byteCount": str(count)} for kind, count in free.items()]
