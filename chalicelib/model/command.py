"""A command and the life it can lead; the transition table is data, used by the code and by the tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class CommandState(StrEnum):
    AWAITING_APPROVAL = "awaiting-approval"
    PARKED = "parked"  # destructive, and the device enrolled again meanwhile: a person decides
    QUEUED = "queued"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


S = CommandState

TRANSITIONS: Mapping[CommandState, frozenset[CommandState]] = {
    S.AWAITING_APPROVAL: frozenset({S.QUEUED, S.CANCELLED, S.EXPIRED}),
    S.PARKED: frozenset({S.CANCELLED, S.EXPIRED}),
    S.QUEUED: frozenset({S.SENT, S.CANCELLED, S.EXPIRED, S.PARKED, S.FAILED}),
    S.SENT: frozenset({S.ACKNOWLEDGED, S.FAILED, S.QUEUED, S.EXPIRED, S.CANCELLED, S.PARKED}),
    S.ACKNOWLEDGED: frozenset(),
    S.FAILED: frozenset(),
    S.EXPIRED: frozenset(),
    S.CANCELLED: frozenset(),
}
TERMINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)


@dataclass(frozen=True, slots=True)
class Command:
    """One command for one channel. While open it is a queue row, once terminal a result row with a TTL.

    `id` is a priority digit (0 first, 9 last) and a ULID; it sorts as the queue does and doubles as the wire id.
    `payload` is what the platform puts on the wire; where it holds a secret it is sealed in the vault (`sealed`) and
    opened at delivery only.
    """

    id: str
    enrollment_id: str
    device_id: str
    action: str
    request_type: str
    payload: bytes
    created_at: int
    expires_at: int
    requested_by: str
    state: CommandState = CommandState.QUEUED
    params: Mapping[str, Any] = field(default_factory=dict)  # as asked, without secrets
    reason: str = ""
    sealed: bool = False
    destructive: bool = False  # loses data
    once: bool = False  # delivered at most once, never blindly again
    parks: bool = False  # parked, not cancelled, when the device enrolls again (erase, lock)
    deferred: bool = False  # the device answered NotNow
    deferrals: int = 0
    not_before: int = 0
    sent_at: int = 0
    deliveries: int = 0
    progress: Mapping[str, Any] = field(default_factory=dict)  # what the platform remembers while it is under way
    finished_at: int = 0
    detail: str = ""  # why it failed, expired, was cancelled or parked; never a secret
    result: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0

    @property
    def open(self) -> bool:
        return self.state not in TERMINAL
