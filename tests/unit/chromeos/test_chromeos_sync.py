"""The fleet in pages: all of them, from where they stopped, and nothing is concluded from what a page lacks."""

import pytest

from chalicelib.platforms.chromeos import directory, sync
from chalicelib.platforms.google.client import GoogleAbsent, GoogleBusy, GoogleRefused
from tests.unit.chromeos.office import DIRECTORY_HOST, Office


def walk(office: Office) -> tuple[list[str], int]:
    found: list[str] = []
    token, pages = "", 0
    while True:
        page = sync.sync_page(office.house, token)
        found += [one.serial for one in page.devices]
        token, pages = page.next, pages + 1
        if not token:
            return found, pages


def test_more_devices_than_a_page_holds(office: Office) -> None:
    office.google.control.post("/chromebooks/enroll", serial="FLEET", count=650, ou="/Fleet")
    found, pages = walk(office)
    assert len([serial for serial in found if serial.startswith("FLEET")]) == 650
    assert len(found) == len(set(found))
    assert pages == 3
    measured, token = 0, ""
    while True:
        page = sync.telemetry_page(office.house, token)
        measured += len(page.devices)
        token = page.next
        if not token:
            break
    assert measured >= 650


def test_a_failed_page_is_no_end(office: Office) -> None:
    first = sync.sync_page(office.house)
    assert first.next
    where = f"GET /{DIRECTORY_HOST}/admin/directory/v1/customer/my_customer/devices/chromeos"
    office.google.control.fault(where, 503, times=1)
    with pytest.raises(GoogleBusy):
        sync.sync_page(office.house, first.next)
    again = sync.sync_page(office.house, first.next)
    assert again.devices
    assert not {one.serial for one in again.devices} & {one.serial for one in first.devices}


def test_what_synchronised_since(office: Office) -> None:
    old, new = office.chromebook(), office.chromebook()
    old.set(device={"lastSync": "2020-01-01T00:00:00.000Z"})
    token, serials = "", set()
    while True:
        page = sync.sync_page(office.house, token, since=office.clock())
        serials |= {one.serial for one in page.devices}
        token = page.next
        if not token:
            break
    assert new.serial in serials
    assert old.serial not in serials


def test_a_day_may_begin_earlier_at_google(office: Office) -> None:
    sync.sync_page(office.house, since=1_935_000_000)  # 2031-04-26 in UTC
    assert "query=sync%3A2031-04-25.." in office.google.control.requests()[-1]["query"]


def test_times_and_ids(office: Office) -> None:
    book = office.chromebook(serial="times-1")
    found = directory.device(office.house, book.id)
    assert abs(found.enrolled_at - office.clock()) < 120
    assert found.serial == "TIMES-1"
    assert sync.enrollment_id(found.device_id) == f"chromeos-{book.id}"
    book.done("erase")
    assert directory.device(office.house, book.id).enrolled_at > found.enrolled_at, "it enrolled again by itself"


def test_what_people_run_is_not_even_asked_for(office: Office) -> None:
    office.chromebook()
    sync.telemetry_page(office.house)
    assert "app_report" not in office.google.control.requests()[-1]["query"]


def test_org_units(office: Office) -> None:
    made = directory.add_org_unit(office.house, "Labs", "/")
    below = directory.add_org_unit(office.house, "Optics", "/Labs")
    assert (below.path, below.parent) == ("/Labs/Optics", "/Labs")
    assert {unit.path for unit in directory.org_units(office.house)} >= {"/Labs", "/Labs/Optics"}
    assert [unit.id for unit in directory.org_units(office.house, "/Labs")] == [below.id]
    assert not made.id.startswith("id:")
    with pytest.raises(GoogleRefused):
        directory.add_org_unit(office.house, "labs", "/")


def test_status_of_many(office: Office) -> None:
    first, second = office.chromebook(), office.chromebook()
    ids = [first.id, "no-such-device", second.id]
    failures = directory.change_status(office.house, ids, directory.Change.DISABLE)
    assert failures == {"no-such-device": "Device not found."}
    assert first.at_google()["status"] == second.at_google()["status"] == "DISABLED"


def test_a_device_that_is_gone(office: Office) -> None:
    with pytest.raises(GoogleAbsent):
        directory.device(office.house, "no-such-device")
