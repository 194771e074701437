"""A program of tests/devices that runs beside Muster and is found again when an end by force left it behind."""

import os
import signal
import subprocess
import sys

from chalicelib.cli.dev.processes import end, is_ours, number_in, terminate
from chalicelib.cli.dev.state import State
from chalicelib.cli.package import PROJECT

PATIENCE = 10  # seconds to end when asked

present = (PROJECT / "tests/devices/__main__.py").exists()


class Helper:
    """`python -m tests.devices VERB`; its arguments name the state folder, by which it is known to be ours."""

    def __init__(self, state: State, name: str, verb: str) -> None:
        self.log = state.folder / f"{name}.log"
        self._verb, self._folder = verb, str(state.folder)
        self._pid_file = state.folder / f"{name}.pid"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "tests.devices", self._verb, *arguments]
        with self.log.open("ab") as log:
            # A group of its own: Ctrl-C reaches muster dev only, which ends its helpers in order.
            self._child = subprocess.Popen(
                command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._pid_file.write_text(str(self._child.pid))

    def recover(self) -> None:
        """Ends what an earlier run left behind."""
        pid = number_in(self._pid_file)
        if is_ours(pid, f"tests.devices {self._verb} ", f"{self._folder}/") and not terminate(pid, PATIENCE):
            os.kill(pid, signal.SIGKILL)
        self._pid_file.unlink(missing_ok=True)

    def ended(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def stop(self) -> None:
        end(self._child)
        self._pid_file.unlink(missing_ok=True)
