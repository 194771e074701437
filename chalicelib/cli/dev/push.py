"""A stand-in for Apple's push service, so that wake-ups are heard on this machine (from tests/devices)."""

import subprocess
import sys

from chalicelib.cli.dev.certificates import Certificates
from chalicelib.cli.dev.state import State, free_port
from chalicelib.cli.package import PROJECT


class Push:
    """Absent when the project was installed without its tests; then pushes go to Apple and are refused there."""

    def __init__(self, state: State, certificates: Certificates) -> None:
        self._state, self._certificates = state, certificates
        self._child: subprocess.Popen[bytes] | None = None
        self.present = (PROJECT / "tests/devices/apns.py").exists()
        self.port = free_port(int(state.recall().get("push_port", 0))) if self.present else 0

    @property
    def parameters(self) -> dict[str, str]:
        """What the stack has to know."""
        if not self.present:
            return {}
        return {"ApnsUrl": f"https://127.0.0.1:{self.port}", "ApnsCa": self._certificates.ca.read_text()}

    def start(self) -> None:
        if not self.present:
            return
        self._state.remember(push_port=self.port)
        command = [sys.executable, "-m", "tests.devices", "apns", "--port", str(self.port)]
        command += ["--cert", str(self._certificates.chain), "--key", str(self._certificates.key)]
        with (self._state.folder / "push.log").open("ab") as log:
            self._child = subprocess.Popen(
                command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        end(self._child)


def end(child: subprocess.Popen[bytes] | None) -> None:
    """Asks a child to end, and after ten seconds makes it."""
    if child is None or child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
