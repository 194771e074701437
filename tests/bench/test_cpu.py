"""CPU time per message and per DynamoDB call: the real client, signing and JSON, over a stub on loopback.

The thread's own time is taken, so neither the stub nor waiting for it counts. There is no TLS in it.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.storage.layout import Key, Table
from chalicelib.storage.records import RecordStore
from chalicelib.storage.tables import AtVersion, Put, Range
from tests.bench.loopback import Loopback, loopback
from tests.bench.report import Report
from tests.bench.staging import Deployment, Exchange, function_of, unlogged, wired_to
from tests.devices.apple import AppleDevice

pytestmark = pytest.mark.bench
RUNS = 150


@pytest.fixture
def stub() -> Iterator[Loopback]:
    with loopback() as server:
        yield server


def test_each_message(
    deployment: Deployment, stub: Loopback, bench: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unlogged():
        messages = recorded(deployment)
    kept = deployment.tables.latest  # certificates and keys, which a cold function reads first
    house = replace(deployment.house, store=RecordStore(stub.tables()))
    wired_to(house, monkeypatch)
    for name, exchange in messages.items():
        stub.answers = kept | exchange.answers
        with unlogged():
            micros = median_micros(lambda: replayed(exchange), RUNS)  # noqa: B023 - called at once
            stub.calls.clear()
            replayed(exchange)
        bench.row(f"cpu: {name}", calls=len(stub.calls), cpu_us=micros)


def replayed(exchange: Exchange) -> None:
    got = function_of(exchange.event).handle(exchange.event, None)
    assert got["statusCode"] == exchange.status == 200


def recorded(deployment: Deployment) -> dict[str, Exchange]:
    """One exchange of each type, as a simulated device had it."""
    device, device_id = deployment.device, deployment.enrollment.device_id

    def last(act: Callable[[], Any]) -> Exchange:
        act()
        return deployment.exchanges[-1]

    messages = {"idle": last(device.idle)}
    deployment.api("POST", f"/devices/{device_id}/commands", {"action": "lock"})
    messages["command delivered"] = last(device.idle)
    messages["result (Acknowledged)"] = last(lambda: device.report(device.received[-1].uuid, "Acknowledged"))
    messages["check-in (TokenUpdate)"] = last(lambda: device.token_update(Token=b"\7" * 32))
    AppleDevice("iphone", transport=deployment.device_plane, seed=2).enroll(deployment.invite())
    scep = [exchange for exchange in deployment.exchanges if exchange.event["rawPath"] == "/apple/scep"]
    messages["SCEP (PKCSReq, RSA 2048)"] = scep[-1]
    return messages


def median_micros(act: Callable[[], Any], runs: int) -> float:
    times = []
    for _ in range(runs):
        started = time.thread_time_ns()
        act()
        times.append(time.thread_time_ns() - started)
    return statistics.median(times) / 1000


def test_each_dynamodb_call(deployment: Deployment, stub: Loopback, bench: Report) -> None:
    tables, names = stub.tables(), {"GetItem": 1, "Query": 1, "BatchGetItem": 100, "PutItem": 1, "TransactWriteItems": 3}
    bound = deployment.enrollment
    partition = Key(f"E#{bound.id}", "#B")
    item = deployment.tables.get(Table.COMMANDS, partition)
    assert item is not None
    deployment.tables.query(Range(Table.COMMANDS, partition.pk, ("#", "Q~")))
    deployment.tables.get_many(Table.COMMANDS, [partition] * 100)
    stub.answers = deployment.tables.answers
    put = Put(Table.COMMANDS, item, AtVersion(1))
    calls: dict[str, Callable[[], Any]] = {
        "GetItem": lambda: tables.get(Table.COMMANDS, partition),
        "Query": lambda: tables.query(Range(Table.COMMANDS, partition.pk, ("#", "Q~"))),
        "BatchGetItem": lambda: tables.get_many(Table.COMMANDS, [partition] * 100),
        "PutItem": lambda: tables.put(put),
        "TransactWriteItems": lambda: tables.transact([put] * 3, "token"),
    }
    for name, call in calls.items():
        stub.calls.clear()
        micros = median_micros(call, RUNS)
        assert set(stub.calls) == {name}
        bench.row(f"cpu: {name} of {names[name]}", calls=1, cpu_us=micros)
