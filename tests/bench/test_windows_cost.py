"""The monthly bill of a million PCs by how they prove themselves and whether they can be woken; and of one PC-day."""

from dataclasses import replace

import pytest

from tests.bench import pcs, units
from tests.bench.cost import Bill, Desks
from tests.bench.loopback import Loopback
from tests.bench.pcs import Desk
from tests.bench.report import Report
from tests.bench.staging import Deployment, unlogged
from tests.bench.test_cost import FLEET, monthly, shown, to_sweep
from tests.bench.units import Meterman
from tests.devices.wns import FakeWNS

pytestmark = pytest.mark.bench
PCS = 1_000_000
DESKS = Desks()
WAYS = [("TLS", False), ("TLS", True), ("digest", False), ("digest", True)]


@pytest.mark.parametrize(("identity", "pushed"), WAYS)
def test_the_monthly_bill_of_pcs(
    identity: str, pushed: bool, site: Deployment, wns: FakeWNS, stub: Loopback, bench: Report
) -> None:
    """It informs: the budget of the design is of a mixed fleet, and is asserted in test_cost.py."""
    with unlogged():
        if pushed:
            pcs.pushable(site, wns)
        desk = Desk(site, tls=identity == "TLS", wns=wns).enrolled()
        assert bool(desk.enrollment.push.get("channel")) == pushed
        at = replace(units.calibrated(site, stub, desk.enrollment, desk.poll), bodies=True)
        daily = of_a_pc_day(at, desk, pushed)
        kept, swept = units.kept_bytes(site), to_sweep()
    notifying = units.MACHINE.notification_ms * units.PAGE if pushed else 0
    parts = monthly(at, swept, PCS, daily, kept, notifying)
    sessions = DESKS.sessions_pushed if pushed else DESKS.sessions_polled
    whose = f"{PCS:,} PCs ({identity}, {'push and ' if pushed else ''}{sessions:.0f} sessions a day)"
    if (identity, pushed) == WAYS[0]:
        print(f"\n{DESKS}\n{kept}")
        shown(bench, whose, parts)
    total, day = sum(parts.values(), Bill()), sum(daily.values(), Bill())
    bench.row(f"cost a month, {whose}", usd=total.total)
    bench.row(f"a PC-day of it ({identity}, {'push' if pushed else 'polls'})", rru=day.rru, wru=day.wru)
    assert day.kms_calls < 0.01  # only who enrolls has something signed


def of_a_pc_day(at: Meterman, desk: Desk, pushed: bool) -> dict[str, Bill]:
    """The inventory is asked in one of the sessions; a command takes a session of its own only where it is pushed."""
    came = enrollment(at)  # first: a PC compares the clocks, and the week moves this one
    idle = units.idle(at, desk.poll)
    cycle, _ = units.week(at, lambda day: desk.install(f"Contoso.Notes{day}"), desk.poll)
    commands = 0 if pushed else FLEET.commands_a_day
    sessions = DESKS.sessions_pushed if pushed else DESKS.sessions_polled
    return {
        "idle sessions": idle * (sessions - FLEET.inventory_cycles_a_day - commands),
        "last seen": Bill(wru=2),  # and once in the inventory cycle
        "inventory": cycle * FLEET.inventory_cycles_a_day,
        "commands": command(at, desk, pushed) * FLEET.commands_a_day,
        "enrollments": came * FLEET.enrollments_a_day,
        "people": units.looked_up(at, desk.device_id) * FLEET.api_requests_a_day,
    }


def command(at: Meterman, desk: Desk, pushed: bool) -> Bill:
    """In warm functions: another command comes first. Without a channel the wake worker reads that there is none."""
    shop = at.deployment
    for _ in range(2):
        shop.tables.stream()  # what was written before
        asked = at.of_person(at.other(lambda: desk.ask("lock")))
        sent = at.bill(at.other(shop.outbox), "Outbox")
        waited = units.MACHINE.notification_ms if pushed else 0
        woken = at.bill(at.other(shop.wake), "Wake", waited_ms=waited) + Bill(sqs_calls=2)
        done = at.of_device(at.device(desk.poll))
    return asked + sent + woken + done


def enrollment(at: Meterman) -> Bill:
    newcomer = Desk(at.deployment, tls=True, seed=at.deployment.clock.now)
    return at.of_device(at.device(newcomer.enroll))
