"""The same life with everything going wrong that can: afterwards the invariants hold."""

import base64
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core import commands, sweep
from chalicelib.storage.layout import shard_of
from tests.contract.storage.engines import free_port
from tests.devices.apple import AppleDevice
from tests.devices.apple.complaints import ServerRefused
from tests.e2e.events import move_in
from tests.e2e.invariants import Run
from tests.e2e.world import World, eventually

HOUR, DAY = 3600, 86_400


# hints that come twice, too late, or in the wrong order


def records(world: World, table: str, start: str) -> list[dict[str, Any]]:
    """The rows as the table's stream would tell of them."""
    pages = (
        world.stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=world.stack.outputs[f"{table}TableName"])
    )
    items = [item for page in pages for item in page["Items"] if item["sk"]["S"].startswith(start)]
    return [
        {
            "eventName": "INSERT",
            "eventID": str(place),
            "dynamodb": {"NewImage": _wire(item), "SequenceNumber": str(place)},
        }
        for place, item in enumerate(items)
    ]


def _wire(item: Any) -> Any:
    if isinstance(item, dict):
        return {name: _wire(value) for name, value in item.items()}
    return base64.b64encode(item).decode() if isinstance(item, bytes) else item


def message(body: Any, name: str = "m") -> dict[str, Any]:
    return {
        "messageId": name, "receiptHandle": name, "body": json.dumps(body), "attributes": {}, "messageAttributes": {},
        "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:x", "awsRegion": "us-east-1",
    }  # fmt: skip


def test_hints_that_come_twice_and_in_the_wrong_order_are_harmless(world: World) -> None:
    devices = [world.device("iphone"), world.device("mac")]
    run = Run(devices)
    for device in devices:
        run.accepted += [world.ask(world.id_of(device), action) for action in ("restart", "lock", "profiles")]
    queued, audit = records(world, "Commands", "Q#"), records(world, "Audit", "")
    assert len(queued) >= 6
    for event in ([*reversed(queued), *queued], queued):
        assert world.invoke("outbox", {"Records": event}) == {"batchItemFailures": []}
    chain = [one for one in audit if one["dynamodb"]["NewImage"]["pk"] == audit[0]["dynamodb"]["NewImage"]["pk"]]
    for event in (chain, [*reversed(chain), *chain]):
        assert world.invoke("evidence", {"Records": event}) == {"batchItemFailures": []}
    channels = [device.identity.common_name for device in devices]
    wakes = [message({"enrollments": [*channels, *channels, "unknown"]}, str(place)) for place in range(3)]
    for _ in range(2):
        assert world.invoke("wake", {"Records": wakes}) == {"batchItemFailures": []}
    for device in devices:
        assert len(world.settle(device)) == 3
        assert world.settle(device) == []
    assert all(device.state.restarts == 1 for device in devices)
    run.check(world)


def test_one_bad_message_does_not_take_the_others_along(world: World) -> None:
    iphone = world.device()
    before = world.pushes()
    good = message({"enrollments": [iphone.identity.common_name]}, "good")
    bad = [message({"surprise": 1}, "bad"), {**good, "messageId": "worse", "body": "{"}]
    answer = world.invoke("wake", {"Records": [bad[0], good, bad[1]]})
    assert {one["itemIdentifier"] for one in answer["batchItemFailures"]} == {"bad", "worse"}
    assert world.pushed(iphone.token, before)


def test_a_worker_that_dies_between_effect_and_receipt_does_its_work_twice(world: World) -> None:
    report = world.ok("POST", "/reports", {"kind": "inventory"})
    ready = eventually(lambda: _ready(world, report["id"]), "the report")
    with world.untouched():
        again = world.invoke("reports", {"Records": [message({"report": report["id"]}, str(n)) for n in range(2)]})
        assert again == {"batchItemFailures": []}
    assert world.ok("GET", f"/reports/{report['id']}") == ready


def _ready(world: World, report_id: str) -> Any:
    found = world.ok("GET", f"/reports/{report_id}")
    return found if found["state"] == "ready" else None


# AWS itself


@dataclass
class Proxy:
    """microburst between a house of the test's own and the engine."""

    url: str

    def rules(self, *rules: dict[str, Any]) -> None:
        self._call("POST", "/rules", json.dumps(list(rules)).encode())

    def fired(self) -> list[dict[str, Any]]:
        return list(json.loads(self._call("GET", "/fired?limit=1000")))

    def _call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_microburst{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return bytes(reply.read())


@pytest.fixture(scope="module")
def proxy(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    port, log = free_port(), tmp_path_factory.mktemp("microburst") / "log"
    microburst = str(Path(sys.executable).with_name("microburst"))
    command = [microburst, "--upstream", world.stack.engine_url, "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    made = Proxy(f"http://127.0.0.1:{port}")
    try:
        eventually(lambda: _answers(made), "the proxy")
        yield made
    finally:
        process.terminate()
        process.wait(10)


def _answers(proxy: Proxy) -> bool:
    with suppress(OSError):
        proxy.fired()
        return True
    return False


THROTTLED = {
    "service": "dynamodb", "probability": 0.15, "error": {"code": "ProvisionedThroughputExceededException"},
}  # fmt: skip
LOST = [
    {"service": "dynamodb", "operation": operation, "probability": 0.25, "response": {"abort_bytes": 0}}
    for operation in ("PutItem", "TransactWriteItems")
]
RESET = {"service": "dynamodb", "probability": 0.1, "reset": True}


def work(device: AppleDevice, sessions: int = 40) -> None:
    """Polls on through refusals, as a device does that tries again later; a refusal may never read as "go away"."""
    for _ in range(sessions):
        refused, handled = session(device)
        assert refused is None or (refused.status, refused.code) == (503, None)
        if not refused and not handled:
            return
    raise AssertionError(f"{device.serial} does not come to an end")


def session(device: AppleDevice) -> tuple[ServerRefused | None, int]:
    """How it was refused, if it was, and how many commands it handled."""
    before = len(device.handled)
    try:
        for channel in (None, *(user for user in device.users if user.token)):
            device.poll(user=channel)
    except ServerRefused as refused:
        return refused, len(device.handled) - before
    return None, len(device.handled) - before


@pytest.mark.parametrize(
    "faults", [[THROTTLED], LOST, [THROTTLED, *LOST, RESET]], ids=["throttles", "lost-answers", "all-at-once"]
)
def test_devices_at_work_while_the_database_falters(
    world: World, proxy: Proxy, faults: Sequence[dict[str, Any]]
) -> None:
    devices = [world.device(kind) for kind in ("iphone", "mac")]
    run, house = Run(devices), world.house(AWS_ENDPOINT_URL=proxy.url)
    for device in devices:
        move_in(device, house)
    for device in devices:
        for action in ("restart", "lock", "profiles", "activation-lock-bypass", "security-information"):
            run.accepted.append(world.ask(world.id_of(device), action))
    cancelled = run.accepted[0]
    assert world.api("DELETE", f"/devices/{cancelled['device_id']}/commands/{cancelled['id']}").status == 200
    run.cancelled.append(cancelled)
    devices[0].answer_not_now("DeviceLock", times=2)
    devices[1].lose_next_reply()
    devices[1].lose_next_report()
    proxy.rules(*faults)
    try:
        for device in devices:
            for _ in range(3):
                refused, _ = session(device)
                assert refused is None or (refused.status, refused.code) == (503, None)
            run.look(world)
        assert proxy.fired() != []
    finally:
        proxy.rules()
    for device in devices:
        work(device)
    run.check(world)
    for device in devices:
        assert world.reveal(world.id_of(device), "bypass_code").decode() == device.state.bypass_code
    with world.untouched():  # I16: draining again changes nothing
        for device in devices:
            work(device)


def test_check_ins_and_commands_work_while_keys_files_and_queues_are_down(world: World, proxy: Proxy) -> None:
    iphone = world.device()
    run = Run([iphone], [world.ask(world.id_of(iphone), "restart")])
    house = world.house(AWS_ENDPOINT_URL=proxy.url)
    iphone.idle()  # the authority is known by now
    move_in(iphone, house)
    proxy.rules(*({"service": service, "reset": True} for service in ("kms", "s3", "sqs")))
    try:
        assert iphone.poll() == [("RestartDevice", "Acknowledged")]
        iphone.token_update()
        assert iphone.poll() == []
    finally:
        proxy.rules()
    run.check(world)


def test_a_destructive_command_is_delivered_once_although_answers_get_lost(world: World, proxy: Proxy) -> None:
    ipad = world.device("ipad")
    run = Run([ipad], [world.ask(world.id_of(ipad), "erase")])
    house = world.house(AWS_ENDPOINT_URL=proxy.url)
    move_in(ipad, house)
    ipad.lose_next_reply()  # the order is on its way, and is not heard
    assert ipad.poll() == []
    proxy.rules(*LOST)
    try:
        for _ in range(3):
            with suppress(ServerRefused):
                ipad.poll()
    finally:
        proxy.rules()
    work(ipad)
    run.check(world)
    assert [one for one in ipad.received if one.request_type == "EraseDevice"] == []
    assert world.command(run.accepted[0])["state"] == "failed"
    assert world.command(run.accepted[0])["deliveries"] == 1


# several at once


def test_cancelled_means_never_delivered_also_in_a_race(world: World) -> None:
    iphone = world.device()
    run = Run([iphone])
    for _ in range(6):
        command = world.ask(world.id_of(iphone), "restart")
        run.accepted.append(command)
        answers = list[Any]()
        start = threading.Barrier(2)

        def cancel(command: Any = command, start: Any = start, answers: Any = answers) -> None:
            start.wait(10)
            answers.append(world.api("DELETE", f"/devices/{command['device_id']}/commands/{command['id']}"))

        thread = threading.Thread(target=cancel)
        thread.start()
        start.wait(10)
        iphone.poll()
        thread.join(30)
        assert answers[0].status in (200, 409)
        if answers[0].status == 200:
            run.cancelled.append(command)
    work(iphone)
    run.check(world)
    assert iphone.state.restarts == len(run.accepted) - len(run.cancelled)


def test_a_device_that_asks_twice_at_once(world: World) -> None:
    mac = world.device("mac")
    twin = AppleDevice.load(mac.state.save(world.stack.state / "twins"), ca_file=world.stack.ca_file)
    run = Run([mac], [world.ask(world.id_of(mac), action) for action in ("restart", "profiles", "certificates")])
    threads = [threading.Thread(target=device.poll) for device in (mac, twin)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    work(mac)
    mac.handled += twin.handled
    mac.received += twin.received
    run.check(world)


# the push service


def test_commands_arrive_while_the_push_service_is_down(world: World) -> None:
    iphone = world.device()
    world.script(iphone, 503, "ServiceUnavailable", times=10)
    before = world.pushes()
    run = Run([iphone], [world.ask(world.id_of(iphone), "restart")])
    assert world.pushed(iphone.token, before)["status"] == 503
    queue = world.stack.outputs["WakeQueueUrl"]
    assert eventually(lambda: _delayed(world, queue), "the wake-up that is tried again later") >= 1
    iphone.token_update()
    assert iphone.poll() == [("RestartDevice", "Acknowledged")]
    run.check(world)


def _delayed(world: World, queue: str) -> int:
    name = "ApproximateNumberOfMessagesDelayed"
    return int(
        world.stack.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name]
    )


def test_a_token_that_is_gone_is_not_pushed_to_until_the_device_tells_a_new_one(world: World) -> None:
    iphone = world.device()
    row = (f"E#{iphone.identity.common_name}", "#B")
    world.script(iphone, 410, "Unregistered", times=10)
    run = Run([iphone], [world.ask(world.id_of(iphone), "restart")])
    eventually(lambda: world.tables()["commands"][row].get("push_failed_at"), "the mark on the enrollment")
    world.quiet()
    before = world.pushes()
    run.accepted.append(world.ask(world.id_of(iphone), "lock"))
    world.quiet()
    assert world.pushes() == before
    assert [world.command(one)["state"] for one in run.accepted] == ["queued", "queued"]

    old = iphone.token
    iphone.state.token = bytes(32)[:-16] + old[:16]
    iphone.token_update()
    assert world.pushed(iphone.token, before)["status"] == 200
    assert iphone.poll() == [("DeviceLock", "Acknowledged"), ("RestartDevice", "Acknowledged")]
    run.check(world)


# time


def test_a_silent_device_is_woken_again_after_hours(world: World) -> None:
    iphone = world.device()
    device_id = world.id_of(iphone)
    before = world.pushes()
    run = Run([iphone], [world.ask(device_id, "restart")])
    world.pushed(iphone.token, before)  # heard by nobody
    house = world.house()
    shard = int(shard_of(device_id), 16)
    world.quiet()
    before = world.pushes()
    assert sweep.sweep_page(house, shard, "", None).woken == 0  # it was heard of minutes ago
    later = replace(house, clock=lambda: house.clock() + 5 * HOUR)
    assert sweep.sweep_page(later, shard, "", None).woken >= 1
    assert world.pushed(iphone.token, before)["status"] == 200
    assert iphone.poll() == [("RestartDevice", "Acknowledged")]
    run.check(world)


def test_a_command_that_nobody_answers_expires_and_is_not_delivered_then(world: World) -> None:
    mac = world.device("mac")
    house = world.house()
    queued = world.ask(world.id_of(mac), "restart")
    later = replace(house, clock=lambda: house.clock() + 31 * DAY)
    assert commands.expire(later, mac.identity.common_name) == 1
    assert mac.poll() == []
    run = Run([mac], [queued])
    run.check(world)
    assert world.command(queued)["state"] == "expired"
    assert "did not answer in time" in world.command(queued)["detail"]


def test_the_rewake_function_reaches_every_shard(world: World) -> None:
    with world.untouched():
        assert world.invoke("rewake") == {"shards": 256}
        world.quiet()
