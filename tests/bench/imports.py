"""Cold starts: what a function loads before its first answer, measured in the packaged zip under Lambda's Python.

The zip is the deployed one but for wheels of this machine's processor; nothing outside it can be imported. CPU time is
taken, since other processes share the machine.
"""

import json
import os
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from chalicelib.cli import vendor
from chalicelib.cli.package import build

DEVICE, CONSOLE, WORKER = 200, 500, 700  # milliseconds: the budgets of the design
# The handler's module, and what its first event brings in.
FUNCTIONS: dict[str, tuple[int, tuple[str, ...]]] = {
    "gateway": (DEVICE, ("chalicelib.gateway.handler", "chalicelib.wiring", "chalicelib.platforms.apple.service")),
    "signer": (DEVICE, ("chalicelib.gateway.signer", "chalicelib.wiring", "chalicelib.platforms.apple.scep")),
    "gateway, Windows": (
        DEVICE,
        ("chalicelib.gateway.handler", "chalicelib.wiring", "chalicelib.platforms.windows.service"),
    ),
    "signer, Windows": (
        DEVICE,
        ("chalicelib.gateway.signer", "chalicelib.wiring", "chalicelib.platforms.windows.enrollment_endpoints"),
    ),
    "api": (CONSOLE, ("app",)),
    "outbox": (WORKER, ("chalicelib.workers.outbox",)),
    "wake": (WORKER, ("chalicelib.workers.wake", "chalicelib.platforms.apple.apns")),
    "sweep": (WORKER, ("chalicelib.workers.sweep",)),
    "reports": (WORKER, ("chalicelib.workers.reports",)),
    "evidence": (WORKER, ("chalicelib.workers.evidence",)),
    "nightly": (WORKER, ("chalicelib.workers.schedules",)),
    "rewake": (WORKER, ("chalicelib.workers.schedules",)),
}
RUNS = 5
_IMPORT = """
import sys, time
sys.path.insert(0, sys.argv[1])
before, start = set(sys.modules), time.process_time()
for name in sys.argv[2:]:
    __import__(name)
print('{"seconds": %f, "modules": %d}' % (time.process_time() - start, len(set(sys.modules) - before)))
"""
# TLS with AWS is set up, too: the stub that answers does without.
_FIRST_EVENT = """
import sys, time
sys.path.insert(0, sys.argv[1])
start = time.process_time()
handle = __import__(sys.argv[2], fromlist=["handle"]).handle
import json
with open(sys.argv[3]) as file:
    answer = handle(json.load(file), None)
import ssl
ssl.create_default_context()
seconds = time.process_time() - start
print(json.dumps({"seconds": seconds, "status": answer["statusCode"], "modules": sorted(sys.modules)}))
"""


@dataclass(frozen=True)
class FirstAnswer:
    milliseconds: float
    status: int
    modules: frozenset[str]


def unpack(folder: Path) -> Path:
    with zipfile.ZipFile(build(vendor.BENCH).archive) as archive:
        archive.extractall(folder)
    return folder


def cold_import(code: Path, modules: Sequence[str]) -> tuple[float, int]:
    """Milliseconds above the bare interpreter, and the number of modules."""
    runs = [_run(_IMPORT, {}, str(code), *modules) for _ in range(RUNS)]
    return 1000 * median(run["seconds"] for run in runs), runs[0]["modules"]


def first_answer(code: Path, module: str, event: Path, environment: Mapping[str, str]) -> FirstAnswer:
    """From the start of the import to the answer to the function's first event."""
    runs = [_run(_FIRST_EVENT, environment, str(code), module, str(event)) for _ in range(RUNS)]
    milliseconds = 1000 * median(run["seconds"] for run in runs)
    return FirstAnswer(milliseconds, runs[0]["status"], frozenset(runs[0]["modules"]))


def _run(program: str, environment: Mapping[str, str], code: str, *arguments: str) -> Any:
    """Without site-packages, so that a library missing from the zip shows; without writing .pyc, as at Lambda."""
    python = vendor.python_for(vendor.BENCH)
    assert python is not None
    command = [python, "-I", "-S", "-B", "-c", program, code, *arguments]
    variables = {"PATH": os.environ.get("PATH", ""), "AWS_REGION": "us-east-1", **environment}
    done = subprocess.run(command, cwd=code, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
