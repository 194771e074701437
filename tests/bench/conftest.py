"""One report for the whole benchmark, printed at its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.report import Report


@pytest.fixture(scope="session")
def bench() -> Iterator[Report]:
    report = Report()
    yield report
    target = Path(__file__).parents[2] / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(report.as_json())
    print(f"\n\n{report.table()}\n\n{report.as_json()}\n")
