"""Cold imports and zip size. Times inform; that everything can be imported from the zip alone is asserted."""

from pathlib import Path

import pytest

from chalicelib.cli import vendor
from tests.bench.imports import FUNCTIONS, measure, unpack
from tests.bench.report import Report

pytestmark = pytest.mark.bench

LARGEST_ZIP = 25  # megabytes, compressed


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    if vendor.python_for(vendor.BENCH) is None:
        pytest.skip(f"there is no python{vendor.BENCH.python} here")
    return unpack(tmp_path_factory.mktemp("zip"))


def test_the_zip_is_small(unpacked: tuple[Path, float], bench: Report) -> None:
    bench.row("zip, compressed", mb=unpacked[1], budget=LARGEST_ZIP)
    assert unpacked[1] <= LARGEST_ZIP


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_loads_from_the_zip_alone(name: str, unpacked: tuple[Path, float], bench: Report) -> None:
    budget, modules = FUNCTIONS[name]
    cold = measure(unpacked[0], modules)
    bench.row(f"cold import, {name}", ms=cold.milliseconds, budget=budget)
    assert cold.modules > 0
