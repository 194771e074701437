"""A stand-in for Apple's push service, so that wake-ups are heard on this machine (from tests/devices)."""

import subprocess
import sys
import time
import uuid

from chalicelib.cli.dev.certificates import Certificates
from chalicelib.cli.dev.state import DevError, State, free_port
from chalicelib.cli.package import PROJECT

PATIENCE = 20  # seconds until the stand-in has made its certificates


class Push:
    """Absent when the project was installed without its tests; then pushes go to Apple and are refused there."""

    def __init__(self, state: State, certificates: Certificates) -> None:
        self._state, self._certificates = state, certificates
        self._child: subprocess.Popen[bytes] | None = None
        self.present = (PROJECT / "tests/devices/apns.py").exists()
        memory = state.recall()
        self.port = free_port(int(memory.get("push_port", 0))) if self.present else 0
        self.control_port = free_port(int(memory.get("push_control_port", 0))) if self.present else 0
        self._topic = str(memory.get("push_topic") or f"com.apple.mgmt.External.{uuid.uuid4()}")
        self._folder = state.folder / "push"

    @property
    def parameters(self) -> dict[str, str]:
        """What the stack has to know."""
        if not self.present:
            return {}
        return {"ApnsUrl": f"https://127.0.0.1:{self.port}", "ApnsCa": self._certificates.ca.read_text()}

    @property
    def control_url(self) -> str:
        """Where simulated devices hear of the pushes to them; "" without the stand-in."""
        return f"http://127.0.0.1:{self.control_port}" if self.present else ""

    def start(self) -> None:
        if not self.present:
            return
        self._state.remember(push_port=self.port, push_control_port=self.control_port, push_topic=self._topic)
        command = [sys.executable, "-m", "tests.devices", "apns", "--port", str(self.port)]
        command += ["--cert", str(self._certificates.chain), "--key", str(self._certificates.key)]
        command += ["--control-port", str(self.control_port), "--state", str(self._folder), "--topic", self._topic]
        with (self._state.folder / "push.log").open("ab") as log:
            self._child = subprocess.Popen(
                command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def certificate(self) -> str:
        """PEM of a push certificate and its key that the stand-in accepts; "" without the stand-in."""
        if not self.present:
            return ""
        files = [self._folder / "push.pem", self._folder / "push.key"]
        end_of_patience = time.monotonic() + PATIENCE
        while not all(file.exists() and file.stat().st_size for file in files):
            if time.monotonic() > end_of_patience:
                raise DevError(f"The stand-in for the push service did not start; see {self._state.folder}/push.log.")
            time.sleep(0.05)
        return "".join(file.read_text() for file in files)

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
