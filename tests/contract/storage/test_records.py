"""Records without transactions: every kind, key, list, page and refusal."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.core.errors import AlreadyExists, BadRequest, Conflict, NotFound, Stale, TooLarge
from chalicelib.core.ports import Create, Replace
from chalicelib.model.audit import AuditEntry
from chalicelib.model.command import Command
from chalicelib.model.device import Device, Inventory
from chalicelib.model.enrollment import Allowance, Certificate, Challenge, Invitation
from chalicelib.model.escrow import EscrowedSecret
from chalicelib.model.finding import Finding
from chalicelib.model.records import RememberedRequest, Setting
from chalicelib.storage.layout import LAYOUTS, keys_at, shard_of
from chalicelib.storage.wire import to_wire
from tests.contract.storage.conftest import Bench
from tests.contract.storage.samples import KEYS, NOW, SAMPLES, ULID, command, device, enrollment, finding


def test_samples_cover_every_kind() -> None:
    assert set(SAMPLES) == set(KEYS) == set(LAYOUTS)


@pytest.mark.parametrize("kind", LAYOUTS, ids=lambda kind: kind.__name__)
def test_round_trip(plain: Bench, kind: type) -> None:
    assert plain.store.find(kind, *KEYS[kind]) is None
    with pytest.raises(NotFound):
        plain.store.get(kind, *KEYS[kind])
    plain.store.commit(Create(SAMPLES[kind]))
    assert plain.store.get(kind, *KEYS[kind]) == replace(SAMPLES[kind], version=1)


def test_a_key_is_taken_once(plain: Bench) -> None:
    plain.store.commit(Create(device()))
    with pytest.raises(AlreadyExists):
        plain.store.commit(Create(device(name="thief")))
    assert plain.store.get(Device, ULID).name == device().name


def test_a_stored_record_is_not_created_again(plain: Bench) -> None:
    with pytest.raises(Conflict):
        plain.store.commit(Create(device(version=3)))
    assert plain.store.find(Device, ULID) is None


def test_replace_raises_the_version(plain: Bench) -> None:
    plain.store.commit(Create(device()))
    second = plain.store.replace(replace(plain.store.get(Device, ULID), name="second"))
    assert second.version == 2
    assert plain.store.get(Device, ULID) == second


@pytest.mark.parametrize("version", [0, 2, 99])
def test_replace_under_another_version_is_stale(plain: Bench, version: int) -> None:
    plain.store.commit(Create(device()))
    with pytest.raises(Stale):
        plain.store.replace(device(name="late", version=version))
    assert plain.store.get(Device, ULID) == device(version=1)


def test_replace_of_nothing_is_stale(plain: Bench) -> None:
    with pytest.raises(Stale):
        plain.store.replace(device(version=1))
    assert plain.store.find(Device, ULID) is None


def test_a_field_goes_back_to_its_default(plain: Bench) -> None:
    plain.store.commit(Create(device()))
    plain.store.replace(device(version=1, name="", groups=(), facts={}, supervised=False))
    assert plain.store.get(Device, ULID) == device(version=2, name="", groups=(), facts={}, supervised=False)


def test_of_many_writers_one_wins(plain: Bench) -> None:
    plain.store.commit(Create(device()))

    def write(number: int) -> bool:
        try:
            plain.store.replace(device(name=str(number), version=1))
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = [number for number, done in enumerate(threads.map(write, range(64))) if done]
    assert [plain.store.get(Device, ULID).name] == [str(number) for number in won]


def test_too_large(plain: Bench) -> None:
    with pytest.raises(TooLarge):
        plain.store.commit(Create(Setting("big", {"x": "y" * 400 * 1024})))


def test_a_key_that_is_too_long(plain: Bench) -> None:
    with pytest.raises(BadRequest):
        plain.store.find(Device, "x" * 2048)


def test_get_many(plain: Bench) -> None:
    ids = [f"D{number:03d}" for number in range(100)]
    for id_ in ids[:30]:
        plain.store.commit(Create(device(id_)))
    plain.meter.reset()
    found = plain.store.get_many(Device, *ids)
    assert sorted(record.id for record in found) == ids[:30]
    assert plain.meter.total("dynamodb").calls == 1
    assert plain.store.get_many(Device, "D001", "D001") == (device("D001", version=1),)
    assert plain.store.get_many(Device) == ()
    with pytest.raises(TooLarge):
        plain.store.get_many(Device, *ids, "one more")


def test_collections_hold_their_own_kind(plain: Bench) -> None:
    for record in (device(), SAMPLES[Inventory], finding("b"), finding("a"), finding("a", "other")):
        plain.store.commit(Create(record))
    plain.store.commit(Create(finding("z", resolved_at=NOW + 1)))
    assert [record.control for record in plain.store.collect(Finding, ULID).items] == ["a", "b", "z"]
    assert [record.section for record in plain.store.collect(Inventory, ULID).items] == ["security"]
    assert plain.store.collect(Inventory, "nobody").items == ()


def test_escrow_by_owner_and_kind(plain: Bench) -> None:
    for kind, number in (("lock_pin", 1), ("lock_pin", 2), ("lock_pin2", 1), ("lock_pin", 10)):
        plain.store.commit(Create(replace(SAMPLES[EscrowedSecret], kind=kind, number=number)))
    versions = plain.store.collect(EscrowedSecret, ULID, "lock_pin", newest=True).items
    assert [record.number for record in versions] == [10, 2, 1]
    assert len(plain.store.collect(EscrowedSecret, ULID).items) == 4


@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_pages_of_a_collection(plain: Bench, limit: int, newest: bool) -> None:
    for number in range(1, 7):
        plain.store.commit(Create(AuditEntry(2, number, "", SAMPLES[AuditEntry].event, "h")))
    seen, cursor, pages = [], "", 0
    while True:
        page = plain.store.collect(AuditEntry, "02", limit=limit, cursor=cursor, newest=newest)
        seen += [entry.sequence for entry in page.items]
        pages, cursor = pages + 1, page.cursor
        assert len(page.items) <= limit
        if not cursor:
            break
    assert seen == sorted(range(1, 7), reverse=newest)
    assert pages == -(-6 // limit), "no empty last page"


def test_pages_of_a_listing(plain: Bench) -> None:
    for number in (3, 1, 2):
        record = replace(SAMPLES[Invitation], id=f"{9 - number}", created_at=NOW + number)
        plain.store.commit(Create(record))
    first = plain.store.listing(Invitation, limit=2)
    assert [record.created_at - NOW for record in first.items] == [1, 2]
    second = plain.store.listing(Invitation, limit=2, cursor=first.cursor)
    assert [record.created_at - NOW for record in second.items] == [3]
    assert second.cursor == ""


def test_only_revoked_certificates_are_listed(plain: Bench) -> None:
    good = replace(SAMPLES[Certificate], fingerprint="good", revoked_at=0)
    plain.store.commit(Create(good))
    plain.store.commit(Create(SAMPLES[Certificate]))
    assert [record.fingerprint for record in plain.store.listing(Certificate).items] == ["cc" * 32]
    plain.store.replace(replace(good, version=1, revoked_at=NOW))
    assert [record.fingerprint for record in plain.store.listing(Certificate).items] == ["good", "cc" * 32]


def test_what_is_not_listed_says_so(plain: Bench) -> None:
    with pytest.raises(TypeError):
        plain.store.listing(Challenge)


def test_every_device_is_in_its_shard(plain: Bench) -> None:
    ids = [f"D{number}" for number in range(40)]
    for id_ in ids:
        plain.store.commit(Create(device(id_)))
    wanted = int(shard_of("D7"), 16)
    assert plain.store.shard(wanted).items == tuple(sorted(id_ for id_ in ids if shard_of(id_) == shard_of("D7")))
    found = [id_ for number in {int(shard_of(id_), 16) for id_ in ids} for id_ in plain.store.shard(number).items]
    assert sorted(found) == sorted(ids)


def test_poll_gives_the_queue_by_priority_and_age(plain: Bench) -> None:
    plain.store.commit(Create(enrollment()))
    plain.store.commit(Create(enrollment("E10")))
    for id_ in ("5B", "9A", "0C", "5A"):
        plain.store.commit(Create(command(id_)))
    plain.store.commit(Create(command("1A", "E10")))
    poll = plain.store.poll("E1", limit=3)
    assert poll
    assert poll.enrollment == enrollment(version=1)
    assert [waiting.id for waiting in poll.queue] == ["0C", "5A", "5B"]


def test_poll_of_nobody(plain: Bench) -> None:
    assert plain.store.poll("nobody") is None
    plain.store.commit(Create(command(enrollment_id="orphan")))
    assert plain.store.poll("orphan") is None


def test_ttl(plain: Bench) -> None:
    expected = {
        Invitation: NOW + 600 + 30 * 86_400,
        Allowance: NOW + 2 * 86_400,
        Challenge: NOW + 3600 + 86_400,
        RememberedRequest: NOW + 86_400,
    }
    for kind in LAYOUTS:
        plain.store.commit(Create(SAMPLES[kind]))
        item = plain.tables.get(LAYOUTS[kind].table, keys_at(kind, KEYS[kind])[0])
        assert item
        assert item.get("expires") == expected.get(kind), kind.__name__


def _forged(position: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    ["!", "e30", "\u00e9", "x" * 9000, _forged({"sk": "N#a"}), _forged(["N#a", "D#other"]), _forged([1]), _forged([""]),
     _forged(["#M"]), _forged(["K#a"]), _forged(["Y#z"]), _forged([["N#a"]]), "W" * 4000, _forged(["N#\x00"])],
)  # fmt: skip
def test_a_forged_cursor_is_refused(plain: Bench, cursor: str) -> None:
    with pytest.raises(BadRequest):
        plain.store.collect(Inventory, ULID, cursor=cursor)


def test_a_cursor_does_not_lead_into_another_partition(plain: Bench) -> None:
    for owner in ("mine", "theirs"):
        for section in ("a", "b"):
            plain.store.commit(Create(replace(SAMPLES[Inventory], device_id=owner, section=section)))
    theirs = plain.store.collect(Inventory, "theirs", limit=1).cursor
    page = plain.store.collect(Inventory, "mine", cursor=theirs)
    assert [(record.device_id, record.section) for record in page.items] == [("mine", "b")]


def test_a_cursor_of_one_listing_shows_nothing_else_in_another(plain: Bench) -> None:
    plain.store.commit(Create(device()))
    plain.store.commit(Create(finding()))
    plain.store.commit(Create(finding("x")))
    cursor = plain.store.listing(Finding, limit=1).cursor
    assert all(isinstance(record, Device) for record in plain.store.listing(Device, cursor=cursor).items)


def test_an_image_of_the_stream_is_read(plain: Bench) -> None:
    plain.store.commit(Create(SAMPLES[AuditEntry]))
    item = plain.tables.get(LAYOUTS[AuditEntry].table, keys_at(AuditEntry, (3, 1))[0])
    assert item
    image = json.loads(json.dumps(to_wire(item)))
    assert plain.store.read_image(AuditEntry, image) == replace(SAMPLES[AuditEntry], version=1)


def test_an_idle_poll_is_one_call_and_one_unit(plain: Bench) -> None:
    plain.store.commit(Create(enrollment()))
    plain.meter.reset()
    assert plain.store.poll("E1")
    assert (plain.meter.total().calls, plain.meter.total().read_units, plain.meter.total().write_units) == (1, 1, 0)


def test_a_last_seen_write_is_one_call_and_one_unit(plain: Bench) -> None:
    plain.store.commit(Create(enrollment()))
    plain.meter.reset()
    plain.store.replace(enrollment(version=1, seen_at=NOW))
    assert (plain.meter.total().calls, plain.meter.total().read_units, plain.meter.total().write_units) == (1, 0, 1)


def test_marking_a_command_as_sent_is_one_call_and_one_unit(plain: Bench) -> None:
    plain.store.commit(Create(command()))
    plain.meter.reset()
    plain.store.commit(Replace(command(version=1, deliveries=1)))
    assert (plain.meter.total().calls, plain.meter.total().write_units) == (1, 1)
    assert plain.store.get(Command, "E1", "5" + ULID).deliveries == 1


def test_listed_once_per_record(plain: Bench) -> None:
    plain.store.commit(Create(device()))
    for version in (1, 2, 3):
        plain.store.replace(device(version=version, name=f"n{version}"))
    assert [record.version for record in plain.store.listing(Device).items] == [4]
