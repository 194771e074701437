"""XML from outside (XML 1.0 and Namespaces in XML 1.0), read under limits into frozen elements.

There is no document type, so no entity but XML's own five; comments and processing instructions vanish, and the text
around them is one text.
"""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NoReturn
from xml.parsers import expat

from chalicelib.core.errors import BadRequest, TooLarge

MAX_DEPTH = 64
MAX_ELEMENTS = 20_000  # and attributes; results for 1,000 nodes have 12,000
MAX_ATTRIBUTES = 64  # of one element
_MAX_EQUALS = 50_000  # each attribute takes one; base64 and addresses have a few
_LONGEST_REASON = 120  # characters: names of elements are the sender's
_MAX_NAMESPACE = 1024  # the parser writes it anew for each element that is in it
_UTF_16 = ("utf-16", "utf-16le", "utf-16be")
_DECLARED = {"utf-8": ("utf-8", "utf8"), "utf-16": _UTF_16, "utf-16-le": _UTF_16, "utf-16-be": _UTF_16}
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Element:
    """`text` is all character data directly inside. Names are local: prefixes are the sender's choice."""

    name: str
    namespace: str
    attributes: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    children: tuple["Element", ...] = field(repr=False)

    def child(self, name: str) -> "Element | None":
        """The one child of this name; refused where there are two, for two readers may take different ones."""
        found = self.all(name)
        if len(found) > 1:
            refuse(f"{name} appears more than once in {self.name}")
        return found[0] if found else None

    def all(self, name: str) -> tuple["Element", ...]:
        return tuple([child for child in self.children if child.name == name])

    def find(self, *path: str) -> "Element | None":
        found: Element | None = self
        for name in path:
            found = found.child(name) if found else None
        return found

    def need(self, *path: str) -> "Element":
        found = self.find(*path)
        return found if found else refuse(f"{self.name} has no {'/'.join(path)}")

    def text_of(self, *path: str) -> str:
        """Without the white space around it; "" where the element is missing."""
        found = self.find(*path)
        return found.text.strip() if found else ""


def read(body: bytes, cap: int) -> Element:
    """The root element. `cap` is in bytes."""
    encoding, document = _document(body, cap)
    return _Reader(encoding).read(document)


def read_to(name: str, body: bytes, cap: int) -> Element:
    """The first element of this name, as soon as it is complete: what follows it is not even looked at."""
    encoding, document = _document(body, cap)
    reader = _Reader(encoding, name)
    try:
        reader.read(document)
    except _Found as found:
        return found.element
    return refuse(f"it has no {name}")


def _document(body: bytes, cap: int) -> tuple[str, bytes]:
    if len(body) > cap:
        raise TooLarge(f"The XML has {len(body)} bytes; at most {cap} are accepted.")
    encoding = _encoding(body)
    try:
        document = body if encoding == "utf-8" else body.decode(encoding).encode()
    except UnicodeError as error:
        raise BadRequest("The XML is not acceptable: it is neither UTF-8 nor UTF-16.") from error
    if document.count(b"=") > _MAX_EQUALS:  # the parser makes all attributes of an element before it tells of one
        refuse("it has too many attributes")
    return encoding, document


class _Found(Exception):
    def __init__(self, element: Element) -> None:
        self.element = element


def refuse(what: str) -> NoReturn:
    raise BadRequest(f"The XML is not acceptable: {what[:_LONGEST_REASON]}.")


def _encoding(body: bytes) -> str:
    """What the first bytes say (XML 1.0 appendix F). UTF-32 reads as one of these and then fails on its NULs."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(body[:2], "utf-8")


class _Reader:
    """Handlers of one parse: for each open element its own text, and the children that are complete."""

    def __init__(self, encoding: str, wanted: str = "") -> None:
        self.encoding, self.wanted = encoding, wanted
        self.left = MAX_ELEMENTS
        self.namespaces: dict[str, str] = {}
        self.open: list[tuple[str, Mapping[str, str], list[str], list[Element]]] = []
        self.roots: list[Element] = []
        self.parser = parser = expat.ParserCreate("UTF-8", " ")
        parser.buffer_text = True
        parser.buffer_size = 65536
        parser.XmlDeclHandler = self.declaration
        parser.StartDoctypeDeclHandler = self.doctype
        parser.EntityDeclHandler = self.doctype
        parser.StartNamespaceDeclHandler = self.namespace
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters

    def read(self, document: bytes) -> Element:
        try:
            self.parser.Parse(document, True)
        except expat.ExpatError as error:
            raise BadRequest(f"The XML is not well-formed in line {error.lineno}.") from error
        return self.roots[0]

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if version != "1.0":
            refuse("its version is not 1.0")
        if encoding and encoding.lower() not in _DECLARED[self.encoding]:
            refuse("it says that it is neither UTF-8 nor UTF-16, or not what it is")

    def doctype(self, *declared: object) -> None:
        refuse("it has a DOCTYPE")

    def namespace(self, prefix: str | None, name: str | None) -> None:
        self.spend(1)
        if name and len(name) > _MAX_NAMESPACE:
            refuse("the name of a namespace is too long")

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            refuse("it has too many elements")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.spend(1 + len(attributes))
        if len(self.open) == MAX_DEPTH:
            refuse("it is nested too deeply")
        self.open.append((tag, self.local(attributes) if attributes else _NONE, [], []))

    def local(self, attributes: dict[str, str]) -> Mapping[str, str]:
        found = {name.rpartition(" ")[2]: value for name, value in attributes.items()}
        if len(attributes) > MAX_ATTRIBUTES:
            refuse("an element has too many attributes")
        if len(found) != len(attributes):
            refuse("an element has two attributes of one name")
        return MappingProxyType(found)

    def characters(self, text: str) -> None:
        self.open[-1][2].append(text)

    def end(self, tag: str) -> None:
        _, attributes, text, children = self.open.pop()
        namespace, _, name = tag.rpartition(" ")
        namespace = self.namespaces.setdefault(namespace, namespace)
        element = Element(name, namespace, attributes, "".join(text), tuple(children))
        if name == self.wanted:
            raise _Found(element)
        (self.open[-1][3] if self.open else self.roots).append(element)
