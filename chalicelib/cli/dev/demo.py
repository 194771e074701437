"""Simulated devices that enroll and live (tests/devices): something to look at on the first day."""

import subprocess
import sys

from chalicelib.cli.dev.state import DevError, State
from chalicelib.cli.package import PROJECT


def start(state: State, count: int) -> subprocess.Popen[bytes]:
    if not (PROJECT / "tests/devices/__main__.py").exists():
        raise DevError("The simulated devices live in tests/devices, which is not here: start without --demo.")
    command = [sys.executable, "-m", "tests.devices", "demo", "--count", str(count)]
    with (state.folder / "demo.log").open("ab") as log:
        return subprocess.Popen(
            [*command, "--config", str(state.summary_file), "--state", str(state.folder / "devices")],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
