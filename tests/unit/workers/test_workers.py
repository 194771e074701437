"""The workers, given events as AWS words them, over a house in memory."""

import base64
import json
from typing import Any

import pytest

from chalicelib.core import audit, commands, sweep
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Message, PushRefused
from chalicelib.model.audit import AuditEntry
from chalicelib.model.command import Command
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.finding import Finding
from chalicelib.model.records import Report, ReportState, Setting
from chalicelib.storage.layout import Table
from chalicelib.workers import evidence, outbox, reports, schedules, wake
from chalicelib.workers import sweep as sweeper
from tests.unit.core.conftest import ADMIN, Clock, PlainPlatform, enroll
from tests.unit.core.conftest import clock as clock
from tests.unit.core.conftest import house as house
from tests.unit.core.conftest import platform as platform


@pytest.fixture(autouse=True)
def wired(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (evidence, outbox, reports, schedules, wake, sweeper):
        monkeypatch.setattr(module, "house", lambda: house)


def sqs(*bodies: Any) -> dict[str, Any]:
    records = [
        {
            "messageId": str(number),
            "body": body if isinstance(body, str) else json.dumps(body),
            "eventSource": "aws:sqs",
        }
        for number, body in enumerate(bodies)
    ]
    return {"Records": records}


def drained(house: House, queue: str) -> list[Message]:
    return list(getattr(house, queue).drain())


def typed(value: Any) -> dict[str, Any]:
    """AttributeValue as DynamoDB streams word it to Lambda; binary is base64 text."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, bytes):
        return {"B": base64.b64encode(value).decode()}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def images(house: House, table: Table) -> list[dict[str, Any]]:
    items = [item for (held, _), item in house.store._tables._items.items() if held is table]
    return [{name: typed(value) for name, value in item.items()} for item in items]


def stream(house: House, table: Table, name: str) -> dict[str, Any]:
    """Every item of a table as a stream record."""
    return {"Records": [{"eventName": name, "dynamodb": {"NewImage": image}} for image in images(house, table)]}


def test_a_queued_command_and_a_fresh_enrollment_wake_their_channel(house: House) -> None:
    device, other = enroll(house), enroll(house, "2", "UDID-2", "SERIAL-2")
    commands.request(house, ADMIN, device.id, "ping", {})
    assert outbox.handle(stream(house, Table.COMMANDS, "INSERT"), None) == {"batchItemFailures": []}
    (message,) = drained(house, "wakes")
    assert sorted(message.body["enrollments"]) == sorted([device.enrollment_id, other.enrollment_id])


def test_a_wake_that_may_work_later_is_sent_again_a_few_times(house: House, platform: PlainPlatform) -> None:
    device = enroll(house)
    platform.refusal = PushRefused("ServiceUnavailable")
    body: Any = {"enrollments": [device.enrollment_id]}
    delays = []
    for _ in range(20):
        assert wake.handle(sqs(body), None) == {"batchItemFailures": []}
        if not (again := drained(house, "wakes")):
            break
        body, _ = again[0].body, delays.append(again[0].delay)
    assert delays == [30, 60, 120, 240]


def test_a_poisonous_message_does_not_take_the_others_along(house: House, platform: PlainPlatform) -> None:
    device = enroll(house)
    answer = wake.handle(sqs("not json", {"enrollments": [device.enrollment_id]}, {"nothing": 1}), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "2"}]}
    assert platform.woken == [device.enrollment_id]


def test_the_night(house: House, clock: Clock) -> None:
    enroll(house)
    ids = schedules.nightly({}, None)["reports"]
    pages = drained(house, "sweeps")
    assert len(pages) == sweep.SHARDS
    for message in pages:
        sweeper.handle(sqs(dict(message.body)), None)
        sweeper.handle(sqs(dict(message.body)), None)
    assert {finding.control for finding in house.store.listing(Finding).items} == {"passcode-set", "disk-encrypted"}
    reports.handle(sqs(*(dict(m.body) for m in drained(house, "reports"))), None)
    assert {house.store.get(Report, id_).state for id_ in ids} == {ReportState.READY}
    (statement,) = [body for key, body in house.evidence.files.items() if key.startswith("heads/")]
    assert json.loads(statement)["heads"]


def test_each_night_says_what_ends_soon(house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(schedules.logger, "warning", lambda text, extra: lines.append((text, extra)))
    schedules.nightly({}, None)
    assert lines == []
    end = clock() + 14 * 86_400
    house.store.commit(Create(Setting("apple.push", {"not_after": end})))
    house.evidence.files.clear()  # the night before
    schedules.nightly({}, None)
    facts = {"subject": "apple-push-certificate", "within_days": 14, "days_left": 14, "not_after": end}
    assert lines == [("expires soon", facts)]


def test_the_rest_of_a_shard_is_the_next_message(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "PAGE", 1)
    devices = [enroll(house, str(n), f"UDID-{n}", f"SERIAL-{n}") for n in range(3)]
    schedules.rewake({}, None)
    todo, handled = drained(house, "sweeps"), 0
    for device in devices:
        commands.request(house, ADMIN, device.id, "ping", {})
    while todo:
        sweeper.handle(sqs(dict(todo.pop().body)), None)
        todo += drained(house, "sweeps")
        handled += 1
    assert sweep.SHARDS <= handled <= sweep.SHARDS + 3
    woken = {id_ for message in drained(house, "wakes") for id_ in message.body["enrollments"]}
    assert woken == {device.enrollment_id for device in devices}


def test_the_trail_is_copied_word_by_word(house: House) -> None:
    enroll(house)
    evidence.handle(stream(house, Table.AUDIT, "INSERT"), None)
    kept = sorted(line for body in house.evidence.files.values() for line in body.decode().splitlines())
    assert kept == sorted(list(audit.export(house))[:-1])


def test_an_image_is_the_record(house: House) -> None:
    device = enroll(house)
    asked = commands.request(house, ADMIN, device.id, "whisper", {"n": 1})
    for image in images(house, Table.COMMANDS):
        kind = Command if image["sk"]["S"].startswith("Q#") else Enrollment
        record = house.store.read_image(kind, image)
        expected = asked if kind is Command else house.store.get(Enrollment, device.enrollment_id)
        assert record == expected
    entry = house.store.read_image(AuditEntry, images(house, Table.AUDIT)[0])
    assert entry.digest() == entry.hash
