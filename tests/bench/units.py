"""What one poll, command, inventory cycle, check-in, enrollment and sweep use: measured in memory, in billed units.

Of repeated CPU times the shortest counts: whatever else runs here only ever adds to it.
"""

import contextlib
import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from chalicelib.cli.package import PROJECT, load_template
from chalicelib.core import audit, posture, sweep
from chalicelib.core.house import House
from chalicelib.model.enrollment import Enrollment
from chalicelib.storage.capacity import Meter, item_size
from chalicelib.storage.codec import Item
from chalicelib.storage.layout import INDEXES, Key, Table
from tests.bench import replay
from tests.bench.cost import Bill, Machine
from tests.bench.loopback import Loopback
from tests.bench.staging import Deployment, Spent, unlogged
from tests.bench.test_counts import command_life
from tests.devices.apple import AppleDevice

MACHINE = Machine()
GB = 1e9
PAGE = sweep.PAGE
WEEK = 7  # a full device query is due on one day of it
WINDOW = 30  # seconds that the evidence stream collects entries
ENTRIES = 100  # at most, in one batch


@dataclass(frozen=True)
class Function:
    """As infra/core.yaml says."""

    memory_mb: float
    log_bytes: float

    @classmethod
    def of(cls, name: str) -> "Function":
        deployed = _template()["Resources"][name]["Properties"]
        silent = deployed["LoggingConfig"].get("SystemLogLevel") == "WARN"
        return cls(deployed["MemorySize"], 0 if silent else MACHINE.log_bytes)


@cache
def _template() -> dict[str, Any]:
    return load_template(PROJECT / "infra/core.yaml")


@dataclass(frozen=True)
class Unit:
    """`requests`: of devices, `out_bytes`: of the bodies that answered them. `entries`: of the audit trail."""

    spent: Spent
    cpu_us: float
    requests: int = 0
    entries: int = 0
    out_bytes: int = 0


def of_devices(shop: Deployment, act: Callable[[], Any]) -> Unit:
    """What the device plane uses while they `act`."""
    before, requests, entries, out = shop.busy_us, len(shop.exchanges), shop.tables.entries, shop.out_bytes
    spent = shop.spending(act)
    requests, entries = len(shop.exchanges) - requests, shop.tables.entries - entries
    return Unit(spent, shop.busy_us - before, requests, entries, shop.out_bytes - out)


@dataclass(frozen=True)
class Meterman:
    """Reads the meters of a deployment; `client_us` is what one call costs beyond what memory costs.

    `bodies`: those of the answers are counted, too. Most answers to Apple's devices are empty, none to PCs is.
    """

    deployment: Deployment
    client_us: float
    line_bytes: int
    bodies: bool = False

    def device(self, act: Callable[[], Any]) -> Unit:
        return of_devices(self.deployment, act)

    def other(self, act: Callable[[], Any]) -> Unit:
        entries, started = self.deployment.tables.entries, time.thread_time_ns()
        spent = self.deployment.spending(act)
        return Unit(spent, (time.thread_time_ns() - started) / 1000, 0, self.deployment.tables.entries - entries)

    def bill(self, unit: Unit, name: str, *, invocations: float = 1, waited_ms: float = 0) -> Bill:
        """Of the function alone; API Gateway is added by those who stand behind it."""
        spent, used, function = unit.spent, unit.spent.dynamodb, Function.of(name)
        calls = used.calls + spent.sqs + spent.kms + spent.s3
        cpu_us, waited_ms = unit.cpu_us + calls * self.client_us, calls * MACHINE.call_ms + waited_ms
        log = invocations * (self.line_bytes + function.log_bytes) / GB
        return Bill(
            audit_entries=unit.entries,
            lambda_requests=invocations,
            gb_seconds=MACHINE.gb_seconds(cpu_us, waited_ms, function.memory_mb),
            rru=used.read_units,
            wru=used.write_units,
            sqs_calls=spent.sqs,
            s3_puts=spent.s3,
            kms_calls=spent.kms,
            log_gb=log,
            kept_log_gb=3 * log,
            out_gb=unit.requests * MACHINE.answer_bytes / GB,
        )

    def of_device(self, unit: Unit) -> Bill:
        plane = Bill(http_requests=unit.requests, out_gb=unit.out_bytes * self.bodies / GB)
        return self.bill(unit, "Gateway", invocations=unit.requests) + plane

    def of_person(self, unit: Unit) -> Bill:
        return self.bill(unit, "APIHandler") + Bill(rest_requests=1, out_gb=2_000 / GB)


def meterman(deployment: Deployment, stub: Loopback) -> Meterman:
    return calibrated(deployment, stub, deployment.enrollment, deployment.device.idle)


def calibrated(deployment: Deployment, stub: Loopback, enrollment: Enrollment, idle: Callable[[], Any]) -> Meterman:
    place = Key(f"E#{enrollment.id}", "#B")
    deployment.tables.answers = {}
    deployment.tables.get(Table.COMMANDS, place)
    stub.answers, tables = deployment.tables.answers, stub.tables()
    client_us = min(replay.micros(lambda: tables.get(Table.COMMANDS, place), 100))
    with contextlib.redirect_stderr(io.StringIO()) as log:
        idle()
    return Meterman(deployment, client_us, len(log.getvalue()))


def idle(at: Meterman, act: Callable[[], Any]) -> Bill:
    return at.of_device(min((at.device(act) for _ in range(30)), key=lambda unit: unit.cpu_us))


def inventory_cycles(at: Meterman) -> tuple[Bill, float]:
    shop = at.deployment
    return week(at, lambda day: shop.device.add_app(f"com.example.notes{day}", "Notes"), shop.device.poll)


def week(at: Meterman, install: Callable[[int], Any], poll: Callable[[], Any]) -> tuple[Bill, float]:
    """A day's part of a week in which an app is installed every day; and the number of requests a day."""
    units = list[Unit]()
    for day in range(WEEK):
        at.deployment.clock.now += 86_400
        install(day)
        units.append(at.device(poll))
        assert units[-1].requests > 1
    quickest = min(unit.cpu_us / unit.requests for unit in units)
    bills = [at.of_device(replace(unit, cpu_us=quickest * unit.requests)) for unit in units]
    return sum(bills, Bill()) * (1 / WEEK), sum(unit.requests for unit in units) / WEEK


def command(at: Meterman) -> Bill:
    """In warm functions: the life of another command comes first."""
    shop, device = at.deployment, at.deployment.device
    command_life(shop)
    path = f"/devices/{shop.enrollment.device_id}/commands"
    asked = at.of_person(at.other(lambda: shop.api("POST", path, {"action": "lock"})))
    sent = at.bill(at.other(shop.outbox), "Outbox")
    woken = at.bill(at.other(shop.wake), "Wake", waited_ms=MACHINE.push_ms) + Bill(sqs_calls=2)
    delivered = at.of_device(at.device(device.idle))
    reported = at.of_device(at.device(lambda: device.report(device.received[-1].uuid, "Acknowledged")))
    return asked + sent + woken + delivered + reported


def check_in(at: Meterman) -> Bill:
    token = at.deployment.clock.now.to_bytes(32)
    unit = at.device(lambda: at.deployment.device.token_update(Token=token))
    at.deployment.outbox()
    at.deployment.wake()
    at.deployment.device.poll()
    return at.of_device(unit)


def enrollment(at: Meterman) -> Bill:
    link = at.deployment.invite()
    newcomer = AppleDevice("iphone", transport=at.deployment.device_plane, seed=at.deployment.clock.now)

    def arrive() -> None:
        newcomer.enroll(link)
        newcomer.poll()

    return at.of_device(at.device(arrive))


def looked_up(at: Meterman, device_id: str) -> Bill:
    path = f"/devices/{device_id}"
    return at.of_person(at.other(lambda: at.deployment.api("GET", path, None)))


@dataclass(frozen=True)
class Swept:
    house: House
    meter: Meter


def swept(at: Meterman, fleet: Swept, devices: int, pages: int, rules: posture.Rules | None) -> Bill:
    """One sweep over `devices`, in as many messages as there are pages; measured over a smaller fleet."""
    before, started, found = Spent.so_far(fleet.meter), time.thread_time_ns(), 0
    with unlogged():
        for shard in range(sweep.SHARDS):
            found += sweep.sweep_page(fleet.house, shard, "", rules).devices
    cpu_us = (time.thread_time_ns() - started) / 1000
    share = at.bill(Unit(Spent.so_far(fleet.meter).since(before), cpu_us), "Sweep", invocations=0)
    message = Bill(lambda_requests=1, sqs_calls=3, log_gb=MACHINE.log_bytes / GB)
    return share * (devices / found) + message * pages


def night_wakes(at: Meterman, devices: int, pages: int, push_ms: float = MACHINE.push_ms) -> Bill:
    """Everybody is due for inventory once a day: one message and one batch of pushes for each page of the sweep."""
    batch_us = PAGE * 30 + at.client_us
    seconds = MACHINE.gb_seconds(batch_us, push_ms, Function.of("Wake").memory_mb)
    return Bill(rru=devices) + Bill(lambda_requests=1, sqs_calls=3, gb_seconds=seconds) * pages


def evidence(entries_a_day: float) -> Bill:
    """A day of the evidence worker: the entries of each chain that one batch brings make one file."""
    together = min(entries_a_day * WINDOW / 86_400, ENTRIES) / audit.SHARDS
    files = entries_a_day / max(1, together)
    seconds = MACHINE.gb_seconds(2_000, 20, Function.of("Evidence").memory_mb)
    return Bill(lambda_requests=files, gb_seconds=files * seconds, s3_puts=files)


def kept_bytes(deployment: Deployment) -> Mapping[str, float]:
    """Of a settled device's own records, of one finished command and of one audit entry, indexes included."""
    items: list[tuple[Table, Item]] = [(table, item) for (table, _), item in deployment.tables.engine._items.items()]
    commands = [_kept(t, i) for t, i in items if t is Table.COMMANDS and str(i["sk"]).startswith("R#")]
    entries = [_kept(t, i) for t, i in items if t is Table.AUDIT]
    own = sum(_kept(t, i) for t, i in items if t is not Table.AUDIT) - sum(commands)
    return {
        "device": own,  # the organisation's own few records with it
        "command": sum(commands) / len(commands),
        "entry": sum(entries) / len(entries),
    }


def _kept(table: Table, item: Item) -> float:
    copies = 1 + sum(index.pk in item and not index.keys_only for index in INDEXES.get(table, ()))
    return copies * (item_size(item) + MACHINE.item_bytes)
