"""Just enough ASN.1 (ITU-T X.690) for CMS and PKCS #10: DER, plus the indefinite lengths that some signers emit.

A general ASN.1 library adds a tenth of the cold start's budget to every check-in function, decodes lazily and fails in
many types. This one knows tags, lengths and bytes, bounds its own work, and fails in one type.
"""

from collections.abc import Iterable, Iterator

from chalicelib.pki.errors import BadMessage

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x02, 0x03, 0x04, 0x05, 0x06
UTF8_STRING, PRINTABLE_STRING, T61_STRING, IA5_STRING, BMP_STRING = 0x0C, 0x13, 0x14, 0x16, 0x1E
SEQUENCE, SET = 0x30, 0x31
CONSTRUCTED = 0x20

MAX_ELEMENTS = 20_000
MAX_CHILDREN = 512
MAX_DEPTH = 24


class Node:
    """One element: its tag octet, its contents and its whole encoding."""

    __slots__ = ("body", "raw", "tag")

    def __init__(self, tag: int, body: bytes, raw: bytes) -> None:
        self.tag, self.body, self.raw = tag, body, raw

    def expect(self, tag: int) -> "Node":
        if self.tag != tag:
            raise BadMessage("an element of another type was expected")
        return self

    def children(self) -> Iterator["Node"]:
        at = 0
        for _ in range(MAX_CHILDREN):
            if at == len(self.body):
                return
            node = _node(self.body, at)
            yield node
            at += len(node.raw)
        if at != len(self.body):
            raise BadMessage("too many elements")

    def octets(self) -> bytes:
        """The value of an OCTET STRING, or of an implicitly tagged one, whole or in pieces."""
        if not self.tag & CONSTRUCTED:
            return self.body
        return b"".join(piece.expect(OCTET_STRING).body for piece in self.children())


class Fields:
    """The members of a SEQUENCE or SET, taken in order."""

    __slots__ = ("_next", "_nodes")

    def __init__(self, node: Node, tag: int = SEQUENCE) -> None:
        self._nodes = node.expect(tag).children()
        self._next = next(self._nodes, None)

    def take(self, tag: int | None = None) -> Node:
        node = self._next
        if node is None:
            raise BadMessage("an element is missing")
        if tag is not None:
            node.expect(tag)
        self._next = next(self._nodes, None)
        return node

    def optional(self, tag: int) -> Node | None:
        return self.take() if self._next is not None and self._next.tag == tag else None

    def end(self) -> None:
        if self._next is not None:
            raise BadMessage("an element too many")


def parse(data: bytes, limit: int) -> Node:
    """The one element that fills `data`."""
    if len(data) > limit:
        raise BadMessage("the message is too large")
    node = _node(data, 0)
    if len(node.raw) != len(data):
        raise BadMessage("bytes follow the message")
    return node


def _node(data: bytes, at: int) -> Node:
    tag, start, length = _header(data, at)
    if length is not None:
        return Node(tag, data[start : start + length], data[at : start + length])
    end = _end_of_contents(data, start)
    return Node(tag, data[start : end - 2], data[at:end])


def _header(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Tag, where the contents start, and how long they are; None: until an end-of-contents mark."""
    if at + 2 > len(data):
        raise BadMessage("the message is cut short")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise BadMessage("a tag number is too large")
    if length == 0x80:
        if not tag & CONSTRUCTED:
            raise BadMessage("a primitive element has no length")
        return tag, start, None
    if length > 0x80:
        width = length - 0x80
        if width > 4:
            raise BadMessage("a length is too large")
        length = int.from_bytes(data[start : start + width], "big")
        start += width
    if start + length > len(data):
        raise BadMessage("the message is cut short")
    return tag, start, length


def _end_of_contents(data: bytes, at: int) -> int:
    depth = 1
    for _ in range(MAX_ELEMENTS):
        tag, start, length = _header(data, at)
        depth += 1 if length is None else 0
        at = start + (length or 0)
        if tag == 0 and length == 0:
            depth -= 1
        if depth == 0:
            return at
        if depth > MAX_DEPTH:
            break
    raise BadMessage("the message is nested too deeply")


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def sequence(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, *parts)


def set_of(parts: Iterable[bytes], tag: int = SET) -> bytes:
    """DER sorts the members of a SET OF by their encodings."""
    return tlv(tag, *sorted(parts))


def integer(value: int) -> bytes:
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    """The contents octets of an OBJECT IDENTIFIER; OIDs are compared and kept in this form."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    return b"".join(_base128(part) for part in (first * 40 + second, *rest))


def _base128(value: int) -> bytes:
    septets = [value & 0x7F]
    while value := value >> 7:
        septets.append(value & 0x7F | 0x80)
    return bytes(reversed(septets))
