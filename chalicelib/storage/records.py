"""The Store: maps records to items and commits to transactions; the same for every engine."""

import dataclasses
import random
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from chalicelib.core.errors import AlreadyExists, Conflict, NotFound, Stale, TooLarge, Unavailable
from chalicelib.core.ports import Change, Create, Page, Poll, Record, Remove, Replace
from chalicelib.model.audit import AuditEntry, AuditEvent
from chalicelib.model.command import Command
from chalicelib.model.enrollment import Enrollment
from chalicelib.storage import chain, codec, cursors, layout, wire
from chalicelib.storage.capacity import LARGEST_ITEM, Meter, item_size
from chalicelib.storage.layout import Key, Table
from chalicelib.storage.tables import (
    MOST_READS,
    MOST_WRITES,
    Absent,
    AtVersion,
    Condition,
    Delete,
    Put,
    Range,
    Refused,
    Tables,
    Write,
)

R = TypeVar("R")
MARK = "w"  # attribute that names the commit which wrote an item
ATTEMPTS = 16
FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.4  # seconds


class RecordStore:
    """`core.ports.Store` over an engine."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def meter(self) -> Meter:
        return self._tables.meter

    def get(self, kind: type[R], *key: str | int) -> R:
        record = self.find(kind, *key)
        if record is None:
            raise NotFound(f"There is no such {kind.__name__.lower()}.")
        return record

    def find(self, kind: type[R], *key: str | int) -> R | None:
        table = layout.layout_of(kind).table
        for place in layout.keys_at(kind, key):
            item = self._tables.get(table, place)
            if item is not None:
                return codec.decode(kind, item)
        return None

    def collect(
        self, kind: type[R], *partition: str, limit: int = 100, cursor: str = "", newest: bool = False
    ) -> Page[R]:
        table, pk, between = layout.collection_at(kind, partition)
        page = self._page(Range(table, pk, between, limit=limit, newest=newest), cursor)
        return Page(tuple(codec.decode(kind, item) for item in page.items), page.cursor)

    def listing(self, kind: type[R], limit: int = 50, cursor: str = "") -> Page[R]:
        form = layout.layout_of(kind)
        if not form.list_as:
            raise TypeError(f"{kind.__name__} is not listed")
        page = self._page(Range(form.table, form.list_as, index=layout.LISTING, limit=limit), cursor)
        return Page(tuple(codec.decode(kind, item) for item in page.items), page.cursor)

    def shard(self, number: int, limit: int = 100, cursor: str = "") -> Page[str]:
        page = self._page(Range(Table.CORE, f"{number:02x}", index=layout.SWEEP, limit=limit), cursor)
        return Page(tuple(str(item[layout.SWEEP.sk]) for item in page.items), page.cursor)

    def get_many(self, kind: type[R], *ids: str) -> tuple[R, ...]:
        if len(set(ids)) > MOST_READS:
            raise TooLarge(f"One call reads at most {MOST_READS} records, not {len(set(ids))}; split it.")
        keys = [layout.keys_at(kind, (id_,))[0] for id_ in dict.fromkeys(ids)]
        items = self._tables.get_many(layout.layout_of(kind).table, keys) if keys else ()
        return tuple(codec.decode(kind, item) for item in items)

    def poll(self, enrollment_id: str, limit: int = 10) -> Poll | None:
        pk = layout.keys_at(Enrollment, (enrollment_id,))[0].pk
        items = self._tables.query(Range(Table.COMMANDS, pk, layout.POLL, limit=limit + 1)).items
        if not items or items[0]["sk"] != "#B":
            return None
        queue = tuple(codec.decode(Command, item) for item in items[1:])
        return Poll(codec.decode(Enrollment, items[0]), queue)

    def read_image(self, kind: type[R], image: Mapping[str, Any]) -> R:
        return codec.decode(kind, wire.from_wire(image))

    def commit(self, *changes: Change, audit: AuditEvent | None = None) -> None:
        mark = secrets.token_urlsafe(9)
        writes = [write for change in changes for write in _writes(change, mark)]
        _check(writes, len(writes) + (audit is not None))
        for attempt in range(ATTEMPTS):
            entry = [self._link(audit, mark)] if audit else []
            try:
                return self._apply([*writes, *entry])
            except Refused as refused:
                if _is_ours(refused, mark):
                    return None
                _raise_lost(refused, writes)
            _pause(attempt)
        raise Unavailable("Too many writers at once; try again.")

    def replace(self, record: R) -> R:
        versioned: Any = record
        self.commit(Replace(versioned))
        raised: R = dataclasses.replace(versioned, version=versioned.version + 1)
        return raised

    def _apply(self, writes: Sequence[Write]) -> None:
        if len(writes) == 1 and isinstance(writes[0], Put):
            self._tables.put(writes[0])
        elif writes:
            # also for a single delete: a repeated DeleteItem could not tell its own success from another's
            self._tables.transact(writes, secrets.token_urlsafe(24))

    def _link(self, event: AuditEvent, mark: str) -> Put:
        shard = chain.shard_of(event.target)
        pk = layout.collection_at(AuditEntry, (str(shard),))[1]
        newest = self._tables.query(Range(Table.AUDIT, pk, limit=1, newest=True)).items
        head = codec.decode(AuditEntry, newest[0]) if newest else None
        return _put(chain.following(head, event), Absent(), mark)

    def _page(self, wanted: Range, cursor: str) -> "_Items":
        """One item more than asked is read, so that a full last page does not promise another one."""
        asked = dataclasses.replace(wanted, after=cursors.unpack(wanted, cursor), limit=wanted.limit + 1)
        rows = self._tables.query(asked)
        if len(rows.items) > wanted.limit:
            kept = rows.items[: wanted.limit]
            return _Items(kept, cursors.pack(wanted, kept[-1]))
        return _Items(rows.items, cursors.pack(wanted, rows.last))  # cut short by DynamoDB at 1 MB, or the end


@dataclasses.dataclass(frozen=True, slots=True)
class _Items:
    items: tuple[codec.Item, ...]
    cursor: str


def _writes(change: Change, mark: str) -> tuple[Write, ...]:
    record = change.record
    match change:
        case Create():
            if record.version:
                raise Conflict(f"This {type(record).__name__.lower()} was stored before; replace it instead.")
            return (_put(record, Absent(), mark),)
        case Replace() if layout.key_of(record) != layout.open_key_of(record):
            return (_delete(record, layout.open_key_of(record)), _put(record, Absent(), mark))
        case Replace():
            return (_put(record, AtVersion(record.version), mark),)
        case Remove():
            return (_delete(record, layout.key_of(record)),)


def _put(record: Record, condition: Condition, mark: str) -> Put:
    item = codec.encode(record) | layout.attributes_of(record) | {"version": record.version + 1, MARK: mark}
    if item_size(item) > LARGEST_ITEM:
        raise TooLarge(f"This {type(record).__name__.lower()} is larger than {LARGEST_ITEM // 1024} KB.")
    return Put(layout.layout_of(type(record)).table, item, condition)


def _delete(record: Record, key: Key) -> Delete:
    was = codec.encode(record) | layout.attributes_of(record)
    return Delete(layout.layout_of(type(record)).table, key, AtVersion(record.version), was)


def _check(writes: Sequence[Write], count: int) -> None:
    if count > MOST_WRITES:
        raise TooLarge(f"One commit holds at most {MOST_WRITES} writes, not {count}; split it.")
    if len({(write.table, write.key) for write in writes}) < len(writes):
        raise ValueError("a commit may write each record once")


def _is_ours(refused: Refused, mark: str) -> bool:
    """The response of an earlier try was lost: what stands in the way is what we wrote.

    A single put that was lost and overwritten within milliseconds still shows as stale; a transaction, known by its
    token, never does.
    """
    return any(item is not None and item.get(MARK) == mark for item in refused.found.values())


def _raise_lost(refused: Refused, writes: Sequence[Write]) -> None:
    """Say which record was lost to another writer; return if only the audit chain moved on."""
    lost = sorted(position for position in refused.found if position < len(writes))
    if not lost:
        return
    write = writes[lost[0]]
    if isinstance(write.condition, Absent):
        raise AlreadyExists("A record with this key exists already.")
    raise Stale("Somebody else changed this first; read it again.")


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)))  # noqa: S311 - jitter, not a secret
