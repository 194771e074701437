"""What the nodes of a PC mean in the house's terms: facts, attributes, inventory sections (Microsoft's DDF files).

Pure. A value that is missing, empty or unknown tells nothing; nothing that a device says is kept without limits.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.model.device import Device
from chalicelib.platforms.reading import LONGEST, LONGEST_NAME, Reading, tidy

SYSTEM_VERSION = "./DevDetail/SwV"
EXT = "./DevDetail/Ext/Microsoft/"
DEVICE_NAME, DNS_NAME, SERIAL = EXT + "DeviceName", EXT + "DNSComputerName", EXT + "SMBIOSSerialNumber"
MANUFACTURER, MODEL = "./DevInfo/Man", "./DevInfo/Mod"
STATUS = "./Vendor/MSFT/DeviceStatus/"
HEALTH = "./Device/Vendor/MSFT/Defender/Health/"
BITLOCKER = "./Device/Vendor/MSFT/BitLocker/Status/"
MEGABYTE = 1024 * 1024
_VERSION = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){1,3}")

Values = Mapping[str, str]


def text(values: Values, node: str, longest: int = LONGEST) -> str:
    return tidy(values.get(node, ""), longest)


def flag(values: Values, node: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text(values, node).lower())


def whole(values: Values, node: str) -> int | None:
    said = text(values, node)
    return int(said) if re.fullmatch(r"-?\d{1,18}", said) else None


def label(node: str) -> str:
    """Under which name a node stands in its section."""
    for before in (HEALTH, BITLOCKER, STATUS, EXT):
        if node.startswith(before):
            return node.removeprefix(before)
    return node.rpartition("/")[2]


def _section(values: Values, nodes: tuple[str, ...]) -> dict[str, str]:
    return {label(node): said for node in nodes if (said := text(values, node))}


def release(said: str) -> str:
    """What looks like the version of a system, as it is; "" for all else."""
    return said if _VERSION.fullmatch(said) else ""


def version(values: Values) -> dict[str, str]:
    """ "10.0.22631.4460", which the rules on minimum versions compare, and its build "22631.4460"."""
    said = release(text(values, SYSTEM_VERSION))
    return {"os_version": said, "os_build": ".".join(said.split(".")[2:])} if said else {}


def identity(values: Values) -> dict[str, str]:
    """Fields of Device; what the PC did not say is not in it."""
    model, maker = text(values, MODEL, LONGEST_NAME), text(values, MANUFACTURER, LONGEST_NAME)
    full = model if not maker or model.lower().startswith(maker.lower()) else f"{maker} {model}".strip()
    name = text(values, DNS_NAME, LONGEST_NAME) or text(values, DEVICE_NAME, LONGEST_NAME)
    said = {"name": name, "model": model, "model_name": full} | version(values)
    return {key: value for key, value in said.items() if value}


def device(values: Values, about: Device, nodes: tuple[str, ...]) -> Reading:
    facts = {
        fact: amount * MEGABYTE
        for fact, node in (("storage_total", EXT + "TotalStorage"), ("storage_free", EXT + "FreeStorage"))
        if (amount := whole(values, node) or 0) > 0
    }
    body, attributes = _section(values, nodes), identity(values)
    return Reading({"device": body} if body else {}, attributes, facts, {**attributes, **facts})


SECURE_BOOT = {0: "unsupported", 1: "enabled", 2: "disabled"}
NOT_APPLICABLE = 4  # Antivirus/Status and Firewall/Status on a device that has none


def status(values: Values, about: Device, nodes: tuple[str, ...]) -> Reading:
    facts: dict[str, Any] = {
        "encrypted": flag(values, STATUS + "Compliance/EncryptionCompliance"),
        "secure_boot": SECURE_BOOT.get(_code(values, "SecureBootState")),
        "firewall": _on(values, "Firewall/Status"),
        "antivirus": _on(values, "Antivirus/Status"),
        "antivirus_current": {0: False, 1: True}.get(_code(values, "Antivirus/SignatureStatus")),
        "tpm": _tpm(values),
        "os_edition": text(values, STATUS + "OS/Edition", LONGEST_NAME) or None,
    }
    known = {fact: value for fact, value in facts.items() if value is not None}
    body = _section(values, nodes)
    return Reading({"security": body} if body else {}, {}, known, known)


def _code(values: Values, name: str) -> int:
    found = whole(values, STATUS + name)
    return -1 if found is None else found


def _on(values: Values, name: str) -> bool | None:
    """0 is on; 1 to 3 are kinds of off and of partly off."""
    code = _code(values, name)
    return code == 0 if 0 <= code < NOT_APPLICABLE else None


def _tpm(values: Values) -> str | None:
    """ "2.0, 0, 1.38" → "2.0"; "" where the PC says that it has none."""
    said = text(values, STATUS + "TPM/SpecificationVersion")
    if not said:
        return None
    found = re.match(r"[0-9]+\.[0-9]+", said)
    return found.group() if found else ""


def defender(values: Values, about: Device, nodes: tuple[str, ...]) -> Reading:
    facts = {
        fact: value
        for fact, name in (
            ("defender", "DefenderEnabled"),
            ("realtime_protection", "RtpEnabled"),
            ("tamper_protection", "TamperProtectionEnabled"),
        )
        if (value := flag(values, HEALTH + name)) is not None
    }
    body = _section(values, nodes)
    return Reading({"defender": body} if body else {}, {}, facts, facts)


Reader = Callable[[Values, Device], Reading]
