"""What a queued command has Google do, as JSON: a Command to issue, or fields of the Device to change.

Source: androidmanagement.v1, enterprises.devices.issueCommand and .patch. Google forgets a command after ten minutes
unless told otherwise, which is before most phones are out of their owner's pocket again.
"""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.core.ports import Prepared
from chalicelib.model.secret import Secret

DURATION = "2592000s"  # 30 days

Document = Mapping[str, Any]


def command(kind: str, **fields: Any) -> Document:
    """A Command of this CommandType; fields that are None are left out."""
    given = {name: value for name, value in fields.items() if value is not None}
    return {"command": {"type": kind, **given, "duration": DURATION}}


def state(wanted: str, reason: str | None = None) -> Document:
    """A change of the device's state, done when a report says that it is applied; an earlier reason goes."""
    fields = {"state": wanted, **({"disabledReason": said(reason)} if reason else {})}
    return {"device": fields, "mask": "state,disabledReason", "until": {"appliedState": wanted}}


def said(text: str) -> Mapping[str, str]:
    """UserFacingMessage in the one language that was given."""
    return {"defaultMessage": text}


def written(command_id: str, document: Document) -> bytes:
    return json.dumps({"id": command_id, **document}, separators=(",", ":")).encode()


def prepared(command_id: str, document: Document, shown: Mapping[str, Any], *, secret: bool = False) -> Prepared:
    return Prepared(Secret(written(command_id, document)), secret=secret, shown=shown)
