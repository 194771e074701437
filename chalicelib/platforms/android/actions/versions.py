"""Since which API level of Android something works, in the names that people know.

Source: android.os.Build.VERSION_CODES.
"""

import re
from collections.abc import Mapping

from chalicelib.model.device import Device

ANY = 0  # all that Google still enrolls
ANDROID_7, ANDROID_8, ANDROID_9, ANDROID_11, ANDROID_13, ANDROID_14 = 24, 26, 28, 30, 33, 34
# 12L (32) is left out: its devices say 12, and nothing here needs it.
LEVELS: Mapping[str, int] = {
    "6": 23, "7": 24, "7.1": 25, "8": 26, "8.1": 27, "9": 28, "10": 29, "11": 30, "12": 31, "13": 33, "14": 34,
    "15": 35, "16": 36,
}  # fmt: skip
NAMES: Mapping[int, str] = {level: name for name, level in LEVELS.items()}


def level(device: Device) -> int | None:
    """The API level that the device reported; else the one of its version; None where neither is known."""
    reported = device.facts.get("api_level")
    if isinstance(reported, int):
        return reported
    if not device.os_version[:1].isdigit():
        return None
    runs = _number(device.os_version)
    return max((level for name, level in LEVELS.items() if _number(name) <= runs), default=ANY)


def outdated(device: Device, since: int) -> str:
    """Why this device is too old, or ""; one that does not tell its version will refuse by itself."""
    runs = level(device)
    if runs is None or runs >= since:
        return ""
    present = device.os_version or NAMES.get(runs) or f"API level {runs}"
    return f"It needs Android {NAMES[since]} or later, and this device runs {present}; update it first."


def _number(version: str) -> tuple[int, int]:
    """ "8.1.0" → (8, 1)."""
    parts = [int(part) for part in re.findall(r"\d{1,6}", version)[:2]]
    return (parts[0], parts[1] if len(parts) > 1 else 0)
