"""Which values a node takes (DDF v2, MSFT:AllowedValues): `text in allowed` tells, `str(allowed)` words it."""

import re
from dataclasses import dataclass
from typing import Protocol

from chalicelib.core.errors import BadRequest, Unprocessable
from chalicelib.platforms.windows import untrusted

_NUMBER = re.compile("0|-?[1-9][0-9]{0,18}")
_XML_CAP = 1024 * 1024


class Allowed(Protocol):
    def __contains__(self, text: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Range:
    lowest: int
    highest: int

    def __contains__(self, text: str) -> bool:
        return bool(_NUMBER.fullmatch(text)) and self.lowest <= int(text) <= self.highest

    def __str__(self) -> str:
        return f"a whole number from {self.lowest} to {self.highest}"


@dataclass(frozen=True, slots=True, init=False)
class Choice:
    values: tuple[str, ...]

    def __init__(self, *values: str | int) -> None:
        object.__setattr__(self, "values", tuple(map(str, values)))

    def __contains__(self, text: str) -> bool:
        return text in self.values

    def __str__(self) -> str:
        return "one of " + ", ".join(self.values)


@dataclass(frozen=True, slots=True)
class Pattern:
    regex: str

    def __contains__(self, text: str) -> bool:
        return bool(re.fullmatch(self.regex, text))

    def __str__(self) -> str:
        return f"text like {self.regex}"


@dataclass(frozen=True, slots=True)
class Flags:
    """Any sum of the bits of `mask`, as a decimal number."""

    mask: int

    def __contains__(self, text: str) -> bool:
        return bool(re.fullmatch("[0-9]{1,10}", text)) and not int(text) & ~self.mask

    def __str__(self) -> str:
        return f"a sum of the bits of {self.mask}"


@dataclass(frozen=True, slots=True)
class Listed:
    """One text of several values; a value cannot hold the delimiter."""

    delimiter: str
    of: Allowed | None = None

    def __contains__(self, text: str) -> bool:
        return self.of is None or all(part in self.of for part in text.split(self.delimiter))

    def join(self, parts: tuple[str, ...]) -> str:
        if any(self.delimiter in part for part in parts):
            raise Unprocessable(f"A value of this list cannot hold {self.delimiter!r}.")
        return self.delimiter.join(parts)

    def __str__(self) -> str:
        return f"values joined by {self.delimiter!r}" + (f", each {self.of}" if self.of else "")


@dataclass(frozen=True, slots=True)
class Xml:
    """A document; with `root`, of this name."""

    root: str = ""

    def __contains__(self, text: str) -> bool:
        try:
            return untrusted.read(text.encode(), _XML_CAP).name == self.root or not self.root
        except (BadRequest, UnicodeEncodeError):
            return False

    def __str__(self) -> str:
        return f"an XML document {self.root}".rstrip()


@dataclass(frozen=True, slots=True)
class Admx:
    """`<enabled/>` or `<disabled/>`, then a `<data id value/>` for each element of the template's policy."""

    def __contains__(self, text: str) -> bool:
        try:
            found = untrusted.read(f"<policy>{text}</policy>".encode(), _XML_CAP)
        except (BadRequest, UnicodeEncodeError):
            return False
        names = [child.name.lower() for child in found.children]
        return names[:1] in (["enabled"], ["disabled"]) and set(names[1:]) <= {"data"} and not found.text.strip()

    def __str__(self) -> str:
        return "<enabled/> or <disabled/>, then <data/> elements"
