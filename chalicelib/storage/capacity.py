"""What a DynamoDB call costs: item sizes and capacity units by the documented rules, and a meter that adds them up.

Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats" and "Read and write operations".
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from chalicelib.storage.codec import Item, Value
from chalicelib.storage.layout import INDEXES, Index, Table

LARGEST_ITEM = 400 * 1024
READ_UNIT, WRITE_UNIT = 4096, 1024


@dataclass(frozen=True, slots=True)
class Usage:
    calls: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    bytes: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.calls + other.calls,
            self.read_units + other.read_units,
            self.write_units + other.write_units,
            self.bytes + other.bytes,
        )


class Meter:
    """Adds up calls and units per operation: dynamodb.query, sqs.send, kms.sign …; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._usage: dict[str, Usage] = {}

    def record(self, operation: str, *, read_units: float = 0.0, write_units: float = 0.0, size: int = 0) -> None:
        with self._lock:
            usage = Usage(1, read_units, write_units, size)
            self._usage[operation] = self._usage.get(operation, Usage()) + usage

    def by_operation(self) -> Mapping[str, Usage]:
        with self._lock:
            return dict(self._usage)

    def total(self, service: str = "") -> Usage:
        """All operations of one service (dynamodb, sqs, kms, s3), or all of all."""
        parts = [usage for name, usage in self.by_operation().items() if name.startswith(service)]
        return sum(parts, Usage())

    def reset(self) -> None:
        with self._lock:
            self._usage.clear()


def _text_size(value: Value) -> int:
    return len(str(value).encode())


def _number_size(value: Value) -> int:
    """About one byte per two significant digits plus one; a sign takes one more."""
    digits = str(abs(int(value))).rstrip("0") or "0"
    return (len(digits) + 1) // 2 + 1 + (int(value) < 0)


_SIZES: Mapping[type, Callable[[Value], int]] = {
    str: _text_size,
    int: _number_size,
    bool: lambda value: 1,
    bytes: lambda value: len(value) if isinstance(value, bytes) else 0,
}


def item_size(item: Item) -> int:
    """Names and values in bytes, as billed."""
    return sum(len(name.encode()) + _SIZES[type(value)](value) for name, value in item.items())


def read_units(size: int, *, consistent: bool) -> float:
    """Of one get, or of one query by the sum of its items; an empty answer costs as much as the smallest."""
    units = max(1, -(-size // READ_UNIT))
    return float(units) if consistent else units / 2


def write_units(table: Table, old: Item | None, new: Item | None, *, transactional: bool) -> float:
    """Of one put or delete with its index entries; a refused write costs the same as it would have."""
    base = _units(max(_size(old), _size(new))) * (2 if transactional else 1)
    return float(base + sum(_index_units(index, old, new) for index in INDEXES.get(table, ())))


def _index_units(index: Index, old: Item | None, new: Item | None) -> int:
    """An entry that appears, goes or changes costs one write; one whose key changes costs two."""
    before, after = _entry(index, old), _entry(index, new)
    if before == after:
        return 0
    if before and after and any(before[name] != after[name] for name in (index.pk, index.sk)):
        return _units(_size(before)) + _units(_size(after))
    return _units(max(_size(before), _size(after)))


def _entry(index: Index, item: Item | None) -> Item | None:
    if item is None or index.pk not in item:
        return None
    if index.keys_only:
        return {name: item[name] for name in ("pk", "sk", index.pk, index.sk)}
    return item


def _size(item: Item | None) -> int:
    return item_size(item) if item else 0


def _units(size: int) -> int:
    return max(1, -(-size // WRITE_UNIT))


def total_size(items: Iterable[Item]) -> int:
    return sum(item_size(item) for item in items)
