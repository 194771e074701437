"""One report for the whole benchmark, printed at its end; and what it is measured on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import pcs, windows_messages
from tests.bench.loopback import Loopback, loopback
from tests.bench.messages import Messages, recorded
from tests.bench.report import Report
from tests.bench.staging import Deployment, deployed, unlogged
from tests.devices.apns import FakeAPNs
from tests.devices.wns import FakeWNS


@pytest.fixture(scope="session")
def bench() -> Iterator[Report]:
    report = Report()
    yield report
    target = Path(__file__).parents[2] / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(report.as_json())
    print(f"\n\n{report.table()}\n\n{report.as_json()}\n")


@pytest.fixture(scope="session")
def apns() -> Iterator[FakeAPNs]:
    with FakeAPNs(strict=False) as service:
        yield service


@pytest.fixture(scope="session")
def wns() -> Iterator[FakeWNS]:
    with FakeWNS(sid="ms-app://s-1-15-2-1-2-3-4-5-6-7") as service:
        yield service


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, apns: FakeAPNs, wns: FakeWNS) -> Deployment:
    """For PCs: nobody has enrolled yet, and WNS is at hand."""
    with unlogged():
        return deployed(monkeypatch, apns, **pcs.settings(wns))


@pytest.fixture
def windows(site: Deployment) -> Messages:
    with unlogged():
        return windows_messages.recorded(site)


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch, apns: FakeAPNs) -> Deployment:
    with unlogged():
        return deployed(monkeypatch, apns).enrolled()


@pytest.fixture
def messages(deployment: Deployment) -> Messages:
    with unlogged():
        return recorded(deployment)


@pytest.fixture
def stub() -> Iterator[Loopback]:
    with loopback() as server:
        yield server
