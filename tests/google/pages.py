"""Pages of a list: the size a service allows, and tokens that are good for the same query only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.google.errors import invalid


def page(
    items: list[Any], query: Mapping[str, Any], default: int, most: int, field: str = "pageSize",
    key: Callable[[Any], str] | None = None,
) -> tuple[list[Any], str]:  # fmt: skip
    """The items of the page and the token of the next (""). With a key a page goes on behind the last one given, so
    that what comes or goes meanwhile neither hides nor repeats anything."""
    size = int(query.get(field) or 0)
    if size < 0:
        raise invalid(f"{field} must not be negative.")
    size = min(size or default, most)
    print_of = _fingerprint(query, field)
    if key:
        items = sorted(items, key=key)
    start = _start(items, _opened(query.get("pageToken") or "", print_of), key)
    part, rest = items[start : start + size], items[start + size :]
    if not rest:
        return part, ""
    return part, _sealed([print_of, key(part[-1]) if key else start + size])


def listed(name: str, found: tuple[list[Any], str]) -> dict[str, Any]:
    """The usual answer: empty fields are left out, as proto3's JSON does."""
    items, token = found
    return ({name: items} if items else {}) | ({"nextPageToken": token} if token else {})


def _start(items: list[Any], after: Any, key: Callable[[Any], str] | None) -> int:
    if after is None:
        return 0
    if key is None:
        return int(after)
    return next((place for place, one in enumerate(items) if key(one) > after), len(items))


def _fingerprint(query: Mapping[str, Any], field: str) -> str:
    asked = {name: value for name, value in query.items() if name not in ("pageToken", field)}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]


def _sealed(value: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _opened(token: str, fingerprint: str) -> Any:
    if not token:
        return None
    try:
        print_of, after = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise invalid("Invalid page token.") from error
    if print_of != fingerprint:
        raise invalid("Page token is only valid for the request that it came from.")
    return after
