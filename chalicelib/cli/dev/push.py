"""A stand-in for Apple's push service, so that wake-ups are heard on this machine (from tests/devices)."""

import time
import uuid

from chalicelib.cli.dev import helper
from chalicelib.cli.dev.certificates import Certificates, read_pem
from chalicelib.cli.dev.helper import Helper
from chalicelib.cli.dev.state import DevError, State, free_port, unreadable

PATIENCE = 20  # seconds until the stand-in has made its certificates


def check(state: State) -> None:
    """Devices and the push certificate trust what is in these files: making them anew would leave both deaf."""
    folder = state.folder / "push"
    for path in sorted([*folder.glob("*.pem"), *folder.glob("*.key")]):
        try:
            read_pem(path)
        except (OSError, ValueError) as error:
            raise unreadable(path, state.folder) from error


class Push:
    """Absent when the project was installed without its tests; then pushes go to Apple and are refused there."""

    def __init__(self, state: State, certificates: Certificates) -> None:
        self._state, self._certificates = state, certificates
        self._helper = Helper(state, "push", "apns")
        self.stop = self._helper.stop
        self.present = helper.present
        self._helper.recover()
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
        served = ("--cert", str(self._certificates.chain), "--key", str(self._certificates.key))
        kept = ("--state", str(self._folder), "--topic", self._topic)
        self._helper.start("--port", str(self.port), "--control-port", str(self.control_port), *served, *kept)

    def certificate(self) -> str:
        """PEM of a push certificate and its key that the stand-in accepts; "" without the stand-in."""
        if not self.present:
            return ""
        files = [self._folder / "push.pem", self._folder / "push.key"]
        end_of_patience = time.monotonic() + PATIENCE
        while not all(file.exists() and file.stat().st_size for file in files):
            if self._helper.ended() or time.monotonic() > end_of_patience:
                raise DevError(f"The stand-in for the push service did not start: see {self._helper.log}.")
            time.sleep(0.05)
        return "".join(file.read_text() for file in files)
