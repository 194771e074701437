"""What a device's report means in the house's terms, and text of devices made fit to be kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST, LONGEST_NAME = 512, 128


@dataclass(frozen=True, slots=True)
class Reading:
    """`sections` go to the inventory, `attributes` are fields of Device, `facts` are posture facts.

    `result` is what a command that asked for it shows.
    """

    sections: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)


def tidy(said: str, longest: int = LONGEST) -> str:
    """Printable, on one line, not too long. Not printable are all controls, those of writing direction too."""
    printable = "".join(c if c.isprintable() else " " for c in said[: 4 * longest])
    return " ".join(printable.split())[:longest]
