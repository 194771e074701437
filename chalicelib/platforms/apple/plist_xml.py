"""XML property lists (Apple PropertyList-1.0.dtd), read under a budget while the parser runs."""

import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.parsers import expat

from chalicelib.core.errors import BadRequest
from chalicelib.platforms.apple.guard import MAX_NODES, Budget, integer, refuse

_LONG_TAG = re.compile(rb"<[^!?>]{80}")  # no element of a property list has attributes worth more
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}|0[xX][0-9a-fA-F]{1,16}")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", re.ASCII)


def read(body: bytes) -> Any:
    # Counted before the parser starts: each element costs at least one "<", and calls into Python are what takes time.
    if body.count(b"<") > 2 * MAX_NODES or _LONG_TAG.search(body):
        refuse("it has too many or too large elements")
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError as error:
        raise BadRequest("The message is neither an XML nor a binary property list.") from error
    if reader.root is _NOTHING:
        refuse("it is empty")
    return reader.root


def _integer(text: str) -> int:
    text = text.strip()
    if not _INTEGER.fullmatch(text):
        refuse("an integer is malformed")
    return integer(int(text, 16) if text[:2] in ("0x", "0X") else int(text))


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BadRequest("The message is not acceptable: a real is malformed.") from error


def _data(text: str) -> bytes:
    try:
        return binascii.a2b_base64("".join(text.split()).encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise BadRequest("The message is not acceptable: data is not base64.") from error


def _date(text: str) -> datetime:
    match = _DATE.fullmatch(text.strip())
    try:
        return datetime(*map(int, match.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type,union-attr]
    except (ValueError, AttributeError) as error:
        raise BadRequest("The message is not acceptable: a date is malformed.") from error


_TEXT: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "integer": _integer,
    "real": _real,
    "data": _data,
    "date": _date,
    "key": str,
}
_EMPTY: Mapping[str, bool] = {"true": True, "false": False}
_NOTHING = object()


class _Reader:
    """Handlers of one parse: a stack of open containers, a pending key per dictionary, the text of the open element."""

    def __init__(self) -> None:
        self.root: Any = _NOTHING
        self.budget = Budget()
        self.stack: list[tuple[Any, list[str]]] = []
        self.text: list[str] | None = None
        self.opened = False
        self.parser = parser = expat.ParserCreate("UTF-8")  # overrides whatever encoding the document claims
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.StartDoctypeDeclHandler = self.doctype
        parser.EntityDeclHandler = self.entity

    def doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        if internal or name != "plist":
            refuse("its DOCTYPE declares something")

    def entity(self, *declaration: object) -> None:
        refuse("it declares an entity")

    def start(self, tag: str, attributes: object) -> None:
        if self.text is not None:
            refuse("an element is where text belongs")
        if tag == "plist":
            return self.open_document()
        if not self.opened:
            refuse("it is not a property list")
        self.budget.node()
        if tag in ("dict", "array"):
            container: Any = {} if tag == "dict" else []
            self.place(container)
            self.stack.append((container, []))
            self.budget.depth(len(self.stack))
        elif tag in _TEXT:
            self.text = []
            self.parser.CharacterDataHandler = self.text.append
        elif tag not in _EMPTY:
            refuse("an element is unknown")

    def open_document(self) -> None:
        if self.opened:
            refuse("it is not a property list")
        self.opened = True

    def end(self, tag: str) -> None:
        if tag in _TEXT:
            self.parser.CharacterDataHandler = None  # hands over what is buffered
            text, self.text = "".join(self.text or ()), None
            self.key(text) if tag == "key" else self.place(_TEXT[tag](text))
        elif tag in _EMPTY:
            self.place(_EMPTY[tag])
        elif tag != "plist" and self.stack.pop()[1]:
            refuse("a key has no value")

    def key(self, name: str) -> None:
        if not self.stack or not isinstance(self.stack[-1][0], dict) or self.stack[-1][1]:
            refuse("a key is out of place")
        if name in self.stack[-1][0]:
            refuse("a key appears twice")
        self.stack[-1][1].append(name)

    def place(self, value: Any) -> None:
        if not self.stack:
            if self.root is not _NOTHING:
                refuse("it has two roots")
            self.root = value
            return
        container, pending = self.stack[-1]
        if isinstance(container, list):
            container.append(value)
        elif pending:
            container[pending.pop()] = value
        else:
            refuse("a value has no key")
