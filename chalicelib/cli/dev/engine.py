"""MiniStack as a child process: AWS on loopback, its data in the state folder."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import urllib3

from chalicelib.cli.dev import saved
from chalicelib.cli.dev.processes import alive, number_in, terminate
from chalicelib.cli.dev.state import DevError, State, free_port

REGION = "us-east-1"
ACCOUNT = "000000000000"
STARTUP, SHUTDOWN = 30, 30  # seconds


SAVED = "The last run did not end by itself; its engine has saved everything now."
LOST = "The last run did not end by itself: what changed since it started is lost, stored files excepted."


class Engine:
    """Saves its data when it is asked to end, and only then."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._child: subprocess.Popen[bytes] | None = None
        self._running = state.folder / "engine.pid"
        memory = state.recall()
        self.port = int(memory.get("engine_port", 0))
        self.access_key = memory.get("access_key") or "MUSTER" + secrets.token_hex(7).upper()
        self.secret_key = memory.get("secret_key") or secrets.token_hex(20)
        state.remember(access_key=self.access_key, secret_key=self.secret_key)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def recover(self) -> str:
        """After an end by force: ends an engine that was left behind, and says what became of the data."""
        if not self._running.exists():
            return ""
        pid = number_in(self._running)
        ours = alive(pid) and _is_engine(pid, self._state.folder)
        if ours and not terminate(pid, SHUTDOWN):
            raise DevError(f"The engine of an earlier run does not end: end process {pid} and try again.")
        self._running.unlink(missing_ok=True)
        return SAVED if ours else LOST

    def start(self) -> None:
        self._empty_scratch()
        saved.check(self._state)
        saved.rewind_streams(self._state)
        self.port = free_port(self.port)
        self._state.remember(engine_port=self.port)
        with (self._state.folder / "engine.log").open("ab") as log:
            # A group of its own: Ctrl-C reaches muster dev only, which stops the engine when it is done itself.
            self._child = subprocess.Popen(
                [sys.executable, "-m", "ministack"],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.write_text(str(self._child.pid))
        self._await_ready(self._child)

    def stop(self) -> None:
        if self._child is None:
            return
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(SHUTDOWN)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
            return
        self._running.unlink(missing_ok=True)
        self._empty_scratch()

    def dead(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def client(self, service: str, **credentials: str) -> Any:
        import boto3  # a third of a second that `muster --help` need not wait for

        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=credentials.get("access_key", self.access_key),
            aws_secret_access_key=credentials.get("secret_key", self.secret_key),
        )

    def _environment(self) -> dict[str, str]:
        data = self._state.engine_data
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SSL_CERT_FILE") if name in os.environ}
        return kept | {
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "IOT_MTLS_ENABLED": "0",  # listens on all interfaces
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",  # never touch the containers of this machine
            "LAMBDA_EXECUTOR": "local",
            "LAMBDA_WARM_TTL_SECONDS": "3600",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(data / "state"),
            "S3_DATA_DIR": str(data / "s3"),
            "TMPDIR": str(self._state.scratch),
        }

    def _empty_scratch(self) -> None:
        """Each function process leaves its unpacked zip behind."""
        for leftover in self._state.scratch.iterdir():
            shutil.rmtree(leftover, ignore_errors=True)

    def _await_ready(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + STARTUP
        while time.monotonic() < deadline:
            if child.poll() is not None:
                break
            try:
                urllib3.request("GET", self.url + "/_ministack/health", timeout=2, retries=False)
                return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
        self.stop()
        raise DevError(f"The embedded AWS engine did not start: see {self._state.folder / 'engine.log'}.")


def _is_engine(pid: int, folder: Path) -> bool:
    """Process numbers are used again: only a child with our folder in its environment is ours to end."""
    try:
        return str(folder).encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
