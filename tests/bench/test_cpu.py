"""CPU time per message and per DynamoDB call: the real client, signing and JSON, over a stub on loopback.

The thread's own time is taken, so neither the stub nor waiting for it counts. There is no TLS in it, and KMS is in
memory: its signature and one RSA decryption are in the time of SCEP.
"""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.storage.layout import Key, Table
from chalicelib.storage.tables import AtVersion, Put, Range
from tests.bench import replay
from tests.bench.loopback import Loopback
from tests.bench.messages import Messages
from tests.bench.report import Report
from tests.bench.staging import Deployment

pytestmark = pytest.mark.bench
RUNS = 150


def test_each_message(messages: Messages, stub: Loopback, bench: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (micros, calls) in replay.each(messages, stub, monkeypatch, RUNS).items():
        bench.row(f"cpu: {name}", calls=calls, cpu_us=micros)


def test_each_dynamodb_call(deployment: Deployment, stub: Loopback, bench: Report) -> None:
    tables, place = stub.tables(), Key(f"E#{deployment.enrollment.id}", "#B")
    item = deployment.tables.get(Table.COMMANDS, place)
    assert item is not None
    wanted, put = Range(Table.COMMANDS, place.pk, ("#", "Q~")), Put(Table.COMMANDS, item, AtVersion(1))
    deployment.tables.query(wanted)
    deployment.tables.get_many(Table.COMMANDS, [place] * 100)
    stub.answers = deployment.tables.answers
    calls: dict[str, tuple[int, Callable[[], Any]]] = {
        "GetItem": (1, lambda: tables.get(Table.COMMANDS, place)),
        "Query": (1, lambda: tables.query(wanted)),
        "BatchGetItem": (100, lambda: tables.get_many(Table.COMMANDS, [place] * 100)),
        "PutItem": (1, lambda: tables.put(put)),
        "TransactWriteItems": (3, lambda: tables.transact([put] * 3, "token")),
    }
    for name, (items, call) in calls.items():
        stub.calls.clear()
        micros = replay.median_micros(call, RUNS)
        assert set(stub.calls) == {name}
        bench.row(f"cpu: {name}, {items} item{'s' * (items > 1)}", calls=1, cpu_us=micros)
