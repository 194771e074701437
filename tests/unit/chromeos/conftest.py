"""One fake Google for the folder; a house of its own for each test."""

from collections.abc import Iterator

import pytest

from tests.google.process import FakeGoogle
from tests.unit.chromeos.office import Chromebook, Clock, Office

_clock = Clock()  # of the fake: it goes on from test to test


@pytest.fixture(scope="session")
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as running:
        yield running
        assert running.control.state()["broken"] == []


@pytest.fixture
def office(google: FakeGoogle) -> Iterator[Office]:
    google.control.requests(clear=True)
    yield Office(google, _clock)
    google.control.clear_faults()


@pytest.fixture
def book(office: Office) -> Chromebook:
    return office.chromebook()
