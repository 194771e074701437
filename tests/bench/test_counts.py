"""What an idle poll and a command cost, counted exactly. Signatures are made without Muster's own code."""

import pytest

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
    """No Idempotency-Key, in warm functions. Two more calls of SQS are the event source mapping's: receive, delete."""
    with unlogged():
        cold = command_life(deployment)
        pushes = len(deployment.apns.pushes)
        warm = command_life(deployment)
    for name, spent in warm.items():
        bench.row(f"command: {name}", **spent.columns)
    total = sum(warm.values(), Spent())
    bench.row("command, queued to done", **total.columns, budget="8 rru, 12 wru, 3 sqs")
    bench.row("the same with a cold wake worker", **sum(cold.values(), Spent()).columns)
    assert len(deployment.apns.pushes) - pushes == 1
    assert total.sqs <= 3
    assert total.dynamodb.write_units <= 12
    assert total.dynamodb.read_units <= 8


def command_life(deployment: Deployment) -> dict[str, Spent]:
    device, device_id = deployment.device, deployment.enrollment.device_id
    deployment.tables.stream()  # what was written before
    steps = {
        "request": lambda: deployment.api("POST", f"/devices/{device_id}/commands", {"action": "lock"}),
        "outbox": deployment.outbox,
        "wake": deployment.wake,
        "poll": device.idle,
        "report": lambda: device.report(device.received[-1].uuid, "Acknowledged"),
    }
    spent = {name: deployment.spending(step) for name, step in steps.items()}
    spent["wake"] += Spent(sqs=2)
    assert device.received[-1].request_type == "DeviceLock"
    return spent


def test_a_day_of_inventory(deployment: Deployment, bench: Report) -> None:
    """Asked once a day: here an app is new, and the rest as the day before."""
    with unlogged():
        deployment.clock.now += DAY
        deployment.device.add_app("com.example.notes", "Notes")
        before = len(deployment.exchanges)
        spent = deployment.spending(deployment.device.poll)
    requests = len(deployment.exchanges) - before
    bench.row(f"inventory of a day, {requests} requests", **spent.columns)
    assert spent.dynamodb.write_units <= 3
    assert spent.dynamodb.read_units <= 3.5 * requests
