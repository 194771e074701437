"""Binary property lists ("bplist00", Apple CFBinaryPList.c): built where they are referenced, under a budget."""

import math
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.core.errors import BadRequest
from chalicelib.platforms.apple.guard import Budget, integer, refuse

_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
_CONSTANTS = {0x08: False, 0x09: True}


def read(body: bytes) -> Any:
    try:
        return _Reader(body).document()
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise BadRequest("The message is not a well-formed binary property list.") from error


class _Reader:
    """Layout: header, objects, offset table, trailer of 32 bytes."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.budget = Budget()
        self.scalars: dict[int, Any] = {}

    def document(self) -> Any:
        if len(self.body) < 40:
            refuse("it is too short")
        self.offset_size, self.ref_size, self.count, root, self.table = struct.unpack(">6xBBQQQ", self.body[-32:])
        sizes = (1, 2, 3, 4, 8)
        if self.offset_size not in sizes or self.ref_size not in sizes or root >= self.count:
            refuse("its trailer is wrong")
        if self.table + self.count * self.offset_size > len(self.body) - 32:
            refuse("its offset table is wrong")
        return self.value(root, 0)

    def number(self, start: int, size: int) -> int:
        piece = self.piece(start, size)
        return int.from_bytes(piece, "big")

    def piece(self, start: int, size: int) -> bytes:
        if start < 0 or start + size > self.table:
            refuse("an object lies outside")
        return self.body[start : start + size]

    def offset(self, ref: int) -> int:
        if ref >= self.count:
            refuse("a reference leads nowhere")
        start = self.table + ref * self.offset_size
        return int.from_bytes(self.body[start : start + self.offset_size], "big")

    def value(self, ref: int, depth: int) -> Any:
        start = self.offset(ref)
        marker = self.number(start, 1)
        if marker >> 4 in (0xA, 0xD):
            self.budget.node()
            self.budget.depth(depth + 1)
            size, first = self.length(start, marker)
            return self.array(first, size, depth + 1) if marker >> 4 == 0xA else self.dictionary(first, size, depth + 1)
        if ref not in self.scalars:
            self.scalars[ref] = self.scalar(start, marker)
        scalar = self.scalars[ref]
        self.budget.node(len(scalar) if isinstance(scalar, (str, bytes)) else 8)
        return scalar

    def length(self, start: int, marker: int) -> tuple[int, int]:
        """Number of elements and where they begin."""
        if marker & 0xF < 0xF:
            return marker & 0xF, start + 1
        width = self.number(start + 1, 1)
        if width >> 4 != 1 or width & 0xF > 3:
            refuse("a length is malformed")
        size = 1 << (width & 0xF)
        return self.number(start + 2, size), start + 2 + size

    def references(self, first: int, size: int) -> list[int]:
        if size > self.budget.nodes:  # before the list is built: the size is the sender's claim
            refuse("it unfolds to too many values")
        piece = self.piece(first, size * self.ref_size)
        step = self.ref_size
        return [int.from_bytes(piece[at : at + step], "big") for at in range(0, len(piece), step)]

    def array(self, first: int, size: int, depth: int) -> list[Any]:
        return [self.value(ref, depth) for ref in self.references(first, size)]

    def dictionary(self, first: int, size: int, depth: int) -> dict[str, Any]:
        refs = self.references(first, 2 * size)
        result: dict[str, Any] = {}
        for key_ref, value_ref in zip(refs[:size], refs[size:], strict=True):
            key = self.value(key_ref, depth)
            if not isinstance(key, str) or key in result:
                refuse("a key is no string or appears twice")
            result[key] = self.value(value_ref, depth)
        return result

    def scalar(self, start: int, marker: int) -> Any:
        kind = marker >> 4
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if kind == 0x1 and marker & 0xF <= 4:
            size = 1 << (marker & 0xF)
            return integer(int.from_bytes(self.piece(start + 1, size), "big", signed=size >= 8))
        if marker in (0x22, 0x23):
            return struct.unpack(">f" if marker == 0x22 else ">d", self.piece(start + 1, 4 if marker == 0x22 else 8))[0]
        if marker == 0x33:
            return self.date(start)
        size, first = self.length(start, marker)
        if kind == 0x4:
            return self.piece(first, size)
        if kind == 0x5:
            return self.piece(first, size).decode("ascii")
        if kind == 0x6:
            return self.piece(first, 2 * size).decode("utf-16-be")
        return refuse("an object has an unknown type")

    def date(self, start: int) -> datetime:
        seconds = struct.unpack(">d", self.piece(start + 1, 8))[0]
        if not math.isfinite(seconds):
            refuse("a date is malformed")
        return _EPOCH + timedelta(seconds=seconds)
