"""Cold imports: what a function loads before its first answer, measured in the packaged zip under Lambda's Python.

The zip is the deployed one but for wheels of this machine's processor; nothing outside it can be imported.
"""

import os
import re
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chalicelib.cli import vendor
from chalicelib.cli.package import build

DEVICE, CONSOLE, WORKER = 200, 500, 700  # milliseconds: the budgets of the design
# The handler's module, and what its first event brings in.
FUNCTIONS: dict[str, tuple[int, tuple[str, ...]]] = {
    "gateway": (DEVICE, ("chalicelib.gateway.handler", "chalicelib.wiring", "chalicelib.platforms.apple.connect")),
    "signer": (DEVICE, ("chalicelib.gateway.signer", "chalicelib.wiring", "chalicelib.platforms.apple.scep")),
    "api": (CONSOLE, ("app",)),
    "outbox": (WORKER, ("chalicelib.workers.outbox",)),
    "wake": (WORKER, ("chalicelib.workers.wake", "chalicelib.platforms.apple.apns")),
    "sweep": (WORKER, ("chalicelib.workers.sweep",)),
    "reports": (WORKER, ("chalicelib.workers.reports",)),
    "evidence": (WORKER, ("chalicelib.workers.evidence",)),
    "nightly": (WORKER, ("chalicelib.workers.schedules",)),
}
_LINE = re.compile(r"import time: +(\d+) \| +(\d+) \|( *)(\S+)")
_PROGRAM = """
import sys, time
sys.path.insert(0, sys.argv[1])
start = time.process_time()
for name in sys.argv[2:]:
    __import__(name)
print(time.process_time() - start)
"""


@dataclass(frozen=True)
class ColdImport:
    """Milliseconds of CPU above the bare interpreter, the best of the runs; `slowest` are modules by their own time."""

    milliseconds: float
    modules: int
    slowest: tuple[tuple[str, float], ...]


class NoPython(Exception):
    """This machine has no interpreter of Lambda's version."""


def unpack(folder: Path) -> tuple[Path, float]:
    """The zip's content below `folder`, and the size of the zip in megabytes."""
    package = build(vendor.BENCH)
    with zipfile.ZipFile(package.archive) as archive:
        archive.extractall(folder)
    return folder, package.archive.stat().st_size / 1e6


def measure(code: Path, modules: Sequence[str], runs: int = 5) -> ColdImport:
    python = vendor.python_for(vendor.BENCH)
    if python is None:
        raise NoPython(f"There is no python{vendor.BENCH.python} here: cold imports cannot be measured.")
    seconds = [float(_run(python, [], code, modules).stdout) for _ in range(runs)]
    trace = _LINE.findall(_run(python, ["-X", "importtime"], code, modules).stderr)
    own = sorted(((name, int(micros) / 1000) for micros, _, _, name in trace), key=lambda pair: -pair[1])
    return ColdImport(min(seconds) * 1000, len(trace), tuple(own[:10]))


def _run(python: str, options: Sequence[str], code: Path, modules: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Without site-packages, so that a library missing from the zip shows; without writing .pyc, as at Lambda."""
    command = [python, "-I", "-S", "-B", *options, "-c", _PROGRAM, str(code), *modules]
    environment = {"PATH": os.environ.get("PATH", ""), "AWS_REGION": "us-east-1"}
    return subprocess.run(command, cwd=code, env=environment, capture_output=True, text=True, check=True)
