"""The monthly bill of 10,000 and of a million devices: units measured here, list prices and assumptions in cost.py."""

from collections.abc import Mapping

import pytest

from chalicelib.core import posture, sweep
from chalicelib.storage.capacity import Meter
from tests.bench import units
from tests.bench.cost import DAYS, FIXED, PRICED, Bill, Fleet
from tests.bench.loopback import Loopback
from tests.bench.report import Report
from tests.bench.staging import Deployment, unlogged
from tests.bench.test_sweep import fleet as devices_to_sweep
from tests.bench.units import GB, Meterman, meterman

pytestmark = pytest.mark.bench
BUDGET = 900  # dollars a month for a million devices
COMPUTING = 80  # of them for Lambda's gigabyte-seconds, which hang on measured times: these inform and do not gate
FLEET = Fleet()
SWEPT = 3_000


def test_the_monthly_bill(deployment: Deployment, stub: Loopback, bench: Report) -> None:
    with unlogged():
        at = meterman(deployment, stub)
        daily, kept = of_a_device_day(at), units.kept_bytes(deployment)
        fleet = to_sweep()
    print(f"\n{PRICED}\n{FLEET}\n{units.MACHINE}\n{kept}")
    for devices in (10_000, 1_000_000):
        parts = monthly(at, fleet, devices, daily, kept, units.MACHINE.push_ms)
        shown(bench, f"{devices:,}", parts)
        total = sum(parts.values(), Bill())
        bench.row(
            f"cost a month, {devices:,} devices", usd=total.total, budget=f"{BUDGET} usd" if devices > 1e5 else ""
        )
        if devices == 1_000_000:
            assert total.total - total.dollars["gb_seconds"] <= BUDGET - COMPUTING


def to_sweep() -> units.Swept:
    meter = Meter()
    return units.Swept(devices_to_sweep(SWEPT, meter), meter)


def monthly(
    at: Meterman,
    fleet: units.Swept,
    devices: int,
    daily: Mapping[str, Bill],
    kept: Mapping[str, float],
    push_ms: float,
) -> dict[str, Bill]:
    """`daily`: of one device. `push_ms`: how long a batch of pushes takes."""
    pages = sweep.SHARDS * -(-devices // (sweep.SHARDS * sweep.PAGE))
    posture_sweep = units.swept(at, fleet, devices, pages, posture.Rules()) * FLEET.posture_sweeps_a_day
    wake_sweep = units.swept(at, fleet, devices, pages, None) * FLEET.wake_sweeps_a_day
    night = units.night_wakes(at, devices, pages, push_ms)
    parts = {name: bill * (devices * DAYS) for name, bill in daily.items()}
    return parts | {
        "sweeps and wake-ups": (posture_sweep + wake_sweep + night) * DAYS,
        "evidence": units.evidence(sum(bill.audit_entries for bill in daily.values()) * devices) * DAYS,
        "storage": stored(kept) * devices,
        "fixed": FIXED,
    }


def of_a_device_day(at: Meterman) -> dict[str, Bill]:
    idle = units.idle(at, at.deployment.device.idle)
    cycle, requests = units.inventory_cycles(at)
    polls = FLEET.requests_a_day - requests * FLEET.inventory_cycles_a_day - 2 * FLEET.commands_a_day
    assert polls >= 0
    return {
        "idle polls": idle * (polls - FLEET.check_ins_a_day),
        "last seen": Bill(wru=2),  # and once in the inventory cycle
        "inventory": cycle * FLEET.inventory_cycles_a_day,
        "commands": units.command(at) * FLEET.commands_a_day,
        "check-ins": units.check_in(at) * FLEET.check_ins_a_day,
        "enrollments": units.enrollment(at) * FLEET.enrollments_a_day,
        "people": units.looked_up(at, at.deployment.enrollment.device_id) * FLEET.api_requests_a_day,
    }


def stored(kept: Mapping[str, float]) -> Bill:
    """A command's record is kept for 400 days; an audit entry for good, in the table and as evidence."""
    entries = 365 * FLEET.years_of_audit * (2 * FLEET.commands_a_day + FLEET.inventory_cycles_a_day / 30)
    table = kept["device"] + 400 * FLEET.commands_a_day * kept["command"] + entries * kept["entry"]
    return Bill(table_gb=table / GB, bucket_gb=entries * kept["entry"] / GB)


def shown(bench: Report, whose: str, parts: Mapping[str, Bill]) -> None:
    for name, bill in parts.items():
        bench.row(f"cost a month, {whose}: {name}", usd=bill.total)
    dollars = sum(parts.values(), Bill()).dollars
    print(f"{whose}:", ", ".join(f"{name} {amount:,.2f}" for name, amount in dollars.items()))
