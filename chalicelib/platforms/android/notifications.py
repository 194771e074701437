"""What Pub/Sub pushes: an envelope around a Device or an Operation (Cloud Pub/Sub, "Push subscriptions"). Pure.

Google's notification types are ENROLLMENT and STATUS_REPORT, with a Device, and COMMAND, with an Operation; a message
of another type, `test` and those without data tell nothing and are values too.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.errors import BadRequest

LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Notification:
    id: str
    kind: str
    body: Mapping[str, Any] = field(default_factory=dict)


def read(envelope: bytes) -> Notification:
    """BadRequest."""
    message = _object(_json(envelope).get("message"))
    told = message.get("data") or ""
    kind = _object(message.get("attributes", {})).get("notificationType", "")
    name = message.get("messageId")
    if not isinstance(told, str) or not isinstance(kind, str) or not _is_id(name):
        raise BadRequest("This is no message of Pub/Sub.")
    try:
        data = base64.b64decode(told, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("The data of the message is not base64.") from error
    return Notification(str(name), kind, _json(data) if data else {})


def _is_id(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= LONGEST_ID and name.isascii() and name.isprintable()


def _json(text: bytes) -> Mapping[str, Any]:
    try:
        return _object(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise BadRequest("The message is not JSON.") from error


def _object(found: object) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise BadRequest("The message is not an object where one is due.")
    return found
