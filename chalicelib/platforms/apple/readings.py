"""What answers to queries mean in the house's terms: facts, attributes, inventory sections (Apple mdm/commands/*.yaml).

Pure. What a personal device says of its owner's apps is left out here, so that it is never kept.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from chalicelib.model.device import Device, Platform
from chalicelib.platforms.apple import message as wire
from chalicelib.platforms.apple.actions.queries import device_queries, private
from chalicelib.platforms.apple.message import Plist
from chalicelib.platforms.apple.plist import jsonable
from chalicelib.platforms.reading import Reading

GIGABYTE = 10**9
_MOST = 5_000  # entries of a list that are kept


def device_information(answer: Plist, device: Device, managed_only: bool) -> Reading:
    said = wire.field(answer, "QueryResponses", dict, {})
    asked = {key: said[key] for key in device_queries(device) if key in said}  # what was not asked is not kept
    texts = {name: wire.name(asked, key) for name, key in _ATTRIBUTES.items()}
    attributes: dict[str, Any] = {name: text for name, text in texts.items() if text}
    facts = _present(asked, _DEVICE_FACTS)
    if "supervised" in facts:
        attributes["supervised"] = facts["supervised"]
    attributes["capabilities"] = _capabilities(asked, device)
    return Reading({"device": jsonable(asked)}, attributes, facts | _amounts(asked))


_ATTRIBUTES = {
    "name": "DeviceName", "os_version": "OSVersion", "os_build": "BuildVersion", "model": "ProductName",
    "model_name": "ModelName",
}  # fmt: skip
_DEVICE_FACTS = {
    "supervised": "IsSupervised", "activation_lock": "IsActivationLockEnabled", "lost_mode": "IsMDMLostModeEnabled",
    "sip": "SystemIntegrityProtectionEnabled",
}  # fmt: skip
_CAPABILITIES = {("IsMultiUser", True): "shared-ipad", ("IsAppleSilicon", True): "apple-silicon",
                 ("IsAppleSilicon", False): "intel"}  # fmt: skip


def _present(said: Plist, names: Mapping[str, str]) -> dict[str, bool]:
    return {fact: said[key] for fact, key in names.items() if isinstance(said.get(key), bool)}


def _capabilities(said: Plist, device: Device) -> tuple[str, ...]:
    answered = {name for (key, _), name in _CAPABILITIES.items() if isinstance(said.get(key), bool)}
    found = {name for (key, value), name in _CAPABILITIES.items() if said.get(key) is value}
    return tuple(sorted(set(device.capabilities) - answered | found))


def _amounts(said: Plist) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for fact, key in (("storage_total", "DeviceCapacity"), ("storage_free", "AvailableDeviceCapacity")):
        if 0 <= (amount := _number(said, key)) < 10**9:
            facts[fact] = int(amount * GIGABYTE)
    if 0 <= (level := _number(said, "BatteryLevel")) <= 1:  # -1: the device cannot tell
        facts["battery"] = round(level, 2)
    return facts


def _number(said: Plist, key: str) -> float:
    value = said.get(key, -1)
    return float(value) if isinstance(value, (int, float)) and value == value else -1.0


def security_information(answer: Plist, device: Device, managed_only: bool) -> Reading:
    said = wire.field(answer, "SecurityInfo", dict, {})
    kept = {key: value for key, value in said.items() if not key.startswith("FDE_PersonalRecoveryKey")}
    firewall = dict(wire.field(kept, "FirewallSettings", dict, {}))
    if firewall:
        if private(device):
            firewall.pop("Applications", None)
        kept["FirewallSettings"] = firewall
    facts: dict[str, Any] = _present(said, _SECURITY_FACTS) | _present(firewall, {"firewall": "FirewallEnabled"})
    if level := wire.name(wire.field(said, "SecureBoot", dict, {}), "SecureBootLevel"):
        facts["secure_boot"] = level
    return Reading({"security": jsonable(kept)}, {}, facts | _encrypted(said, device))


_SECURITY_FACTS = {
    "passcode_set": "PasscodePresent", "passcode_compliant": "PasscodeCompliant",
    "sip": "SystemIntegrityProtectionEnabled", "recovery_lock": "IsRecoveryLockEnabled",
}  # fmt: skip


def _encrypted(said: Plist, device: Device) -> dict[str, bool]:
    """A mobile device protects its data with the passcode: both levels of encryption, and a passcode set."""
    if device.platform is Platform.MACOS:
        return _present(said, {"encrypted": "FDE_Enabled"})
    if "HardwareEncryptionCaps" in said and isinstance(said.get("PasscodePresent"), bool):
        return {"encrypted": said["HardwareEncryptionCaps"] == 3 and said["PasscodePresent"]}
    return {}


def installed_apps(answer: Plist, device: Device, managed_only: bool) -> Reading:
    if private(device) and not managed_only:
        return Reading()
    return Reading({"apps": _rows(answer, "InstalledApplicationList", _APP)})


def certificates(answer: Plist, device: Device, managed_only: bool) -> Reading:
    rows = [
        {"name": wire.name(entry, "CommonName"), "identity": wire.field(entry, "IsIdentity", bool, False),
         "sha256": sha256(wire.field(entry, "Data", bytes, b"")).hexdigest()}
        for entry in _entries(answer, "CertificateList")
    ]  # fmt: skip
    return Reading({"certificates": rows})


def profiles(answer: Plist, device: Device, managed_only: bool) -> Reading:
    return Reading({"profiles": _rows(answer, "ProfileList", _PROFILE)})


_APP = ("Identifier", "Name", "Version", "ShortVersion", "BundleSize", "DynamicSize", "Installing", "IsAppClip",
        "AppStoreVendable", "DeviceBasedVPP", "BetaApp", "AdHocCodeSigned", "IsValidated", "HasUpdateAvailable",
        "Source", "DistributorIdentifier")  # fmt: skip
_PROFILE = ("PayloadIdentifier", "PayloadUUID", "PayloadDisplayName", "PayloadOrganization", "PayloadVersion",
            "PayloadRemovalDisallowed", "HasRemovalPasscode", "IsEncrypted", "IsManaged", "Source")  # fmt: skip


def _entries(answer: Plist, key: str) -> list[Plist]:
    return [entry for entry in wire.field(answer, key, list, [])[:_MOST] if isinstance(entry, dict)]


def _rows(answer: Plist, key: str, columns: tuple[str, ...]) -> list[Any]:
    return [jsonable({name: entry[name] for name in columns if name in entry}) for entry in _entries(answer, key)]


READERS: Mapping[str, Callable[[Plist, Device, bool], Reading]] = {
    "DeviceInformation": device_information,
    "SecurityInfo": security_information,
    "InstalledApplicationList": installed_apps,
    "CertificateList": certificates,
    "ProfileList": profiles,
}
