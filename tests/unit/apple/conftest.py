"""A house in memory with a clock that the tests turn, and a device in it."""

from dataclasses import dataclass

import pytest

from chalicelib.core.house import House
from chalicelib.platforms.registry import PLATFORMS
from chalicelib.storage.memory.house import memory_house
from tests.unit.apple.phone import Phone


@dataclass
class Clock:
    now: int = 1_790_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(clock: Clock) -> House:
    return memory_house(clock, PLATFORMS)


@pytest.fixture
def phone(house: House) -> Phone:
    return Phone(house).enroll()
