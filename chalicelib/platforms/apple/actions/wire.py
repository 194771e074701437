"""A command as the device gets it (Apple mdm/commands; Command and CommandUUID frame them all)."""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.ports import Change, Prepared
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple import plist


def payload(command_id: str, request_type: str, **keys: Any) -> bytes:
    """The whole property list; keys that are None are left out."""
    present = {name: value for name, value in keys.items() if value is not None}
    return plist.write({"CommandUUID": command_id, "Command": {"RequestType": request_type, **present}})


def prepared(
    wire: bytes,
    shown: Mapping[str, Any],
    *,
    secret: bool = False,
    changes: tuple[Change, ...] = (),
    user_channel: str = "",
) -> Prepared:
    return Prepared(Secret(wire), secret=secret, shown=shown, changes=changes, user_channel=user_channel)
