"""Every storage the contract is held against: in memory, MiniStack, and dynalite for what it can do."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.storage.aws.client import Session
from chalicelib.storage.aws.tables import DynamoTables
from chalicelib.storage.capacity import Meter
from chalicelib.storage.memory.tables import MemoryTables
from chalicelib.storage.records import RecordStore
from chalicelib.storage.tables import Tables
from tests.contract.storage import engines
from tests.contract.storage.faults import Lossy


@dataclass(frozen=True)
class Bench:
    """A store on empty tables; `faults` only where there is a network that can fail."""

    name: str
    store: RecordStore
    tables: Tables
    meter: Meter
    faults: Lossy | None = None


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with engines.ministack(tmp_path_factory.mktemp("ministack")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def dynalite() -> Iterator[str]:
    folder, reason = engines.dynalite_folder(Path(tempfile.gettempdir()) / f"muster-dynalite-{engines.DYNALITE}")
    if folder is None:
        pytest.skip(reason)
    with engines.dynalite(folder) as endpoint:
        yield endpoint


def make_bench(name: str, request: pytest.FixtureRequest) -> Bench:
    meter = Meter()
    if name == "memory":
        tables: Tables = MemoryTables(meter)
        return Bench(name, RecordStore(tables), tables, meter)
    endpoint, faults = request.getfixturevalue(name), Lossy()
    session = Session(engines.REGION, engines.ROOT, endpoint=endpoint, meter=meter, transport=faults)
    tables = DynamoTables(session, engines.make_tables(endpoint))
    return Bench(name, RecordStore(tables), tables, meter, faults)


@pytest.fixture(params=["memory", "ministack", "dynalite"])
def plain(request: pytest.FixtureRequest) -> Bench:
    """For tests without transactions."""
    return make_bench(request.param, request)


@pytest.fixture(params=["memory", "ministack"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return make_bench(request.param, request)


@pytest.fixture
def networked(request: pytest.FixtureRequest) -> tuple[Bench, Lossy]:
    """MiniStack behind a connection that can lose answers."""
    made = make_bench("ministack", request)
    assert made.faults
    return made, made.faults
