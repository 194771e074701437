"""What every platform promises the core (core.ports.PlatformPort), asked of each one in the registry."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import ActionSpec, PlatformPort
from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.platforms.registry import PLATFORMS
from chalicelib.storage.memory.house import memory_house

NAMES = sorted(PLATFORMS)
ACTIONS = [(name, action) for name in NAMES for action in PLATFORMS[name].actions()]


def devices(platform: PlatformPort) -> Iterator[Device]:
    """One of each system, supervised or not, of either ownership, old and new."""
    for system in sorted(platform.systems):
        for ownership in Ownership:
            for supervised in (False, True):
                for version in ("", "1.0", "99.0"):
                    yield Device(
                        id="01D",
                        platform=Platform(system),
                        identifiers={"serial": "S"},
                        ownership=ownership,
                        status=DeviceStatus.ENROLLED,
                        enrollment_id="01E",
                        created_at=1,
                        supervised=supervised,
                        os_version=version,
                    )


def spec(name: str, action: str) -> ActionSpec:
    found = PLATFORMS[name].action(action)
    assert found is not None
    return found


@pytest.fixture
def house() -> House:
    return memory_house(platforms=PLATFORMS)


def test_every_system_has_one_platform() -> None:
    claimed = [system for platform in PLATFORMS.values() for system in platform.systems]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= {system.value for system in Platform}


@pytest.mark.parametrize("name", NAMES)
def test_a_platform_is_called_what_the_registry_calls_it(name: str) -> None:
    platform = PLATFORMS[name]
    assert (platform.name, bool(platform.systems)) == (name, True)
    assert platform.action("no-such-action") is None


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_an_action_is_data_that_the_core_understands(name: str, action: str) -> None:
    found = spec(name, action)
    assert found.name == action
    assert re.fullmatch(r"[a-z][a-z-]*", action)
    assert 0 <= found.priority <= 9
    assert not found.destructive or (found.parks and found.once)


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_a_refusal_is_a_sentence_and_somebody_can_do_it(name: str, action: str) -> None:
    refusals = [spec(name, action).refusal(device) for device in devices(PLATFORMS[name])]
    assert all(not text or (text[0].isupper() and text.rstrip()[-1] in ".;)") for text in refusals), refusals
    possible = {spec(name, action).refusal(replace(d, capabilities=("shared-ipad",))) for d in devices(PLATFORMS[name])}
    assert "" in {*refusals, *possible} or (
        len({*refusals, *possible}) == 1 and getattr(spec(name, action), "never", "")
    )


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_a_personal_device_is_never_wiped(name: str, action: str) -> None:
    if spec(name, action).destructive:
        personal = [d for d in devices(PLATFORMS[name]) if d.ownership is Ownership.PERSONAL]
        assert all(spec(name, action).refusal(device) for device in personal)


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_an_unknown_parameter_is_refused(house: House, name: str, action: str) -> None:
    device = next(d for d in devices(PLATFORMS[name]) if not spec(name, action).refusal(d) or d.supervised)
    with pytest.raises(Unprocessable):
        spec(name, action).prepare(house, device, {"no_such_parameter": 1}, "501ABC")


@pytest.mark.parametrize("name", NAMES)
def test_leaving_is_a_command(house: House, name: str) -> None:
    for device in devices(PLATFORMS[name]):
        removal = PLATFORMS[name].removal(house, device, "101ABC")
        assert removal is None or (removal[0] and b"101ABC" in removal[1])
