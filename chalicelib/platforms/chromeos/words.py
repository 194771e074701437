"""What Google's answers hold, read without believing it: texts are cut and printable, numbers are numbers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.platforms import reading
from chalicelib.platforms.reading import LONGEST, LONGEST_NAME

__all__ = [
    "LONGEST", "LONGEST_NAME", "MOST", "flag", "moment", "part", "parts", "text", "tidy", "told", "whole",
]  # fmt: skip

MOST = 200  # entries of a list that are kept
_NUMBER = re.compile(r"-?[0-9]{1,18}")


def text(said: Mapping[str, Any], name: str, longest: int = LONGEST) -> str:
    return tidy(said.get(name), longest)


def tidy(value: object, longest: int = LONGEST) -> str:
    """Printable, on one line, not too long; "" for what is no text."""
    return reading.tidy(value, longest) if isinstance(value, str) else ""


def whole(said: Mapping[str, Any], name: str) -> int | None:
    """Google writes 64-bit numbers as text."""
    value = said.get(name)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def flag(said: Mapping[str, Any], name: str) -> bool | None:
    value = said.get(name)
    return value if isinstance(value, bool) else None


def part(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = said.get(name)
    return value if isinstance(value, Mapping) else {}


def parts(said: Mapping[str, Any], name: str, most: int = MOST) -> list[Mapping[str, Any]]:
    value = said.get(name)
    return [each for each in value[:most] if isinstance(each, Mapping)] if isinstance(value, list) else []


def moment(said: Mapping[str, Any], name: str) -> int:
    """RFC 3339 as epoch seconds; 0 where there is none."""
    try:
        at = datetime.fromisoformat(text(said, name, 64))
    except ValueError:
        return 0
    return max(0, int(at.replace(tzinfo=at.tzinfo or UTC).timestamp()))


def told(**values: Any) -> dict[str, Any]:
    """Those that say something."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
