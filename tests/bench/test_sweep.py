"""The posture sweep at 1,000, 10,000 and 50,000 devices: calls, units and CPU time a device."""

import time

import pytest

from chalicelib.core import posture, sweep
from chalicelib.core.house import House
from chalicelib.core.ports import Create
from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.storage.capacity import Meter
from chalicelib.storage.memory.house import memory_house
from tests.bench.report import Report

pytestmark = pytest.mark.bench
NOW = 1_800_000_000
SIZES = (1_000, 10_000, 50_000)


def fleet(size: int, meter: Meter) -> House:
    house = memory_house(clock=lambda: NOW, meter=meter)
    for number in range(size):
        device = Device(
            id=f"D{number:025d}",
            platform=Platform.IOS,
            identifiers={"serial": f"S{number}"},
            status=DeviceStatus.ENROLLED,
            ownership=Ownership.CORPORATE,
            enrollment_id=f"E{number:025d}",
            created_at=NOW,
            enrolled_at=NOW,
            os_version="18.1",
            facts={"passcode_set": True, "encrypted": True},
        )
        enrollment = Enrollment(
            id=device.enrollment_id,
            status=EnrollmentStatus.ENABLED,
            platform="apple",
            fingerprints=("f" * 64,),
            invitation_id="i" * 32,
            created_at=NOW,
            device_id=device.id,
            seen_at=NOW,
        )
        house.store.commit(Create(device))
        house.store.commit(Create(enrollment))
    return house


def run(house: House) -> int:
    swept = 0
    for shard in range(sweep.SHARDS):
        cursor = ""
        while True:
            page = sweep.sweep_page(house, shard, cursor, posture.Rules())
            swept += page.devices
            if not (cursor := page.cursor):
                break
    return swept


def test_the_sweep_is_linear(bench: Report) -> None:
    per_device = []
    for size in SIZES:
        meter = Meter()
        house = fleet(size, meter)
        meter.reset()
        started = time.process_time()
        assert run(house) == size
        spent = time.process_time() - started
        used = meter.total("dynamodb")
        per_device.append(used.read_units / size)
        bench.row(
            f"sweep of {size:,} devices",
            calls=used.calls,
            rru=used.read_units,
            wru=used.write_units,
            cpu_us=1e6 * spent / size,
        )
        assert used.write_units == 0
    assert max(per_device) <= 1.1 * min(per_device), per_device
