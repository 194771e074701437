"""What all messages share: who speaks, and typed access to a property list (Apple mdm/checkin/*.yaml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.core.errors import BadRequest

T = TypeVar("T")
Plist = Mapping[str, Any]
SHARED_IPAD_USER = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"  # Shared iPad: the user is told apart by its short name
_LONGEST_ID, _LONGEST_NAME = 256, 1024


@dataclass(frozen=True, slots=True)
class Channel:
    """The device channel, or with a `user_id` the channel of one user on it."""

    hardware_id: str
    user_enrollment: bool = False
    user_id: str = ""
    user_name: str = ""


def field(message: Plist, key: str, kind: type[T], default: T) -> T:
    """An optional value. Absent: the default; of another type: BadRequest."""
    value = message.get(key, default)
    if type(value) is not kind:
        raise BadRequest(f"{key} has the wrong type.")
    return value


def required(message: Plist, key: str, kind: type[T]) -> T:
    if key not in message:
        raise BadRequest(f"{key} is missing.")
    return field(message, key, kind, kind())


def name(message: Plist, key: str) -> str:
    """An optional text that people will read: short, and without control characters."""
    return "".join(c for c in field(message, key, str, "") if c.isprintable())[:_LONGEST_NAME]


def identifier(message: Plist, key: str) -> str:
    """An optional text that becomes part of a key."""
    value = field(message, key, str, "")
    if len(value) > _LONGEST_ID or not value.isprintable():
        raise BadRequest(f"{key} is not an identifier.")
    return value


def channel(message: Plist) -> Channel:
    """The UDID wins over the EnrollmentID, and decides which keys name the user."""
    udid, enrollment_id = identifier(message, "UDID"), identifier(message, "EnrollmentID")
    if not (udid or enrollment_id):
        raise BadRequest("The message names no device: UDID and EnrollmentID are missing.")
    short_name = identifier(message, "UserShortName")
    user_id = identifier(message, "UserID") if udid else identifier(message, "EnrollmentUserID")
    if user_id.upper() == SHARED_IPAD_USER:
        user_id = short_name
        if not user_id:
            raise BadRequest("UserShortName is missing.")
    return Channel(udid or enrollment_id, not udid, user_id, short_name or name(message, "UserLongName"))
