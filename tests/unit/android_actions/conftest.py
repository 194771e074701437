"""One fake Google for the folder; a company or a house of its own for each test."""

from collections.abc import Iterator

import pytest

from chalicelib.core.house import House
from chalicelib.storage.memory.house import memory_house
from tests.google.process import FakeGoogle
from tests.unit.android_actions.samples import Company


@pytest.fixture(scope="session")
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as running:
        yield running
        assert running.control.state()["broken"] == []


@pytest.fixture
def company(google: FakeGoogle) -> Company:
    return Company(google)


@pytest.fixture
def house() -> House:
    return memory_house()
