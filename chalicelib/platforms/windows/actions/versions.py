"""Since which build of Windows a node exists, as Microsoft's DDF files write it (MSFT:OsBuildVersion).

A list names the build that brought it, and the update that brought it to each older release:
"10.0.22000, 10.0.19041.1387". Releases that share their updates (19041 to 19045, 22621 and 22631) count as one.
"""

import re

from chalicelib.model.device import Device

SAME_RELEASE = 100  # builds


def number(version: str) -> tuple[int, ...]:
    """ "10.0.22631.4460" → (10, 0, 22631, 4460); always four numbers."""
    parts = [int(part) for part in re.findall(r"\d+", version)[:4]]
    return tuple(parts + [0] * (4 - len(parts)))


def reaches(version: str, since: str) -> bool:
    """True as well where the version is not known: the device will refuse by itself."""
    if not version:
        return True
    runs = number(version)
    entries = [number(entry) for entry in since.split(",")]
    main = max((entry for entry in entries if entry[3] == 0), default=max(entries))
    return runs >= main or any(_updated(runs, entry) for entry in entries if entry[3])


def _updated(runs: tuple[int, ...], entry: tuple[int, ...]) -> bool:
    same = runs[:2] == entry[:2] and 0 <= runs[2] - entry[2] < SAME_RELEASE
    return same and runs[3] >= entry[3]


def outdated(device: Device, since: str) -> str:
    """Why this PC is too old, or ""."""
    if reaches(device.os_version, since):
        return ""
    wanted = since.replace(", ", " or ")
    return f"It needs Windows {wanted} or later, and this PC runs {device.os_version}; update it first."
