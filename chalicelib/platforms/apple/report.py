"""Command reports: a property list in, a frozen value out, also of an unknown status (Apple mdm/commands/*.yaml)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.core.errors import BadRequest
from chalicelib.platforms.apple import message as wire
from chalicelib.platforms.apple.message import Channel, Plist

_REASONS = 3  # entries of an error chain that we keep
_LONGEST_REASON = 200


class Status(StrEnum):
    IDLE = "Idle"
    ACKNOWLEDGED = "Acknowledged"
    ERROR = "Error"
    FORMAT_ERROR = "CommandFormatError"
    NOT_NOW = "NotNow"
    UNKNOWN = ""


_STATUSES = {status.value: status for status in Status if status.value}


@dataclass(frozen=True, slots=True)
class Report:
    channel: Channel
    status: Status
    command_id: str = ""
    error: str = ""  # the error chain as one line of text
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)


def parse(plist: Plist) -> Report:
    status = _STATUSES.get(wire.required(plist, "Status", str), Status.UNKNOWN)
    command_id = wire.identifier(plist, "CommandUUID")
    if not command_id and status not in (Status.IDLE, Status.UNKNOWN):
        raise BadRequest("CommandUUID is missing.")
    return Report(wire.channel(plist), status, command_id, _error(plist), plist)


def _error(plist: Plist) -> str:
    chain = wire.field(plist, "ErrorChain", list, [])
    return "; ".join(_reason(link) for link in chain[:_REASONS] if isinstance(link, Mapping))


def _reason(link: Plist) -> str:
    text = wire.name(link, "USEnglishDescription") or wire.name(link, "LocalizedDescription")
    return f"{text[:_LONGEST_REASON]} ({wire.name(link, 'ErrorDomain')[:64]} {wire.field(link, 'ErrorCode', int, 0)})"
