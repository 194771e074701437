"""Request bodies: capped before they are parsed, then JSON or a form without duplicate keys, depth or broken text."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from chalicelib.core.errors import BadRequest, TooLarge

MAX_BYTES = 1_048_576
MAX_DEPTH = 20
MAX_NODES = 50_000
MAX_FORM = 16_384
MAX_FIELDS = 20


def raw(event: Mapping[str, Any]) -> bytes:
    """The body of an API Gateway event. TooLarge before anything is decoded."""
    body = event.get("body") or b""
    encoded = bool(event.get("isBase64Encoded"))
    if len(body) > (MAX_BYTES * 4 // 3 + 4 if encoded else MAX_BYTES):
        raise TooLarge("A request body may have at most 1 MB; send large files through their upload links.")
    plain = body.encode() if isinstance(body, str) else bytes(body)
    try:
        plain = base64.b64decode(plain, validate=True) if encoded else plain
    except binascii.Error:
        raise BadRequest("The body is not valid base64.") from None
    if len(plain) > MAX_BYTES:
        raise TooLarge("A request body may have at most 1 MB; send large files through their upload links.")
    return plain


def parse(body: bytes) -> Any:
    """JSON (RFC 8259); an empty body is an empty object. BadRequest."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse)
    except BadRequest:
        raise
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON.") from None
    _walk(value)
    return value


def parse_form(body: bytes) -> dict[str, str]:
    """The fields of a page's form (application/x-www-form-urlencoded). BadRequest."""
    if len(body) > MAX_FORM:
        raise TooLarge("This is more than the form has fields for.")
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise BadRequest("The form cannot be read.") from None
    return _unique(fields)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BadRequest("The body names a key twice; which one counts?")
    return value


def _refuse(constant: str) -> Any:
    raise BadRequest(f"The body is not valid JSON: {constant} is not a number.")


def _walk(value: Any) -> None:
    """Bounds depth and size, and refuses lone surrogates, which no store could keep."""
    waiting, nodes = [(value, 1)], 0
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise BadRequest(f"The body is nested deeper than {MAX_DEPTH} levels or has more than {MAX_NODES} values.")
        if isinstance(node, dict):
            waiting.extend((part, depth + 1) for pair in node.items() for part in pair)
        elif isinstance(node, list):
            waiting.extend((part, depth + 1) for part in node)
        elif isinstance(node, str):
            _check_text(node)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadRequest("The body holds text that is not valid Unicode.") from None
