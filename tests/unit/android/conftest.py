"""One fake Google for the folder, a site of its own for each test."""

from collections.abc import Iterator

import pytest

from tests.google.process import FakeGoogle
from tests.unit.android.site import Site


@pytest.fixture(scope="session")
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as running:
        yield running
        assert running.control.state()["broken"] == []


@pytest.fixture
def site(google: FakeGoogle) -> Iterator[Site]:
    google.control.reset_clock()
    yield Site(google)
    google.control.clear_faults()
    google.control.take()
    google.control.push("normal")
