"""Sizes and units by DynamoDB's documented rules; expectations worked out by hand."""

import pytest

from chalicelib.storage.capacity import Meter, Usage, item_size, read_units, write_units
from chalicelib.storage.codec import Item, Value
from chalicelib.storage.layout import Table


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("", 0),
        ("abc", 3),
        ("ü📱", 6),
        (b"12345", 5),
        (True, 1),
        (False, 1),
        (0, 2),
        (7, 2),
        (42, 2),
        (123, 3),
        (-42, 3),
        (1_800_000_000, 2),
        (1_234_567_890, 6),
        (100, 2),
    ],
)
def test_value_sizes(value: Value, size: int) -> None:
    assert item_size({"n": value}) == 1 + size


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [
        (0, True, 1),
        (1, True, 1),
        (4096, True, 1),
        (4097, True, 2),
        (0, False, 0.5),
        (4097, False, 1),
        (409_600, True, 100),
    ],
)
def test_read_units(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent=consistent) == units


def sized(size: int, **news: Value) -> Item:
    item = {"pk": "p", "sk": "s", "x": "", **news}
    return {**item, "x": "x" * (size - item_size(item))}


@pytest.mark.parametrize(
    ("old", "new", "units"),
    [
        (None, 1024, 1),
        (None, 1025, 2),
        (3000, 100, 3),
        (100, 3000, 3),
        (2000, None, 2),
    ],
)
def test_the_larger_of_old_and_new_counts(old: int | None, new: int | None, units: int) -> None:
    before, after = sized(old) if old else None, sized(new) if new else None
    assert write_units(Table.COMMANDS, before, after, transactional=False) == units
    assert write_units(Table.COMMANDS, before, after, transactional=True) == 2 * units


LISTED = {"list_pk": "device", "list_sk": "1"}


@pytest.mark.parametrize(
    ("old", "new", "index"),
    [
        (None, sized(500, **LISTED), 1),
        (sized(500, **LISTED), None, 1),
        (sized(500, **LISTED), sized(1500, **LISTED), 2),
        (sized(500, **LISTED), sized(500, **LISTED), 0),
        (sized(500, **LISTED), sized(500), 1),
        (sized(500, **LISTED), sized(500, list_pk="device", list_sk="2"), 2),
        (sized(500, shard="aa", sk2="1"), sized(600, shard="aa", sk2="1"), 0),
        (None, sized(5000, shard="aa", sk2="1"), 1),
    ],
)
def test_index_entries_cost_when_they_change(old: Item | None, new: Item | None, index: int) -> None:
    base = write_units(Table.COMMANDS, old, new, transactional=True)
    assert write_units(Table.CORE, old, new, transactional=True) == base + index


def test_meter() -> None:
    meter = Meter()
    meter.record("dynamodb.query", read_units=0.5, size=10)
    meter.record("dynamodb.put", write_units=2, size=20)
    meter.record("kms.sign")
    assert meter.total("dynamodb") == Usage(2, 0.5, 2, 30)
    assert meter.total() == Usage(3, 0.5, 2, 30)
    meter.reset()
    assert meter.by_operation() == {}
