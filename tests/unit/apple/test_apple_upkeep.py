"""What the server asks by itself: the order, the cost, the end, and what is kept of the answers."""

from typing import Any

import pytest

from chalicelib.core import inventory
from chalicelib.core.house import House
from chalicelib.model.device import Ownership
from tests.unit.apple.phone import ANSWERS, Answer, Phone, ask

CYCLE = ["DeviceInformation", "SecurityInfo", "InstalledApplicationList", "CertificateList", "ProfileList"]
DAY = 86_400


def session(phone: Phone, answers: dict[str, dict[str, Any]] = ANSWERS, status: str = "Acknowledged") -> list[str]:
    """The request types of one session, each answered."""
    asked: list[str] = []
    answer: Answer = phone.idle()
    while (command := answer.command)[0]:
        asked.append(command[1])
        assert len(asked) < 20
        answer = phone.report(status, command[0], **answers.get(command[1], {}))
    return asked


def test_the_first_session_enables_declarations_then_asks_everything(phone: Phone) -> None:
    assert session(phone) == ["DeclarativeManagement", *CYCLE]
    assert session(phone) == []


def test_the_cycle_costs_one_write_of_the_enrollment(house: House, phone: Phone, clock) -> None:
    phone.settle()
    clock.now += DAY + 1
    before = phone.poll.enrollment.version
    assert session(phone)[-1] == "ProfileList"
    after = phone.poll.enrollment
    assert after.version - before == 2  # last seen (three a day at most), and the cycle's end
    assert after.inventory_due == clock.now + DAY


def test_unchanged_answers_write_nothing_but_the_end_of_the_cycle(house: House, phone: Phone, clock) -> None:
    phone.settle()
    clock.now += DAY + 1
    phone.report("Pondering")  # notes the contact
    phone.idle()
    house.store.meter.reset()
    session(phone)
    writes = house.store.meter.by_operation()
    assert writes["dynamodb.put"].calls == 1
    assert "dynamodb.transact" not in writes


def test_a_cycle_that_breaks_off_starts_again(phone: Phone) -> None:
    first = phone.idle().command
    phone.report("Acknowledged", first[0])
    assert phone.idle().command[1] == first[1]


def test_not_now_ends_the_cycle_for_some_hours(phone: Phone, clock) -> None:
    assert phone.report("NotNow", phone.idle().command[0]).body == b""
    assert session(phone) == []
    clock.now += 4 * 3600 + 1
    assert session(phone) == ["DeclarativeManagement", *CYCLE]


def test_errors_do_not_stop_it(phone: Phone) -> None:
    assert session(phone, status="Error") == ["DeclarativeManagement", *CYCLE]
    assert session(phone) == []


def test_answers_that_were_not_asked_for_change_nothing(house: House, phone: Phone) -> None:
    phone.settle()
    house.store.meter.reset()
    device = phone.device
    for section in ("device", "security", "apps", "configured", "nonsense"):
        uuid = f"inventory.{section}.01HZZZZZZZZZZZZZZZZZZZZZZZ"
        answer = phone.report("Acknowledged", uuid, QueryResponses={"DeviceName": "Forged"})
        assert (answer.status, answer.body) == (200, b"")
    assert phone.device == device
    assert house.store.meter.total().write_units == 0


def test_queued_commands_come_first(phone: Phone) -> None:
    command = ask(phone, "device-information")
    assert phone.idle().command[0] == command.id


def test_declarations_are_enabled_once_and_again_when_they_change(house: House, phone: Phone, clock) -> None:
    phone.settle()
    clock.now += DAY + 1
    assert "DeclarativeManagement" not in session(phone)
    clock.now += DAY + 1
    inventory.merge(house, phone.device.id, attributes={"os_version": "26.0"})
    assert "DeclarativeManagement" not in session(phone)  # the same items for both versions
    clock.now += DAY + 1
    inventory.merge(house, phone.device.id, attributes={"os_version": "16.0"})
    assert session(phone)[0] == "DeclarativeManagement"


@pytest.mark.parametrize(
    ("product", "version", "asked"),
    [
        ("iPhone9,1", "14.8", False),
        ("iPad14,3", "15.0", True),
        ("Mac15,3", "12.7", False),
        ("Mac15,3", "13.0", True),
        ("AppleTV11,1", "15.6", False),
        ("AppleTV11,1", "18.0", True),
    ],
)
def test_only_capable_systems_are_asked_for_declarations(house: House, product: str, version: str, asked: bool) -> None:
    phone = Phone(house, product=product, os_version=version).enroll()
    assert (session(phone)[0] == "DeclarativeManagement") is asked


def test_status_reports_spare_the_device_query(house: House, phone: Phone, clock) -> None:
    phone.settle()
    phone.declarative("status", {"StatusItems": {"passcode": {"is-present": True}}, "Errors": []})
    days = []
    for _ in range(14):
        clock.now += DAY + 1
        days.append("DeviceInformation" in session(phone))
    assert days.count(True) == 2


def test_setup_assistant_is_released_first_and_once(phone: Phone) -> None:
    phone.token_update(AwaitingConfiguration=True)
    command = phone.idle().command
    assert command[1] == "DeviceConfigured"
    assert phone.report("Acknowledged", command[0]).command[1] == "DeclarativeManagement"
    assert phone.poll.enrollment.awaiting_configuration is False


def test_setup_assistant_is_released_although_a_command_is_deferred(phone: Phone) -> None:
    command = ask(phone, "device-information")
    assert phone.idle().command[0] == command.id
    assert phone.report("NotNow", command.id).body == b""
    phone.token_update(AwaitingConfiguration=True)
    assert phone.idle().command[0] == command.id
    released = phone.report("NotNow", command.id).command
    assert released[1] == "DeviceConfigured"
    assert phone.report("Error", released[0]).body == b""  # refused: not again in this session


def test_answers_become_facts_attributes_and_sections(house: House, phone: Phone) -> None:
    session(phone)
    device, kept = phone.device, inventory.read(house, phone.device.id)
    assert (device.name, device.os_version, device.supervised) == ("Anna's iPhone", "18.1", True)
    assert device.facts == {
        "supervised": True, "storage_total": 128 * 10**9, "battery": 0.5, "passcode_set": True,
        "passcode_compliant": True, "encrypted": True,
    }  # fmt: skip
    assert set(kept) == {"device", "security", "apps", "certificates", "profiles"}
    assert kept["apps"]["body"] == [{"Identifier": "com.example.a", "Name": "A"}]
    assert kept["certificates"]["body"][0]["name"] == "x"


def test_of_a_personal_device_only_managed_apps_are_asked_for(house: House) -> None:
    phone = Phone(house, ownership=Ownership.PERSONAL).enroll()
    answer, asked = phone.idle(), []
    while (command := answer.command)[0]:
        asked.append(answer.plist["Command"])
        answer = phone.report("Acknowledged", command[0], **ANSWERS.get(command[1], {}))
    assert [query["RequestType"] for query in asked] == ["DeclarativeManagement", *CYCLE]
    by_type = {query["RequestType"]: query for query in asked}
    assert by_type["InstalledApplicationList"]["ManagedAppsOnly"] is True
    assert not {"WiFiMAC", "TimeZone", "ServiceSubscriptions"} & set(by_type["DeviceInformation"]["Queries"])
    assert inventory.section(house, phone.device.id, "apps") == [{"Identifier": "com.example.a", "Name": "A"}]


def test_an_answer_with_all_apps_of_a_personal_device_is_dropped(house: House) -> None:
    phone = Phone(house, ownership=Ownership.PERSONAL).enroll()
    phone.report("Acknowledged", "inventory.apps.01HZZZZZZZZZZZZZZZZZZZZZZZ", **ANSWERS["InstalledApplicationList"])
    firewall = {"FirewallEnabled": True, "Applications": [{"BundleID": "com.example.private", "Name": "P"}]}
    phone.report(
        "Acknowledged", "inventory.security.01HZZZZZZZZZZZZZZZZZZZZZZZ", SecurityInfo={"FirewallSettings": firewall}
    )
    kept = inventory.read(house, phone.device.id)
    assert "apps" not in kept
    assert "com.example.private" not in repr(kept)
    assert phone.device.facts["firewall"] is True


def test_what_was_not_asked_of_a_device_is_not_kept(house: House) -> None:
    phone = Phone(house, ownership=Ownership.PERSONAL).enroll()
    said = {"DeviceName": "P", "PhoneNumber": "+49", "WiFiMAC": "aa:bb"}
    phone.report("Acknowledged", "inventory.device.01HZZZZZZZZZZZZZZZZZZZZZZZ", QueryResponses=said)
    assert inventory.section(house, phone.device.id, "device") == {"DeviceName": "P"}


@pytest.mark.parametrize(
    "answer",
    [
        {"QueryResponses": []},
        {"SecurityInfo": "x"},
        {"InstalledApplicationList": {}},
        {"CertificateList": [{"Data": "x"}]},
    ],
)
def test_malformed_answers_are_refused(phone: Phone, answer: dict[str, Any]) -> None:
    section = {"QueryResponses": "device", "SecurityInfo": "security", "InstalledApplicationList": "apps",
               "CertificateList": "certificates"}[next(iter(answer))]  # fmt: skip
    assert phone.report("Acknowledged", f"inventory.{section}.01HZZZZZZZZZZZZZZZZZZZZZZZ", **answer).status == 400
