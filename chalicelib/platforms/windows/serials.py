"""Serial numbers that are none: what makers of boards and virtual machines leave in the SMBIOS table (DMTF DSP0134)."""

import re

LONGEST = 64
PLACEHOLDERS = frozenset(
    {
        "to be filled by o.e.m.", "to be filled by oem", "to be filled by o.e.m", "default string", "default",
        "system serial number", "chassis serial number", "base board serial number", "serial number", "serialnumber",
        "system manufacturer", "system product name", "system version", "oem", "o.e.m.", "none", "null", "n/a", "na",
        "not applicable", "not available", "not specified", "unspecified", "unknown", "undefined", "invalid", "empty",
        "no serial", "standard", "test", "123456789", "1234567890", "0123456789", "12345678", "123456",
    }
)  # fmt: skip


def serial(said: str) -> str:
    """The serial number, or "" where it is a placeholder. Devices are told apart by it: a doubtful one counts not."""
    found = " ".join(said.split())
    plain = found.lower()
    if not found or len(found) > LONGEST or not found.isascii() or not found.isprintable():
        return ""
    letters = re.sub(r"[^0-9a-z]", "", plain)
    if plain in PLACEHOLDERS or len(set(letters)) < 2:  # 0, 000000, XXXXXXXX, 00000000-0000-…
        return ""
    return found
