"""What sessions of a PC cost, counted exactly: idle, with a command, with its inventory, with much to say or to hear.

CPU time without "cpu:" before it is of the functions over the store in memory; what each call of AWS adds to it is in
the rows of test_cpu.py. Memory is what one answer took on top of what was there, the engine's own store included.
"""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.platforms.windows.nodes import Step
from tests.bench import pcs, replay
from tests.bench.loopback import Loopback
from tests.bench.messages import Messages
from tests.bench.pcs import Desk
from tests.bench.report import Report
from tests.bench.staging import Deployment, Spent, unlogged
from tests.bench.units import Unit, of_devices
from tests.devices.wns import FakeWNS

pytestmark = pytest.mark.bench
DAY, SESSIONS = 86_400, 6  # every four hours, as a PC without push does
RUNS = 150
NODES, SMALL_MESSAGE = 500, 16 * 1024
RESULT, PIECE = 1024 * 1024, 64 * 1024  # bytes
POLICY = "./Device/Vendor/MSFT/Policy/Config/ADMX_Example/Setting{:03}"
INVENTORY = "./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppInventoryResults"
PACKAGE = '<Package PackageFamilyName="Contoso.App{0}_8wekyb3d8bbwe" Name="Contoso.App{0}" Version="1.0.{0}.0"/>'
IDENTITIES = pytest.mark.parametrize("tls", [True, False], ids=["tls", "digest"])


@pytest.fixture
def desk(site: Deployment, tls: bool, wns: FakeWNS) -> Desk:
    with unlogged():
        pcs.pushable(site, wns)
        return Desk(site, tls=tls, wns=wns).enrolled()


def identity(tls: bool) -> str:
    return "TLS" if tls else "digest"


def used(desk: Desk, act: Callable[[], Any]) -> Unit:
    with unlogged():
        return of_devices(desk.deployment, act)


@IDENTITIES
def test_an_idle_session(desk: Desk, tls: bool, bench: Report) -> None:
    unit = used(desk, desk.poll)
    spent = unit.spent
    bench.row(f"Windows: idle session ({identity(tls)})", **spent.columns, budget="2 calls, 2 rru")
    assert unit.requests == 1
    assert spent.dynamodb.calls == (1 if tls else 2)  # a digest's nonce is spent by a write
    assert spent.dynamodb.write_units == (0 if tls else 1)
    assert spent.dynamodb.read_units <= 2
    assert (spent.sqs, spent.kms, spent.s3) == (0, 0, 0)


@IDENTITIES
def test_a_day_of_idle_sessions(desk: Desk, tls: bool, bench: Report) -> None:
    """Without the inventory, as with the idle polls of Apple's devices."""
    spent = Spent()
    for _ in range(SESSIONS):
        desk.deployment.clock.now += DAY // SESSIONS
        desk.postpone_inventory()
        spent += used(desk, desk.poll).spent
    bench.row(f"Windows: idle sessions of a day ({SESSIONS}, {identity(tls)})", **spent.columns, budget="3 wru by TLS")
    assert spent.dynamodb.write_units <= (3 if tls else 3 + SESSIONS)
    assert (spent.sqs, spent.kms, spent.s3) == (0, 0, 0)
    assert spent.dynamodb.read_units <= 2 * SESSIONS


@IDENTITIES
def test_a_command_from_request_to_done(desk: Desk, tls: bool, wns: FakeWNS, bench: Report) -> None:
    """In warm functions, woken by one push; two more calls of SQS are the event source mapping's."""
    with unlogged():
        command_life(desk)
        pushes = len(wns.notifications)
        life = command_life(desk)
    name = identity(tls)
    for step, spent in life.items():
        bench.row(f"Windows: command ({name}): {step}", **spent.columns)
    total = sum(life.values(), Spent())
    written = 12 if tls else 12 + MESSAGES  # a digest counts once: each message of a session ends a nonce
    budget = f"8 rru, {written} wru, 3 sqs"
    bench.row(f"Windows: command, queued to done ({name})", **total.columns, budget=budget)
    assert len(wns.notifications) - pushes == 1
    assert total.sqs <= 3
    assert total.dynamodb.write_units <= written
    assert total.dynamodb.read_units <= 8


MESSAGES = 2


def command_life(desk: Desk) -> dict[str, Spent]:
    """Two messages: the first brings the command, the second reports on it and ends the session."""
    shop = desk.deployment
    shop.tables.stream()  # what was written before
    desk.device_id  # noqa: B018 - read once, before anything counts
    asked: list[str] = []
    spent = {"request": shop.spending(lambda: asked.append(desk.ask("lock")))}
    spent |= {"outbox": shop.spending(shop.outbox), "wake": shop.spending(shop.wake) + Spent(sqs=2)}
    spent["session of 2 messages"] = shop.spending(lambda: desk.exchanges(desk.poll))
    assert desk.ended_well(asked[0])
    return spent


@IDENTITIES
def test_a_day_of_inventory(desk: Desk, tls: bool, bench: Report) -> None:
    """Everything as the day before but one app, which is new."""
    desk.deployment.clock.now += DAY
    desk.install("Contoso.Notes")
    unit = used(desk, desk.poll)
    name = f"Windows: inventory of a day, {unit.requests} messages ({identity(tls)})"
    bench.row(name, **unit.spent.columns, cpu_us=unit.cpu_us)
    assert desk.enrollment.inventory_due > desk.deployment.clock.now
    assert unit.requests == 3
    assert unit.spent.dynamodb.read_units <= 14
    assert unit.spent.dynamodb.write_units <= (7 if tls else 7 + unit.requests)
    assert (unit.spent.sqs, unit.spent.kms, unit.spent.s3) == (0, 0, 0)


@pytest.mark.parametrize("tls", [True], ids=["tls"])
@pytest.mark.parametrize("room", [0, SMALL_MESSAGE], ids=["as large as Muster sends", "small messages"])
def test_five_hundred_nodes(desk: Desk, room: int, bench: Report) -> None:
    """Of one command; how many messages that takes depends on what the PC says it can take in one."""
    desk.pc.knobs.max_message_size = room
    steps = [Step("Add", POLICY.format(n), "chr", "<enabled/>", "text/plain") for n in range(NODES)]
    with unlogged():
        queued = desk.deployment.spending(lambda: desk.queue(*steps))
    unit = used(desk, desk.poll)
    assert desk.pc.node(POLICY.format(NODES - 1)) == "<enabled/>"
    size = f"at most {room // 1024} KiB each" if room else "as large as they come"
    bench.row(f"Windows: {NODES} nodes, queued", **queued.columns)
    name = f"Windows: {NODES} nodes, session of {unit.requests} messages ({size})"
    bench.row(name, **unit.spent.columns, cpu_us=unit.cpu_us)
    assert unit.requests <= (12 if room else 2)
    assert unit.spent.dynamodb.calls <= 3 * unit.requests  # read, progress, conversation
    assert (unit.spent.sqs, unit.spent.kms, unit.spent.s3) == (0, 0, 0)


@pytest.mark.parametrize("tls", [True], ids=["tls"])
def test_a_result_of_one_megabyte(desk: Desk, bench: Report) -> None:
    """In pieces of 64 KiB, each in a message of its own, which wait in S3 until the last one is there."""
    text = "".join(PACKAGE.format(n) for n in range(10_000, 10_000 + RESULT // (len(PACKAGE) + 9) - 1))
    desk.pc.state.tree.put(INVENTORY, "xml", f"<Results>{text}</Results>".ljust(RESULT))
    desk.pc.knobs.chunk_size = PIECE
    desk.queue(Step("Get", INVENTORY))
    unit = used(desk, desk.poll)
    command = desk.queue(Step("Get", INVENTORY))
    desk.wire.traced = True
    used(desk, desk.poll)
    assert desk.ended_well(command)
    spent = unit.spent
    name = f"Windows: 1 MB result, {unit.requests} messages, {spent.s3} calls of S3"
    bench.row(name, **spent.columns, cpu_us=unit.cpu_us, mb=desk.wire.peak / 1e6)
    pieces = RESULT // PIECE
    assert unit.requests <= pieces + 2
    assert spent.s3 == 2 * (pieces - 1)  # each but the last is kept once and read once
    assert spent.dynamodb.calls <= 2 * unit.requests + 3
    assert (spent.sqs, spent.kms) == (0, 0)


def test_each_message(windows: Messages, stub: Loopback, bench: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (micros, calls) in replay.each(windows, stub, monkeypatch, RUNS).items():
        bench.row(f"cpu: {name}", calls=calls, cpu_us=micros)
        assert calls == windows.by_name[name].calls, name  # the stub answered as the store did
