"""The engine in memory: what only it has to take care of."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.core.errors import MusterError, Stale
from chalicelib.core.ports import Change, Create, Remove, Replace
from chalicelib.model.device import Device
from chalicelib.model.enrollment import Invitation
from chalicelib.model.records import RememberedRequest
from chalicelib.storage.codec import Item
from chalicelib.storage.memory import tables as module
from chalicelib.storage.memory.tables import MemoryTables
from chalicelib.storage.records import RecordStore
from chalicelib.storage.tables import Write
from tests.contract.storage.samples import NOW, SAMPLES, ULID, device, enrollment

decide = module._met


def slowly(write: Write, item: Item | None) -> bool:
    """Leaves other threads the time to come between the condition and the write."""
    met = decide(write, item)
    time.sleep(0.005)
    return met


@pytest.mark.parametrize("company", [(), (Replace(enrollment(version=1)),)], ids=["alone", "in a transaction"])
def test_condition_and_write_are_one_step(company: tuple[Change, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    store = RecordStore(MemoryTables())
    store.commit(Create(device()), Create(enrollment()))
    monkeypatch.setattr(module, "_met", slowly)

    def write(number: int) -> bool:
        try:
            store.commit(Replace(device(version=1, name=str(number))), *company)
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(write, range(4))) == 1


def test_what_expired_can_be_forgotten() -> None:
    tables = MemoryTables()
    store = RecordStore(tables)
    store.commit(Create(SAMPLES[Invitation]), Create(SAMPLES[RememberedRequest]), Create(device()))
    assert tables.forget_expired(NOW) == 0
    assert tables.forget_expired(NOW + 86_400) == 1
    assert store.find(RememberedRequest, "key1") is None
    assert store.listing(Invitation).items
    assert tables.forget_expired(NOW + 10**9) == 1
    assert store.listing(Invitation).items == ()
    assert store.get(Device, ULID)


def test_a_stored_item_does_not_follow_its_maker() -> None:
    facts = {"a": 1}
    store = RecordStore(MemoryTables())
    store.commit(Create(device(facts=facts)))
    facts["a"] = 2
    store.get(Device, ULID).facts["a"] = 3  # type: ignore[index]
    assert store.get(Device, ULID).facts == {"a": 1}


def test_a_removed_record_can_be_created_again() -> None:
    store = RecordStore(MemoryTables())
    for _ in range(2):
        store.commit(Create(device()))
        store.commit(Remove(device(version=1)))
    with pytest.raises(MusterError):
        store.get(Device, ULID)
