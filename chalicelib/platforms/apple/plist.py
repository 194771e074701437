"""Property lists from and to devices, XML and binary (Apple plist(5), PropertyList-1.0.dtd, CFBinaryPList.c)."""

import math
import plistlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.platforms.apple import guard, plist_binary, plist_xml


def read(body: bytes, limit: int = guard.MAX_BODY) -> Mapping[str, Any]:
    """The dictionary at the root. BadRequest for anything else, TooLarge over `limit`; never another error."""
    guard.check_size(body, limit)
    root = plist_binary.read(body) if body.startswith(b"bplist0") else plist_xml.read(body)
    if not isinstance(root, dict):
        guard.refuse("the root is not a dictionary")
    return root


def write(value: Mapping[str, Any]) -> bytes:
    return plistlib.dumps(dict(value), sort_keys=False)


def jsonable(value: Any) -> Any:
    """The same value as JSON knows it: dates as ISO 8601, data as hex, numbers that are none as null."""
    if isinstance(value, Mapping):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
