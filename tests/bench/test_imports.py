"""Cold starts and zip size. Times inform; what must not be loaded, and the size of the zip, are asserted."""

import json
import zipfile
from pathlib import Path

import pytest

from chalicelib.cli import vendor
from chalicelib.cli.package import build
from tests.bench.imports import FUNCTIONS, cold_import, first_answer, unpack
from tests.bench.loopback import Loopback
from tests.bench.messages import Messages
from tests.bench.report import Report

pytestmark = pytest.mark.bench

LARGEST_ZIP = 25  # megabytes, compressed
UNWANTED = {"chalice", "boto3", "botocore", "pydantic", "jinja2", "aws_lambda_powertools", "jwt"}
# What a session brings in only where it has something to do; and nothing of another platform.
BUSY = {
    "chalicelib.platforms.windows.catalogue",
    "chalicelib.platforms.windows.chores",
    "chalicelib.platforms.apple.service",
}


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if vendor.python_for(vendor.BENCH) is None:
        pytest.skip(f"cold starts need python{vendor.BENCH.python}, which is not here")
    return unpack(tmp_path_factory.mktemp("zip"))


def test_the_zip_is_small(bench: Report) -> None:
    archive = build(vendor.LAMBDA).archive
    with zipfile.ZipFile(archive) as content:
        unpacked = sum(entry.file_size for entry in content.infolist()) / 1e6
    packed = archive.stat().st_size / 1e6
    bench.row("zip, compressed", mb=packed, budget=f"{LARGEST_ZIP} mb")
    bench.row("zip, unpacked", mb=unpacked)
    assert packed <= LARGEST_ZIP


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_loads_from_the_zip_alone(name: str, unpacked: Path, bench: Report) -> None:
    budget, modules = FUNCTIONS[name]
    milliseconds, count = cold_import(unpacked, modules)
    bench.row(f"cold import, {name} ({count} modules)", ms=milliseconds, budget=f"{budget} ms")
    assert count > 0


@pytest.mark.parametrize(
    ("module", "message"),
    [("chalicelib.gateway.handler", "idle"), ("chalicelib.gateway.signer", "SCEP (PKCSReq, RSA 2048)")],
)
def test_a_device_function_from_cold_to_its_first_answer(
    module: str, message: str, unpacked: Path, messages: Messages, stub: Loopback, bench: Report, tmp_path: Path
) -> None:
    assert not UNWANTED & started_with(messages, message, module, unpacked, stub, bench, tmp_path)


@pytest.mark.parametrize(
    ("module", "message", "unwanted"),
    [
        ("chalicelib.gateway.handler", "Windows: idle session (TLS)", UNWANTED | BUSY),
        ("chalicelib.gateway.handler", "Windows: idle session (digest)", UNWANTED | BUSY),
        ("chalicelib.gateway.handler", "Windows: discovery", UNWANTED | BUSY),
        ("chalicelib.gateway.signer", "Windows: enrollment (WSTEP, RSA 2048)", UNWANTED),
    ],
)
def test_a_device_function_from_cold_to_its_first_answer_to_a_pc(
    module: str,
    message: str,
    unwanted: set[str],
    unpacked: Path,
    windows: Messages,
    stub: Loopback,
    bench: Report,
    tmp_path: Path,
) -> None:
    assert not unwanted & started_with(windows, message, module, unpacked, stub, bench, tmp_path)


def started_with(
    messages: Messages, name: str, module: str, unpacked: Path, stub: Loopback, bench: Report, folder: Path
) -> frozenset[str]:
    """The modules that are loaded once a cold function has answered this message."""
    exchange = messages.by_name[name]
    stub.answer_as(messages, exchange)
    event = folder / "event.json"
    event.write_text(json.dumps(exchange.event))
    cold = first_answer(unpacked, module, event, stub.environment)
    bench.row(f"cold start to answer: {name}", ms=cold.milliseconds)
    assert cold.status == 200
    return cold.modules
