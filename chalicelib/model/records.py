"""Small records that belong to no larger subject: settings, reports, remembered requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Setting:
    """One named value of the organisation: the push certificate, the CA certificate, the posture rules …"""

    name: str
    value: Mapping[str, Any]
    version: int = 0


class ReportState(StrEnum):
    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    id: str
    kind: str  # inventory, posture
    requested_by: str
    created_at: int
    state: ReportState = ReportState.QUEUED
    rows: int = 0
    finished_at: int = 0
    files: Mapping[str, str] = field(default_factory=dict)  # format (csv, jsonl) → blob key
    digests: Mapping[str, str] = field(default_factory=dict)  # format → SHA-256 (hex)
    detail: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class RememberedRequest:
    """What an Idempotency-Key was answered with; `digest` is of the request, so a changed body is refused."""

    key: str
    digest: str
    answer: Mapping[str, Any]
    expires_at: int
    version: int = 0
