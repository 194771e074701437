"""Pushes get lost: a walk through all pages makes up for it, and unenrolls nobody whom Google still knows."""

import pytest

from chalicelib.model.device import Device, DeviceStatus
from chalicelib.platforms.android import reconcile, tokens
from chalicelib.platforms.android.reconcile import Step
from chalicelib.platforms.google.client import GoogleBusy
from tests.unit.android.site import Site


def walk(site: Site, run: str = "1") -> int:
    at: Step | None = Step(run)
    steps = 0
    while at is not None:
        at = reconcile.step(site.house, Step.read(at.body()))
        steps += 1
    return steps


def enrolled(site: Site) -> list[Device]:
    found: list[Device] = []
    cursor = ""
    while True:
        page = site.house.store.listing(Device, limit=100, cursor=cursor)
        found += [one for one in page.items if one.status is DeviceStatus.ENROLLED]
        if not (cursor := page.cursor):
            return found


def crowd(site: Site, count: int) -> list[str]:
    token = tokens.enrollment(site.house, site.invite(max_uses=count + 10))
    return list(site.control.crowd(token.value.reveal(), count))


def test_devices_of_all_pages_arrive_though_no_push_came(site: Site) -> None:
    crowd(site, 250)
    assert walk(site) == 3 + 3
    assert len(enrolled(site)) == 250


def test_a_second_walk_changes_nothing(site: Site) -> None:
    crowd(site, 30)
    walk(site)
    site.meter.reset()
    walk(site, "2")
    assert site.meter.total("dynamodb").write_units == 0


def test_a_page_that_fails_unenrolls_nobody_and_the_walk_goes_on_from_there(site: Site) -> None:
    crowd(site, 150)
    walk(site)
    site.control.fault("GET */devices", 503, query={"pageToken": "*"}, times=1)
    second = reconcile.step(site.house, Step("2"))
    assert second is not None
    with pytest.raises(GoogleBusy):
        reconcile.step(site.house, second)
    assert len(enrolled(site)) == 150
    third = reconcile.step(site.house, second)
    assert third is not None
    assert third.phase == "ours"
    while third is not None:
        third = reconcile.step(site.house, third)
    assert len(enrolled(site)) == 150


def test_who_was_missed_by_all_pages_is_asked_for_before_anything_is_concluded(site: Site) -> None:
    crowd(site, 20)
    walk(site)
    site.house.blobs.put(reconcile.LISTED.format(run="2"), b"")
    assert reconcile.step(site.house, Step("2", "ours")) is None
    assert len(enrolled(site)) == 20


def test_whom_google_does_not_know_has_left(site: Site) -> None:
    name = site.phone()
    other = site.phone()
    site.control.leave(name)
    from chalicelib.platforms.google.client import ANDROID, call

    call(site.house, ANDROID, "DELETE", f"/v1/{name}")
    site.take()
    walk(site)
    assert site.device(name).status is DeviceStatus.UNENROLLED
    assert site.device(other).status is DeviceStatus.ENROLLED


def test_without_an_enterprise_there_is_nothing_to_do(site: Site) -> None:
    from chalicelib.core import google_setup
    from tests.unit.android.site import ADMIN

    google_setup.release(site.house, ADMIN)
    assert reconcile.step(site.house, Step("1")) is None
