"""The fake as a process of its own, for the length of a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.google.control import Control

ROOT = Path(__file__).resolve().parents[2]


class FakeGoogle:
    """with FakeGoogle() as google: google.url, google.ca_pem, google.control. It dies with us, whatever happens."""

    def __init__(self, state: Path | None = None, *, live: float = 0.0, port: int = 0, control_port: int = 0) -> None:
        self._options = ["--port", str(port), "--control-port", str(control_port), "--live", str(live)]
        self._options += ["--state", str(state)] if state else []

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.google", "serve", "--attached", *self._options]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("the fake Google did not start")
        said = json.loads(line)
        self.url: str = said["url"]
        self.ca_pem: str = said["ca"]
        self.control = Control(said["control"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(timeout=15)
        if self._process.stdout:
            self._process.stdout.close()
