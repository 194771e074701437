"""What the organisation gains by an enrollment, and what stays out of its reach: by owner and kind of device."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.model.device import Ownership


@dataclass(frozen=True, slots=True)
class Privacy:
    sees: tuple[str, ...]
    may: tuple[str, ...]
    never: tuple[str, ...]


_PRIVATE = (
    "read messages, mail, calls or contacts",
    "see photos, documents or notes",
    "see what you browse",
    "learn passwords or your passcode",
)

APPLE: Mapping[Ownership, Privacy] = {
    Ownership.CORPORATE: Privacy(
        sees=(
            "model, serial number and name",
            "system version and free storage",
            "installed apps, profiles and certificates",
            "whether a passcode is set and the disk is encrypted",
        ),
        may=(
            "install settings and system updates",
            "lock the device or clear its passcode",
            "erase it, if it is lost or returned",
            "locate it, but only while it is in Lost Mode",
        ),
        never=_PRIVATE,
    ),
    Ownership.PERSONAL: Privacy(
        sees=(
            "model, serial number and name",
            "system version and free storage",
            "profiles and certificates",
            "whether a passcode is set and the disk is encrypted",
        ),
        may=("install settings for work and system updates", "lock or restart the device", "clear its passcode"),
        never=(*_PRIVATE, "see your personal apps", "locate the device", "erase the whole device"),
    ),
}

_ON_A_PC = (
    "read messages, mail or contacts",
    "open photos, documents or notes",
    "see what you browse",
    "learn passwords or your PIN",
    "locate the PC",
)
_HEALTH = "whether the disk is encrypted, firewall and antivirus are on"

WINDOWS: Mapping[Ownership, Privacy] = {
    Ownership.CORPORATE: Privacy(
        sees=(
            "model, serial number and name",
            "Windows version, memory and storage",
            "installed apps and certificates",
            _HEALTH,
        ),
        may=(
            "install settings and updates",
            "lock, restart and rename the PC, scan it for malware",
            "collect logs of Windows",
            "erase it, if it is lost or returned",
        ),
        never=_ON_A_PC,
    ),
    Ownership.PERSONAL: Privacy(
        sees=("model, serial number and name", "Windows version, memory and storage", _HEALTH),
        may=("install settings for work", "lock, restart and rename the PC", "scan it for malware"),
        never=(*_ON_A_PC, "see your apps and certificates", "collect logs", "erase the whole PC"),
    ),
}
