"""Commits of several records, the audit chain, and answers that get lost."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.core.audit import SHARDS
from chalicelib.core.errors import AlreadyExists, Stale, TooLarge, Unavailable
from chalicelib.core.ports import Create, Remove, Replace
from chalicelib.model.audit import GENESIS, AuditEntry, AuditEvent
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device, Identifier
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.finding import Finding
from chalicelib.model.records import Setting
from chalicelib.storage.chain import shard_of
from tests.contract.storage.conftest import Bench, make_bench
from tests.contract.storage.faults import Lossy
from tests.contract.storage.samples import EVENT, NOW, SAMPLES, ULID, command, device, enrollment, finding

HOME = f"{shard_of(EVENT.target):02d}"


def chain(bench: Bench, shard: str = HOME) -> tuple[AuditEntry, ...]:
    return bench.store.collect(AuditEntry, shard, limit=500).items


def assert_verifies(entries: tuple[AuditEntry, ...]) -> None:
    previous = GENESIS
    for place, entry in enumerate(entries, 1):
        assert (entry.sequence, entry.previous, entry.hash) == (place, previous, entry.digest())
        previous = entry.hash


def test_all_or_nothing(bench: Bench) -> None:
    bench.store.commit(Create(SAMPLES[Identifier]))
    with pytest.raises(AlreadyExists):
        bench.store.commit(Create(device()), Create(SAMPLES[Identifier]), Create(enrollment()), audit=EVENT)
    assert bench.store.find(Device, ULID) is None
    assert bench.store.find(Enrollment, "E1") is None
    assert chain(bench) == ()


def test_stale_in_company_changes_nothing(bench: Bench) -> None:
    bench.store.commit(Create(device()), Create(enrollment()))
    with pytest.raises(Stale):
        bench.store.commit(Replace(enrollment(version=1, fresh=False)), Replace(device(version=7)), audit=EVENT)
    assert bench.store.get(Enrollment, "E1") == enrollment(version=1)
    assert chain(bench) == ()


def test_commit_with_audit(bench: Bench) -> None:
    bench.store.commit(Create(device()), Create(SAMPLES[Identifier]), audit=EVENT)
    bench.store.commit(Replace(device(version=1, name="x")), audit=EVENT)
    bench.store.commit(audit=EVENT)
    assert bench.store.get(Device, ULID).version == 2
    assert [entry.event for entry in chain(bench)] == [EVENT] * 3
    assert_verifies(chain(bench))


def test_nothing_to_commit(bench: Bench) -> None:
    bench.store.commit()
    assert bench.meter.total().calls == 0


def test_remove(bench: Bench) -> None:
    bench.store.commit(Create(device()))
    with pytest.raises(Stale):
        bench.store.commit(Remove(device(version=2)))
    bench.store.commit(Remove(device(version=1)))
    assert bench.store.find(Device, ULID) is None
    assert bench.store.listing(Device).items == ()
    with pytest.raises(Stale):
        bench.store.commit(Remove(device(version=1)))


def test_a_finished_command_moves_out_of_the_queue(bench: Bench) -> None:
    bench.store.commit(Create(enrollment()), Create(command()))
    done = bench.store.replace(command(version=1, state=CommandState.ACKNOWLEDGED, finished_at=NOW))
    poll = bench.store.poll("E1")
    assert poll
    assert poll.queue == ()
    assert bench.store.get(Command, "E1", "5" + ULID) == done
    assert bench.store.collect(Command, "E1").items == (done,)
    assert done.version == 2


def test_a_command_ends_once(bench: Bench) -> None:
    bench.store.commit(Create(command()))
    bench.store.replace(command(version=1, state=CommandState.ACKNOWLEDGED, finished_at=NOW))
    for version in (1, 2):
        with pytest.raises(Stale):
            bench.store.replace(command(version=version, state=CommandState.FAILED, finished_at=NOW))
    assert bench.store.get(Command, "E1", "5" + ULID).state is CommandState.ACKNOWLEDGED


def test_a_command_ends_by_remove_and_create_too(bench: Bench) -> None:
    bench.store.commit(Create(command()))
    ended = command(state=CommandState.FAILED, finished_at=NOW)
    bench.store.commit(Remove(command(version=1)), Create(ended), audit=EVENT)
    assert bench.store.get(Command, "E1", "5" + ULID) == replace(ended, version=1)


def test_finished_commands_lie_by_age(bench: Bench) -> None:
    for id_ in ("9A", "0B", "5C"):
        bench.store.commit(Create(command(id_, state=CommandState.EXPIRED, finished_at=NOW)))
    assert [found.id for found in bench.store.collect(Command, "E1", newest=True).items] == ["5C", "0B", "9A"]


def test_a_resolved_finding_leaves_the_list_and_stays_in_the_device(bench: Bench) -> None:
    bench.store.commit(Create(finding()))
    assert bench.store.listing(Finding).items == (finding(version=1),)
    resolved = bench.store.replace(finding(version=1, resolved_at=NOW + 5))
    assert bench.store.find(Finding, ULID, "encrypted") is None
    assert bench.store.listing(Finding).items == ()
    bench.store.commit(Create(finding(since=NOW + 9)))
    assert bench.store.collect(Finding, ULID).items == (finding(since=NOW + 9, version=1), resolved)


def test_one_hundred_writes_and_no_more(bench: Bench) -> None:
    settings = [Create(Setting(f"s{number}", {"n": number})) for number in range(100)]
    with pytest.raises(TooLarge):
        bench.store.commit(*settings, audit=EVENT)
    assert bench.store.find(Setting, "s0") is None
    bench.store.commit(*settings)
    assert bench.store.get(Setting, "s99").value == {"n": 99}


def test_a_record_twice_in_one_commit(bench: Bench) -> None:
    with pytest.raises(ValueError, match="once"):
        bench.store.commit(Create(device()), Create(device(name="again")))


def test_audit_from_many_threads_is_gap_free(bench: Bench) -> None:
    bench.store.commit(Create(device()))

    def write(number: int) -> None:
        for turn in range(5):
            event = replace(EVENT, details={"thread": number, "turn": turn})
            bench.store.commit(Create(Setting(f"{number}-{turn}", {})), audit=event)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    entries = chain(bench)
    assert len(entries) == 40
    assert_verifies(entries)
    assert Counter(entry.event.details["thread"] for entry in entries) == dict.fromkeys(range(8), 5)
    for number in range(8):
        turns = [entry.event.details["turn"] for entry in entries if entry.event.details["thread"] == number]
        assert turns == sorted(turns)


def test_racing_commits_are_audited_once(bench: Bench) -> None:
    """Losers leave no entry: one state change, one entry."""
    bench.store.commit(Create(device()))

    def write(number: int) -> bool:
        try:
            bench.store.commit(Replace(device(version=1, name=str(number))), audit=EVENT)
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(write, range(8))) == 1
    assert len(chain(bench)) == 1


def test_targets_spread_over_the_shards(bench: Bench) -> None:
    for number in range(64):
        bench.store.commit(audit=AuditEvent("system", "x", f"device:{number}", NOW))
    shards = [chain(bench, f"{shard:02d}") for shard in range(SHARDS)]
    assert sum(len(entries) for entries in shards) == 64
    assert sum(bool(entries) for entries in shards) > SHARDS // 2
    for entries in shards:
        assert_verifies(entries)


@pytest.mark.parametrize("count", [1, 3])
def test_a_put_whose_answer_was_lost_is_recognised(networked: tuple[Bench, Lossy], count: int) -> None:
    bench, faults = networked
    faults.arm("PutItem", count)
    bench.store.commit(Create(enrollment()))
    assert bench.store.get(Enrollment, "E1").version == 1
    faults.arm("PutItem", count)
    bench.store.replace(enrollment(version=1, seen_at=NOW))
    assert faults.lose == 0
    assert bench.store.get(Enrollment, "E1") == enrollment(version=2, seen_at=NOW)


def test_a_lost_answer_does_not_hide_another_writer(networked: tuple[Bench, Lossy]) -> None:
    bench, faults = networked
    bench.store.commit(Create(enrollment()))
    bench.store.replace(enrollment(version=1, seen_at=1))
    faults.arm("PutItem")
    with pytest.raises(Stale):
        bench.store.replace(enrollment(version=1, seen_at=2))


@pytest.mark.parametrize("count", [1, 3])
def test_a_transaction_whose_answer_was_lost_is_applied_once(networked: tuple[Bench, Lossy], count: int) -> None:
    bench, faults = networked
    faults.arm("TransactWriteItems", count)
    bench.store.commit(Create(device()), Create(command()), audit=EVENT)
    faults.arm("TransactWriteItems", count)
    bench.store.replace(command(version=1, state=CommandState.ACKNOWLEDGED, finished_at=NOW))
    faults.arm("TransactWriteItems", count)
    bench.store.commit(Remove(device(version=1)), audit=EVENT)
    assert faults.lose == 0
    assert bench.store.find(Device, ULID) is None
    assert len(chain(bench)) == 2
    assert_verifies(chain(bench))


def test_a_removal_alone_whose_answer_was_lost(networked: tuple[Bench, Lossy]) -> None:
    bench, faults = networked
    bench.store.commit(Create(device()))
    faults.arm("TransactWriteItems")
    bench.store.commit(Remove(device(version=1)))
    assert bench.store.find(Device, ULID) is None


def test_no_answer_at_all(networked: tuple[Bench, Lossy]) -> None:
    bench, faults = networked
    faults.arm("PutItem", 99)
    with pytest.raises(Unavailable):
        bench.store.commit(Create(enrollment()))
    faults.arm("GetItem", 99)
    with pytest.raises(Unavailable):
        bench.store.get(Enrollment, "E1")


def life_of_a_command(bench: Bench) -> None:
    """Queued with audit, polled, sent, polled, finished with audit."""
    bench.store.commit(Create(command()), audit=EVENT)
    bench.store.poll("E1")
    bench.store.replace(command(version=1, state=CommandState.SENT))
    bench.store.poll("E1")
    ended = command(state=CommandState.ACKNOWLEDGED, finished_at=NOW, version=0)
    bench.store.commit(Remove(command(version=2, state=CommandState.SENT)), Create(ended), audit=EVENT)


def test_the_life_of_a_command_stays_in_the_budget(bench: Bench) -> None:
    bench.store.commit(Create(enrollment()))
    bench.meter.reset()
    life_of_a_command(bench)
    used = bench.meter.total("dynamodb")
    assert (used.calls, used.read_units, used.write_units) == (7, 4, 11)


def test_both_engines_count_alike(networked: tuple[Bench, Lossy], request: pytest.FixtureRequest) -> None:
    memory = make_bench("memory", request)
    for bench in (memory, networked[0]):
        bench.store.commit(Create(enrollment()), Create(device()))
        bench.store.replace(device(version=1, name="x" * 2000))
        life_of_a_command(bench)
        bench.store.listing(Device)
        bench.store.get_many(Device, ULID, "nobody")
        bench.store.commit(Remove(device(version=2, name="x" * 2000)))
    assert memory.meter.by_operation() == networked[0].meter.by_operation()
