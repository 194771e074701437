"""What an idle poll and a command cost, counted exactly. Signatures are made without Muster's own code."""

import pytest

from chalicelib.platforms.apple import apns_identity
from tests.bench.report import Report
from tests.bench.staging import Deployment, Spent, unlogged

pytestmark = pytest.mark.bench

DAY, POLLS = 86_400, 11


def test_an_idle_poll(deployment: Deployment, bench: Report) -> None:
    with unlogged():
        spent = deployment.spending(deployment.device.idle)
    bench.row("idle poll", **spent.columns, budget="1 call, 1 rru, 0 wru")
    used = spent.dynamodb
    assert (used.calls, used.write_units, spent.sqs, spent.kms, spent.s3) == (1, 0, 0, 0, 0)
    assert used.read_units <= 1


def test_a_day_of_idle_polls(deployment: Deployment, bench: Report) -> None:
    """The inventory cycle, which is due once a day, is not idle: it is kept out by moving its date along."""
    spent = Spent()
    with unlogged():
        for _ in range(POLLS):
            deployment.clock.now += DAY // POLLS
            deployment.postpone_inventory()
            spent += deployment.spending(deployment.device.idle)
    bench.row("idle polls of a day (11)", **spent.columns, budget="3 wru")
    assert spent.dynamodb.write_units <= 3
    assert (spent.sqs, spent.kms, spent.s3) == (0, 0, 0)
    assert spent.dynamodb.read_units <= POLLS


def test_a_command_from_request_to_done(deployment: Deployment, bench: Report) -> None:
    """No Idempotency-Key. Of SQS the event source mapping needs two calls more: one receives, one deletes."""
    device_id = deployment.enrollment.device_id
    deployment.tables.stream()  # what came before
    pushes = len(deployment.apns.pushes)
    steps = {
        "request": lambda: deployment.api("POST", f"/devices/{device_id}/commands", {"action": "lock"}),
        "outbox": deployment.outbox,
        "wake": deployment.wake,
        "poll": lambda: polled.append(deployment.device.idle()),
        "report": lambda: deployment.device.report(deployment.device.received[-1].uuid, "Acknowledged"),
    }
    polled: list[object] = []
    apns_identity._kept.clear()
    total = Spent()
    with unlogged():
        for name, step in steps.items():
            spent = deployment.spending(step)
            bench.row(f"command: {name}", **spent.columns)
            total += spent
    assert deployment.device.received[-1].request_type == "DeviceLock"
    bench.row("command, queued to done", **(total.columns | {"sqs": total.sqs + 2}), budget="8 rru, 12 wru, 3 sqs")
    print({name: usage for name, usage in deployment.house.store.meter.by_operation().items()})
    assert len(deployment.apns.pushes) - pushes == 1
    assert total.sqs + 2 <= 3
    assert total.dynamodb.write_units <= 12
    assert total.dynamodb.read_units <= 8
