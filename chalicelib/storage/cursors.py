"""Opaque cursors: where a page ended. They hold a position only; the partition always comes from the request."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from chalicelib.core.errors import BadRequest
from chalicelib.storage.layout import LONGEST_PARTITION_KEY
from chalicelib.storage.tables import Range

LONGEST_CURSOR = 8192


def pack(wanted: Range, last: Mapping[str, Any] | None) -> str:
    if last is None:
        return ""
    position = json.dumps([last[name] for name in _names(wanted)], separators=(",", ":"))
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def unpack(wanted: Range, cursor: str) -> Mapping[str, str] | None:
    """The key to go on after, inside the partition and the range that were asked for. BadRequest."""
    if not cursor:
        return None
    names, position = _names(wanted), _position(cursor)
    if len(position) != len(names):
        raise BadRequest("The cursor is not one of ours; start again without it.")
    key = dict(zip(names, position, strict=True))
    if wanted.between and not wanted.between[0] <= key["sk"] <= wanted.between[1]:
        raise BadRequest("The cursor belongs to another list; start again without it.")
    return key | {wanted.index.pk if wanted.index else "pk": wanted.pk}


def _names(wanted: Range) -> tuple[str, ...]:
    return (wanted.index.sk, "pk", "sk") if wanted.index else ("sk",)


def _position(cursor: str) -> list[str]:
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError("too long")
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        position = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as problem:
        raise BadRequest("The cursor is not one of ours; start again without it.") from problem
    if not isinstance(position, list):
        return []
    return [part for part in position if _plausible(part)]


def _plausible(part: object) -> bool:
    return isinstance(part, str) and 0 < len(part) <= LONGEST_PARTITION_KEY and part.isprintable()
