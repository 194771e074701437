"""What a Device resource says, in the house's terms (Android Management API, `Device`). Pure.

Unknown values of an enumeration are kept as they are; a field of another type than documented tells nothing. Of a
personal device nothing of its owner's part is kept: no numbers of the hardware or its lines, no addresses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.model.device import Ownership
from chalicelib.platforms.android.actions.modes import COMPANY_WORK_PROFILE, FULLY_MANAGED, WORK_PROFILE
from chalicelib.platforms.android.names import device_name
from chalicelib.platforms.reading import LONGEST_NAME, Reading, tidy

Json = Mapping[str, Any]


APPS_MOST = 5_000
FORMERLY_MOST = 50
ENCRYPTED = frozenset({"ACTIVE", "ACTIVE_DEFAULT_KEY", "ACTIVE_PER_USER"})
UNENCRYPTED = frozenset({"INACTIVE", "UNSUPPORTED", "ACTIVATING"})
WAITING = frozenset({"PENDING", "USER_ACTION"})  # reasons that are no failures yet
RISKS = {"SECURE": True, "AT_RISK": False, "POTENTIALLY_COMPROMISED": False}


@dataclass(frozen=True, slots=True)
class Report:
    """`at`: when the device told it, in microseconds since the epoch; 0 while it has told nothing."""

    name: str
    at: int
    state: str  # ACTIVE, DISABLED, DELETED, PROVISIONING, LOST …
    applied_state: str
    ownership: Ownership
    mode: str  # a capability of the device: how much of it is managed
    token_data: str
    enrolled_at: int  # epoch seconds
    policy: str  # the name of the policy that it is to have, as Google holds it
    applied_policy: str
    applied_version: int
    compliant: bool
    failures: tuple[str, ...]  # settings that the applied policy could not set
    identifiers: Mapping[str, str]
    formerly: tuple[str, ...]  # names that the same hardware had before
    reading: Reading


def read(said: Json) -> Report:
    """BadRequest where it does not name a device."""
    owned = Ownership.PERSONAL if said.get("ownership") == "PERSONALLY_OWNED" else Ownership.CORPORATE
    hardware = _part(said, "hardwareInfo")
    return Report(
        name=device_name(said.get("name")),
        at=moment(said.get("lastStatusReportTime")),
        state=_text(said, "state"),
        applied_state=_text(said, "appliedState"),
        ownership=owned,
        mode=_mode(said, owned),
        token_data=_text(said, "enrollmentTokenData"),
        enrolled_at=moment(said.get("enrollmentTime")) // 1_000_000,
        policy=_text(said, "policyName"),
        applied_policy=_text(said, "appliedPolicyName"),
        applied_version=_number(said, "appliedPolicyVersion") or 0,
        compliant=said.get("policyCompliant") is True,
        failures=_failures(said),
        identifiers=_identifiers(said, hardware, owned),
        formerly=_formerly(said),
        reading=_reading(said, owned),
    )


def moment(said: object) -> int:
    """RFC 3339 → microseconds; 0 for what is no time. Google writes up to nine digits of a second."""
    if not isinstance(said, str) or not said.endswith("Z"):
        return 0
    whole, _, fraction = said[:-1].partition(".")
    try:
        return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * 1_000_000 + int(fraction[:6].ljust(6, "0"))
    except ValueError:
        return 0


def _mode(said: Json, owned: Ownership) -> str:
    if said.get("managementMode") != "PROFILE_OWNER":
        return FULLY_MANAGED
    return WORK_PROFILE if owned is Ownership.PERSONAL else COMPANY_WORK_PROFILE


def _failures(said: Json) -> tuple[str, ...]:
    """Names of settings, with the app where it is about one. What waits for the user or the network did not fail."""
    found = (each for each in _list(said, "nonComplianceDetails") if _text(each, "nonComplianceReason") not in WAITING)
    named = ((_text(each, "settingName"), _text(each, "packageName")) for each in found)
    return tuple(sorted({f"{setting} ({app})" if app else setting for setting, app in named if setting}))


def _identifiers(said: Json, hardware: Json, owned: Ownership) -> dict[str, str]:
    serial = _text(hardware, "serialNumber")
    if owned is Ownership.PERSONAL:
        # From Android 12 on the serial number is this id, which is made for the organisation; before, it is private.
        own = _text(hardware, "enterpriseSpecificId")
        return {"enrollment_id": own} if own else {}
    network = _part(said, "networkInfo")
    told = {"serial": serial, "imei": _text(network, "imei"), "meid": _text(network, "meid")}
    return {kind: value for kind, value in told.items() if value}


def _formerly(said: Json) -> tuple[str, ...]:
    found = said.get("previousDeviceNames")
    return tuple(each for each in found if isinstance(each, str))[:FORMERLY_MOST] if isinstance(found, list) else ()


def _reading(said: Json, owned: Ownership) -> Reading:
    sections = {
        "device": _device(said, owned),
        "security": _security(said),
        "status": _status(said),
        "apps": _apps(said) if "applicationReports" in said else None,
    }
    return Reading({name: body for name, body in sections.items() if body}, _attributes(said), _facts(said))


def _attributes(said: Json) -> dict[str, Any]:
    hardware, software = _part(said, "hardwareInfo"), _part(said, "softwareInfo")
    brand, model = _text(hardware, "brand"), _text(hardware, "model")
    told = {
        "model": model,
        "model_name": model if model.lower().startswith(brand.lower()) else f"{brand} {model}".strip(),
        "os_version": _text(software, "androidVersion"),
        "os_build": _text(software, "androidBuildNumber"),
    }
    return {name: value for name, value in told.items() if value}


def _facts(said: Json) -> dict[str, Any]:
    settings, software = _part(said, "deviceSettings"), _part(said, "softwareInfo")
    posture = _part(said, "securityPosture")
    told: dict[str, Any] = {
        "passcode_set": _flag(settings, "isDeviceSecure"),
        "encrypted": _encrypted(settings),
        "developer_mode": _flag(settings, "developmentSettingsEnabled"),
        "adb": _flag(settings, "adbEnabled"),
        "unknown_sources": _flag(settings, "unknownSourcesEnabled"),
        "play_protect": _flag(settings, "verifyAppsEnabled"),
        "patch_level": _text(software, "securityPatchLevel") or None,
        "integrity": RISKS.get(_text(posture, "devicePosture")),
        "api_level": _number(said, "apiLevel"),
        "lost_mode": said["appliedState"] == "LOST" if "appliedState" in said else None,
    }
    return {fact: value for fact, value in told.items() if value is not None}


def _encrypted(settings: Json) -> bool | None:
    status = _text(settings, "encryptionStatus")
    if status in ENCRYPTED or status in UNENCRYPTED:
        return status in ENCRYPTED
    return _flag(settings, "isEncrypted")


def _device(said: Json, owned: Ownership) -> dict[str, Any]:
    hardware, software, memory = _part(said, "hardwareInfo"), _part(said, "softwareInfo"), _part(said, "memoryInfo")
    told: dict[str, Any] = {
        **{name: _text(hardware, name) for name in ("brand", "hardware", "manufacturer", "model")},
        **{name: _text(software, name) for name in _SOFTWARE},
        **{name: _number(memory, name) for name in ("totalRam", "totalInternalStorage")},
        "managementMode": _text(said, "managementMode"),
        "ownership": _text(said, "ownership"),
        "enrollmentTime": _text(said, "enrollmentTime"),
    }
    if owned is Ownership.CORPORATE:
        network = _part(said, "networkInfo")
        told |= {name: _text(network, name) for name in ("wifiMacAddress", "networkOperatorName")}
    return {name: value for name, value in told.items() if value}


_SOFTWARE = (
    "androidVersion", "androidBuildNumber", "securityPatchLevel", "bootloaderVersion", "deviceKernelVersion",
    "androidDevicePolicyVersionName", "primaryLanguageCode",
)  # fmt: skip


def _security(said: Json) -> dict[str, Any]:
    posture, settings = _part(said, "securityPosture"), _part(said, "deviceSettings")
    update = _part(_part(said, "softwareInfo"), "systemUpdateInfo")
    risks = sorted({_text(each, "securityRisk") for each in _list(posture, "postureDetails")})
    told = {
        **{name: settings[name] for name in sorted(settings) if isinstance(settings[name], bool)},
        "encryptionStatus": _text(settings, "encryptionStatus"),
        "devicePosture": _text(posture, "devicePosture"),
        "securityRisks": risks,
        "updateStatus": _text(update, "updateStatus"),
    }
    return {name: value for name, value in told.items() if value not in ("", [])}


def _status(said: Json) -> dict[str, Any]:
    """What moves from report to report: the last of each kind of event, and how the policy is doing."""
    events = [*_list(said, "memoryEvents"), *_list(said, "powerManagementEvents")]
    told: dict[str, Any] = {}
    for each in events:
        told[_text(each, "eventType")] = each.get("byteCount", each.get("batteryLevel"))
    told |= {"state": _text(said, "state"), "appliedState": _text(said, "appliedState")}
    told |= {"policy": _text(said, "appliedPolicyName"), "version": _text(said, "appliedPolicyVersion")}
    return {name: value for name, value in told.items() if name and value not in ("", None)}


def _apps(said: Json) -> list[dict[str, Any]]:
    installed = (each for each in _list(said, "applicationReports") if _text(each, "state") != "REMOVED")
    rows = [
        {
            "id": _text(each, "packageName"),
            "name": _text(each, "displayName"),
            "version": _text(each, "versionName"),
            "code": _number(each, "versionCode"),
            "source": _text(each, "applicationSource"),
        }
        for each in installed
    ]
    return sorted((row for row in rows if row["id"]), key=lambda row: str(row["id"]))[:APPS_MOST]


def _part(said: Json, name: str) -> Json:
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def _list(said: Json, name: str) -> Sequence[Json]:
    found = said.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _text(said: Json, name: str) -> str:
    found = said.get(name)
    return tidy(found, LONGEST_NAME) if isinstance(found, str) else ""


def _flag(said: Json, name: str) -> bool | None:
    found = said.get(name)
    return found if isinstance(found, bool) else None


def _number(said: Json, name: str) -> int | None:
    """int64 comes as text, int32 as a number."""
    found = said.get(name)
    if isinstance(found, str) and found.isdecimal() and len(found) <= 19:
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
