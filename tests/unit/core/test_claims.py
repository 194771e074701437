"""A device that claims to be one that is known: what it gets of it, and what it reads when it gets nothing."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core import arrival, audit, channels, enrollment, inventory
from chalicelib.core.arrival import Hello
from chalicelib.core.errors import NotManaged
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Replace
from chalicelib.model.device import Device, Identifier, Ownership, Platform
from chalicelib.model.enrollment import Declaration, Enrollment
from chalicelib.storage.memory.house import memory_house
from tests.unit.core.conftest import Clock, PlainPlatform, enroll, hello, issued

FACTS = {"encrypted": True, "firewall": True}


@pytest.fixture
def house(clock: Clock, platform: PlainPlatform) -> House:
    return memory_house(
        clock=clock, platforms={"apple": platform, "windows": PlainPlatform("windows", frozenset({"windows"}))}
    )


def known(house: House) -> Device:
    """One that told all of itself, was given to the board, and left."""
    device = enroll(house, user="ceo@example.com", groups=("board",))
    told = replace(
        device, facts=FACTS, facts_at=house.clock(), supervised=True, capabilities=("apple-silicon",), name="Anna's",
        os_build="22B83", model_name="iPhone 16", inventory_hash="ff", identifiers={**device.identifiers, "imei": "35"},
    )  # fmt: skip
    house.store.commit(Replace(told))
    inventory.record(house, device.id, "apps", {"items": ["payroll"]})
    house.store.commit(Create(Declaration(device.id, "org.update", "configuration", "update", {}, "t")))
    channels.leave(house, house.store.get(Enrollment, device.enrollment_id), "checked out")
    return house.store.get(Device, device.id)


def claim(house: House, claimed: Hello, **invitation: Any) -> Device:
    enrollment_id = issued(house, "2", **invitation)
    arrival.authenticate(house, enrollment.recognise(house, enrollment_id, "fp-2"), claimed)
    return house.store.get(Device, house.store.get(Enrollment, enrollment_id).device_id)


def test_a_claim_inherits_nothing_that_others_trust(house: House, clock: Clock) -> None:
    before = known(house)
    clock.forward(60)
    after = claim(house, hello("UDID-9", "SERIAL-1"), user="eve@example.com", groups=("guests",))
    assert (after.id, after.created_at) == (before.id, before.created_at)
    assert after.former_enrollments == (before.enrollment_id,)
    assert (after.owner, after.groups) == ("eve@example.com", ("guests",))
    assert (dict(after.facts), after.facts_at, after.supervised, after.capabilities) == ({}, 0, False, ())
    assert (after.name, after.model_name, after.os_build, after.inventory_hash) == ("", "", "", "")
    assert after.identifiers == {"udid": "UDID-9", "serial": "SERIAL-1"}
    assert house.store.find(Identifier, "udid", "UDID-1") is None
    assert inventory.read(house, after.id) == {}
    assert house.store.collect(Declaration, after.id).items == ()


def test_an_invitation_without_a_person_does_not_make_the_former_owner_its_owner(house: House) -> None:
    known(house)
    after = claim(house, hello("UDID-9", "SERIAL-1"))
    assert (after.owner, after.groups) == ("", ())


@pytest.mark.parametrize("by", ["serials", "replaces"])
def test_an_invitation_that_names_the_device_keeps_whose_it_is(house: House, by: str) -> None:
    before = known(house)
    named: dict[str, Any] = {"serials": ("serial-1", "SERIAL-2")} if by == "serials" else {"replaces": before.id}
    after = claim(house, hello(), groups=("fleet",), **named)
    assert (after.owner, after.groups) == ("ceo@example.com", ("board", "fleet"))
    assert (dict(after.facts), after.supervised) == ({}, False)
    assert inventory.read(house, after.id) == {}
    assert house.store.collect(Declaration, after.id).items == ()


def test_another_serial_of_the_list_does_not_name_the_device(house: House) -> None:
    before = known(house)
    after = claim(house, hello("UDID-1", "SERIAL-2"), serials=("SERIAL-1", "SERIAL-2"))
    assert (after.id, after.owner, after.groups) == (before.id, "", ())


def test_the_device_itself_loses_nothing_when_it_authenticates_again(house: House) -> None:
    device = enroll(house, user="ceo@example.com")
    house.store.commit(Replace(replace(device, facts=FACTS, supervised=True)))
    inventory.record(house, device.id, "apps", {"items": []})
    arrival.authenticate(house, enrollment.recognise(house, device.enrollment_id, "fp-1"), hello())
    after = house.store.get(Device, device.id)
    assert (dict(after.facts), after.supervised, after.owner) == (FACTS, True, "ceo@example.com")
    assert list(inventory.read(house, device.id)) == ["apps"]


def refusal(house: House, claimed: Hello, **invitation: Any) -> tuple[str, NotManaged]:
    """What the trail says, and the error."""
    with pytest.raises(NotManaged) as refused:
        claim(house, claimed, **invitation)
    [line] = [line for line in audit.export(house) if "enrollment.refused" in line]
    return line, refused.value


@pytest.mark.parametrize("replaced", [False, True], ids=["free", "replaced"])
def test_a_pc_does_not_become_a_mac(house: House, replaced: bool) -> None:
    before = known(house)
    pc = Hello(Platform.WINDOWS, "B5", {"device_id": "B5", "serial": "serial-1"})
    line, error = refusal(house, pc, replaces=before.id if replaced else "")
    assert f"Device {before.id} has these identifiers and is of another platform (ios)." in line
    assert before.id not in error.public
    assert error.public == arrival.ELSEWHERE
    assert house.store.get(Device, before.id) == before


def test_systems_of_one_platform_are_one_family(house: House) -> None:
    """A product that was not known yet was taken for an iPhone."""
    before = known(house)
    after = claim(house, replace(hello(), platform=Platform.IPADOS), ownership=Ownership.CORPORATE)
    assert (after.id, after.platform) == (before.id, Platform.IPADOS)


def test_who_is_refused_does_not_learn_the_name_of_the_device(house: House) -> None:
    device = enroll(house)
    line, error = refusal(house, hello("UDID-9", "SERIAL-1"))
    assert device.id in line
    assert device.id in str(error)
    assert device.id not in error.public
    assert "replaces that enrollment" in error.public
