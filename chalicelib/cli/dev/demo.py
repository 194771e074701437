"""Simulated devices that enroll and live (tests/devices): something to look at on the first day."""

import time

from chalicelib.cli.dev import helper
from chalicelib.cli.dev.helper import Helper
from chalicelib.cli.dev.processes import number_in
from chalicelib.cli.dev.state import DevError, State

PATIENCE = 60  # seconds until they are enrolled; each takes less than one


class Demo:
    """They tell by a file that they are enrolled."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._helper = Helper(state, "demo", "demo")
        self._told = state.folder / "demo.enrolled"
        self.recover, self.stop = self._helper.recover, self._helper.stop

    def start(self, count: int) -> None:
        if not helper.present:
            raise DevError("The simulated devices live in tests/devices, which is not here: start without --demo.")
        self._told.unlink(missing_ok=True)
        files = ("--config", str(self._state.summary_file), "--state", str(self._state.folder / "devices"))
        self._helper.start("--count", str(count), *files, "--tell", str(self._told))

    def enrolled(self, count: int) -> str:
        """Waits for them and says in one sentence how many there are."""
        deadline = time.monotonic() + PATIENCE + count
        while not self._told.exists():
            if self._helper.ended():
                return f"The simulated devices gave up: see {self._helper.log}."
            if time.monotonic() > deadline:
                return f"The simulated devices are still enrolling: see {self._helper.log}."
            time.sleep(0.1)
        found = number_in(self._told)
        missing = f" instead of {count}: see {self._helper.log}" if found < count else ""
        return f"{found} simulated {'device' if found == 1 else 'devices'} enrolled{missing}."
