"""An engine on dicts: atomic transactions under one lock, sorted partitions, secondary indexes."""

import bisect
import threading
from collections.abc import Mapping, Sequence

from chalicelib.storage import capacity
from chalicelib.storage.capacity import Meter
from chalicelib.storage.codec import Item
from chalicelib.storage.layout import INDEXES, Index, Key, Table
from chalicelib.storage.tables import Absent, AtVersion, Put, Range, Refused, Rows, Write

Position = tuple[str, str, str]  # sort key of the partition or index, then the item's own key


class MemoryTables:
    """Fulfils `storage.tables.Tables`."""

    def __init__(self, meter: Meter | None = None) -> None:
        self._meter = meter or Meter()
        self._lock = threading.RLock()
        self._items: dict[tuple[Table, Key], Item] = {}
        self._order: dict[tuple[Table, str, str], list[Position]] = {}  # (table, index, partition) → sorted
        self._tokens: set[str] = set()

    @property
    def meter(self) -> Meter:
        return self._meter

    def get(self, table: Table, key: Key) -> Item | None:
        with self._lock:
            item = self._items.get((table, key))
        size = capacity.item_size(item) if item else 0
        self._meter.record("dynamodb.get", read_units=capacity.read_units(size, consistent=True), size=size)
        return item

    def get_many(self, table: Table, keys: Sequence[Key]) -> Sequence[Item]:
        with self._lock:
            found = [self._items.get((table, key)) for key in keys]
        sizes = [capacity.item_size(item) if item else 0 for item in found]
        units = sum(capacity.read_units(size, consistent=True) for size in sizes)
        self._meter.record("dynamodb.get_many", read_units=units, size=sum(sizes))
        return [item for item in found if item]

    def query(self, wanted: Range) -> Rows:
        with self._lock:
            chosen = self._positions(wanted)
            items = tuple(self._items[wanted.table, Key(pk, sk)] for _, pk, sk in chosen)
        size = capacity.total_size(items)
        units = capacity.read_units(size, consistent=wanted.index is None)
        self._meter.record("dynamodb.query", read_units=units, size=size)
        return Rows(items, _last(wanted, chosen[-1]) if len(chosen) == wanted.limit else None)

    def put(self, write: Put) -> None:
        with self._lock:
            self._refuse_unless_met([write])
            self._apply([write], "dynamodb.put", transactional=False)

    def transact(self, writes: Sequence[Write], token: str) -> None:
        with self._lock:
            if token not in self._tokens:
                self._refuse_unless_met(writes)
                self._apply(writes, "dynamodb.transact", transactional=True)
                self._tokens.add(token)

    def forget_expired(self, now: int) -> int:
        """What DynamoDB's TTL does within days, done at once; how many items went."""
        with self._lock:
            gone = [at for at, item in self._items.items() if 0 < int(item.get("expires", 0)) <= now]
            for at in gone:
                self._store(*at, None)
            return len(gone)

    def _refuse_unless_met(self, writes: Sequence[Write]) -> None:
        found = {n: self._items.get((w.table, w.key)) for n, w in enumerate(writes)}
        failed = {n: item for n, item in found.items() if not _met(writes[n], item)}
        if failed:
            raise Refused(failed)

    def _apply(self, writes: Sequence[Write], operation: str, *, transactional: bool) -> None:
        units, size = 0.0, 0
        for write in writes:
            new = write.item if isinstance(write, Put) else None
            old = self._items.get((write.table, write.key))
            units += capacity.write_units(write.table, old, new, transactional=transactional)
            size += capacity.item_size(new) if new else 0
            self._store(write.table, write.key, new)
        self._meter.record(operation, write_units=units, size=size)

    def _store(self, table: Table, key: Key, item: Item | None) -> None:
        self._file(table, self._items.pop((table, key), None), remove=True)
        if item is not None:
            self._items[table, key] = dict(item)
            self._file(table, item, remove=False)

    def _file(self, table: Table, item: Item | None, *, remove: bool) -> None:
        if item is None:
            return
        for name, pk, sk in _places(table, item):
            order = self._order.setdefault((table, name, pk), [])
            position = (sk, str(item["pk"]), str(item["sk"]))
            at = bisect.bisect_left(order, position)
            if remove:
                del order[at]
            else:
                order.insert(at, position)

    def _positions(self, wanted: Range) -> list[Position]:
        order = self._order.get((wanted.table, wanted.index.name if wanted.index else "", wanted.pk), [])
        low, high = 0, len(order)
        if wanted.between:
            low = bisect.bisect_left(order, (wanted.between[0], "", ""))
            high = bisect.bisect_right(order, (wanted.between[1], "\U0010ffff", ""))
        if wanted.after:
            after = (wanted.after[wanted.index.sk if wanted.index else "sk"], wanted.after["pk"], wanted.after["sk"])
            if wanted.newest:
                high = min(high, bisect.bisect_left(order, after))
            else:
                low = max(low, bisect.bisect_right(order, after))
        if wanted.newest:
            return order[max(low, high - wanted.limit) : high][::-1] if high > low else []
        return order[low : min(high, low + wanted.limit)]


def _places(table: Table, item: Item) -> list[tuple[str, str, str]]:
    """(index name, partition, sort key) of the item itself and of its index entries."""
    indexes: Sequence[Index] = INDEXES.get(table, ())
    places = [("", str(item["pk"]), str(item["sk"]))]
    return places + [(index.name, str(item[index.pk]), str(item[index.sk])) for index in indexes if index.pk in item]


def _met(write: Write, item: Item | None) -> bool:
    match write.condition:
        case Absent():
            return item is None
        case AtVersion(number):
            return item is not None and item["version"] == number


def _last(wanted: Range, position: Position) -> Mapping[str, str]:
    sk, own_pk, own_sk = position
    last = {"pk": own_pk, "sk": own_sk}
    return last | {wanted.index.pk: wanted.pk, wanted.index.sk: sk} if wanted.index else last
