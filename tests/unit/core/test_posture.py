"""Posture: pure rules, and findings that are written when they open and when they resolve."""

from dataclasses import replace

import pytest

from chalicelib.core import devices, inventory, posture, sweep
from chalicelib.core.house import House
from chalicelib.core.ports import Create
from chalicelib.model.device import Device, Platform
from chalicelib.model.finding import Finding
from chalicelib.model.records import Setting
from tests.unit.core.conftest import ADMIN, Clock, enroll

DAY = 86_400


def everything(house: House, *, posture_too: bool = True) -> sweep.Swept:
    rules = posture.rules_of(house) if posture_too else None
    opened = resolved = woken = expired = count = 0
    for shard in range(sweep.SHARDS):
        cursor = ""
        while True:
            swept = sweep.sweep_page(house, shard, cursor, rules)
            count, opened, resolved = count + swept.devices, opened + swept.opened, resolved + swept.resolved
            woken, expired = woken + swept.woken, expired + swept.expired
            if not (cursor := swept.cursor):
                break
    return sweep.Swept(count, opened, resolved, woken, expired)


def healthy(house: House, device: Device) -> Device:
    return inventory.merge(house, device.id, facts={"passcode_set": True, "encrypted": True})


@pytest.mark.parametrize(
    ("older", "newer"), [("17.9", "17.10"), ("17.6.1", "18"), ("9.3.5", "10.0"), ("14.2 (a)", "14.2.1")]
)
def test_versions_compare_as_numbers(older: str, newer: str) -> None:
    assert posture.version_key(older) < posture.version_key(newer)
    assert posture.version_key("18") == posture.version_key("18.0.0")


def test_unreported_facts_are_not_met(house: House) -> None:
    seen = devices.view(house, ADMIN, enroll(house).id)
    verdicts = posture.evaluate(seen, posture.Rules(), house.clock())
    assert {name for name, verdict in verdicts.items() if not verdict.met} == {"passcode-set", "disk-encrypted"}
    assert verdicts["passcode-set"].observed == "not reported"


def test_what_a_mac_cannot_report_is_not_held_against_it(house: House) -> None:
    device = replace(enroll(house), platform=Platform.MACOS)
    verdicts = posture.evaluate(devices.Seen(device, None), posture.Rules(), house.clock())
    assert "passcode-set" not in verdicts
    assert not verdicts["disk-encrypted"].met
    told = replace(device, facts={"passcode_set": False})
    assert not posture.evaluate(devices.Seen(told, None), posture.Rules(), house.clock())["passcode-set"].met


@pytest.mark.parametrize(
    ("told", "met"), [("applied", True), ("failed: cameraAccess", False), ("pending", None), (None, None)]
)
def test_a_policy_is_judged_once_the_device_has_judged_it(house: House, told: str | None, met: bool | None) -> None:
    device = replace(enroll(house), facts={} if told is None else {"policy": told})
    verdict = posture.evaluate(devices.Seen(device, None), posture.Rules(), house.clock()).get("policy-applied")
    assert (verdict.met if verdict else None) is met


def test_findings_open_once_and_resolve_once(house: House, clock: Clock) -> None:
    device = enroll(house)
    assert everything(house).opened == 2
    house.store.meter.reset()
    again = everything(house)
    assert house.store.meter.total("dynamodb").write_units == 0
    assert (again.opened, again.resolved) == (0, 0)
    since = house.store.get(Finding, device.id, "passcode-set").since
    clock.forward(DAY)
    healthy(house, device)
    assert everything(house).resolved == 2
    closed = [f for f in house.store.collect(Finding, device.id).items if f.control == "passcode-set"]
    assert [(f.since, f.resolved_at) for f in closed] == [(since, clock.now)]
    assert house.store.listing(Finding).items == ()


def test_a_silent_device_becomes_a_finding(house: House, clock: Clock) -> None:
    healthy(house, enroll(house))
    assert everything(house).opened == 0
    clock.forward(14 * DAY)
    assert everything(house).opened == 1
    assert house.store.listing(Finding).items[0].control == "seen-lately"


def test_the_os_minimum_is_per_platform(house: House) -> None:
    house.store.commit(Create(Setting("posture", {"os_minimum": {"ios": "18.2"}})))
    healthy(house, enroll(house))
    assert everything(house).opened == 1
    assert house.store.listing(Finding).items[0].observed == "18.1"


def test_nothing_is_expected_of_a_retired_device(house: House) -> None:
    device = enroll(house)
    everything(house)
    devices.retire(house, ADMIN, device.id, now=True)
    assert everything(house).resolved == 2


def test_findings_equal_a_pure_recomputation(house: House, clock: Clock) -> None:
    for number in range(12):
        device = enroll(house, str(number), f"UDID-{number}", f"SERIAL-{number}")
        inventory.merge(house, device.id, facts={"passcode_set": number % 2 == 0, "encrypted": number % 3 == 0})
    clock.forward(DAY)
    everything(house)
    expected = set()
    for device in house.store.listing(Device).items:
        seen = devices.view(house, ADMIN, device.id)
        verdicts = posture.evaluate(seen, posture.Rules(), clock.now)
        expected |= {(device.id, name) for name, verdict in verdicts.items() if not verdict.met}
    assert {(f.device_id, f.control) for f in house.store.listing(Finding).items} == expected


def test_a_retired_device_that_never_answers_is_cut_off(house: House, clock: Clock) -> None:
    from chalicelib.core import commands
    from chalicelib.model.enrollment import Certificate, Enrollment

    device = enroll(house)
    devices.retire(house, ADMIN, device.id)
    everything(house)
    assert house.store.get(Enrollment, device.enrollment_id).live
    clock.forward(commands.LIFE)
    everything(house)
    everything(house)
    assert not house.store.get(Enrollment, device.enrollment_id).live
    assert house.store.get(Certificate, "fp-1").revoked
    devices.delete(house, ADMIN, device.id)


def test_the_sweep_wakes_what_waits_in_silence(house: House, clock: Clock) -> None:
    from chalicelib.core import commands

    device = enroll(house)
    commands.request(house, ADMIN, device.id, "ping", {})
    clock.forward(sweep.SILENT_AFTER)
    house.wakes.drain()
    assert everything(house, posture_too=False).woken == 1
    assert [m.body["enrollments"] for m in house.wakes.drain()] == [[device.enrollment_id]]
    clock.forward(commands.LIFE)
    assert everything(house, posture_too=False).expired == 1
    assert everything(house, posture_too=False).expired == 0
