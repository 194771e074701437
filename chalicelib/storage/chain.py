"""The audit chain: which shard an event belongs to, and the entry that follows the head."""

import dataclasses
import zlib

from chalicelib.core.audit import SHARDS
from chalicelib.model.audit import GENESIS, AuditEntry, AuditEvent


def shard_of(target: str) -> int:
    """The same target always lies in the same shard, so that its events stay in order."""
    return zlib.crc32(target.encode()) % SHARDS


def following(head: AuditEntry | None, event: AuditEvent) -> AuditEntry:
    sequence, previous = (head.sequence + 1, head.hash) if head else (1, GENESIS)
    entry = AuditEntry(shard_of(event.target), sequence, previous, event)
    return dataclasses.replace(entry, hash=entry.digest())
