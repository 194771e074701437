"""A fresh stand-in and a connected house for each test."""

from collections.abc import Iterator

import pytest

from chalicelib.core.house import House
from tests.unit.google import stand_in
from tests.unit.google.stand_in import Clock, StandIn


@pytest.fixture
def google() -> Iterator[StandIn]:
    with stand_in.serving() as served:
        yield served


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(google: StandIn, clock: Clock) -> House:
    return stand_in.connect(google.house(clock))
