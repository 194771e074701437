"""One link of the audit trail: who did what to which target, and the hash that chains it to the link before."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What happened. `details` is allow-listed by the caller and never holds a secret."""

    actor: str  # user:<name>, token:<id>, device:<id>, system
    action: str  # command.queued, device.enrolled …
    target: str  # device:<id>, invitation:<id> …
    at: int
    result: str = "ok"
    ip: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event in its place: sequence 1, 2, 3 … within its shard, without gaps."""

    shard: int
    sequence: int
    previous: str
    event: AuditEvent
    hash: str = ""
    version: int = 0

    def digest(self) -> str:
        """SHA-256 (hex) over the canonical JSON of all fields but the hash itself."""
        event = self.event
        body = [self.shard, self.sequence, self.previous, event.actor, event.action, event.target, event.at]
        body += [event.result, event.ip, dict(event.details)]
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()
