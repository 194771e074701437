"""What devices say of themselves: sections kept by hash, attributes and posture facts merged on change."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Poll, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.device import Device, Inventory

ROW_LIMIT = 8 * 1024  # compressed bytes; larger bodies lie in the blob store
LARGEST = 4 * 1024 * 1024  # of a section as JSON; more than that is not an inventory
SEEN_EVERY = 8 * 3600  # at most three last-seen writes a day


def touch(house: House, poll: Poll) -> Poll:
    """Notes the contact, at most every eight hours, or at once after an enrollment."""
    enrollment, now = poll.enrollment, house.clock()
    if now - enrollment.seen_at < SEEN_EVERY and not enrollment.fresh:
        return poll
    seen = house.store.replace(replace(enrollment, seen_at=now, fresh=False))
    return Poll(seen, poll.queue)


def record(house: House, device_id: str, section: str, body: Any) -> bool:
    """Keeps a section (JSON-like); False where it equals what is known, which costs one read and no write."""
    plain = _bounded(body)
    digest = hashlib.sha256(plain).hexdigest()

    def attempt() -> bool:
        known = house.store.find(Inventory, device_id, section)
        if known is not None and known.digest == digest:
            return False
        row = _row(house, device_id, section, digest, zlib.compress(plain, 9))
        house.store.commit(Replace(replace(row, version=known.version)) if known else Create(row))
        return True

    return retry_stale(attempt)


def _bounded(body: Any) -> bytes:
    plain = _plain(body)
    return plain if len(plain) <= LARGEST else _plain({"omitted": f"The device told more than {LARGEST} bytes."})


def _plain(body: Any) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), default=str).encode()


def _row(house: House, device_id: str, section: str, digest: str, packed: bytes, limit: int = ROW_LIMIT) -> Inventory:
    row = Inventory(device_id, section, house.clock(), digest)
    if len(packed) <= limit:
        return replace(row, body=packed)
    key = f"inventory/{device_id}/{section}.json.z"
    house.blobs.put(key, packed)
    return replace(row, blob=key)


@dataclass(frozen=True, slots=True)
class Marks:
    """Section → digest and version of its row, kept by whoever is the only one to write them: then none is read."""

    held: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, house: House, device_id: str) -> "Marks":
        """As the rows are."""
        rows = house.store.collect(Inventory, device_id, limit=100).items
        return cls({row.section: (_short(row.digest), row.version) for row in rows})


def replacing(
    house: House, device_id: str, sections: Mapping[str, Any], marks: Marks, row_limit: int = ROW_LIMIT
) -> tuple[list[Change], Marks]:
    """The changes that keep what is new of these sections, without a read; and the marks once they are committed."""
    changes, held = list[Change](), dict(marks.held)
    for name, body in sections.items():
        plain = _bounded(body)
        digest = hashlib.sha256(plain).hexdigest()
        known, version = held.get(name, ("", 0))
        if known == _short(digest):
            continue
        row = _row(house, device_id, name, digest, zlib.compress(plain, 9), row_limit)
        changes.append(Replace(replace(row, version=version)) if version else Create(row))
        held[name] = (_short(digest), version + 1)
    return changes, Marks(held)


def _short(digest: str) -> str:
    return digest[:16]


def read(house: House, device_id: str) -> dict[str, Any]:
    """Section → {"at": epoch seconds, "body": …}."""
    rows = house.store.collect(Inventory, device_id, limit=100).items
    return {row.section: {"at": row.at, "body": _unpack(row.body or house.blobs.get(row.blob))} for row in rows}


def section(house: House, device_id: str, name: str) -> Any:
    """The body of one section, or None."""
    row = house.store.find(Inventory, device_id, name)
    return _unpack(row.body or house.blobs.get(row.blob)) if row else None


def _unpack(packed: bytes) -> Any:
    return json.loads(zlib.decompressobj().decompress(packed, LARGEST + 1))


def merge(
    house: House,
    device_id: str,
    *,
    attributes: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    known: Device | None = None,
) -> Device:
    """Merges what a device reported of itself into its record; writes (and audits) only what changed.

    `known` is the record as just read: it is read again only if somebody else changed it.
    """
    lately = [known] if known else []

    def attempt() -> Device:
        device = lately.pop() if lately else house.store.get(Device, device_id)
        changed = {name: value for name, value in (attributes or {}).items() if getattr(device, name) != value}
        known = dict(device.facts)
        news = {name: value for name, value in (facts or {}).items() if known.get(name) != value}
        if not changed and not news:
            return device
        updated = replace(device, **changed, facts={**known, **news}, facts_at=house.clock())
        who = f"device:{device_id}"
        house.store.commit(
            Replace(updated), audit=event(house, who, "device.changed", who, fields=sorted((*changed, *news)))
        )
        return replace(updated, version=device.version + 1)

    return retry_stale(attempt)
