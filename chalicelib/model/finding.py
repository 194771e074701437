"""A posture finding: a control that a device does not meet, since when, and when it was resolved."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    device_id: str
    control: str  # seen-lately, os-minimum, passcode-set, disk-encrypted
    expected: str
    observed: str
    since: int
    resolved_at: int = 0
    version: int = 0

    @property
    def open(self) -> bool:
        return self.resolved_at == 0
