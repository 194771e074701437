"""One Muster for the whole run: `muster dev --detach` in a folder of its own, on a free port."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.world import World

Shell = Callable[..., subprocess.CompletedProcess[str]]
MUSTER = [str(Path(sys.executable).with_name("muster"))]


@dataclass(frozen=True)
class Stack:
    """What dev.json says of a running Muster."""

    state: Path
    console_url: str
    api_url: str
    device_url: str
    ca_file: str
    admin_username: str
    admin_password: str
    admin_token: str
    engine_url: str
    environment: Mapping[str, str]
    outputs: Mapping[str, str]

    @classmethod
    def read(cls, state: Path) -> "Stack":
        summary = json.loads((state / "dev.json").read_text())
        return cls(state=state, **{name: summary[name] for name in cls.__dataclass_fields__ if name != "state"})

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded engine with all rights."""
        return boto3.client(
            service,
            endpoint_url=self.engine_url,
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    @property
    def log(self) -> str:
        """Warnings and tracebacks of the engine and of every function."""
        return (self.state / "engine.log").read_text(errors="replace")


def muster(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*MUSTER, *arguments], capture_output=True, text=True, timeout=300, check=False, **options)


def start(state: Path, *arguments: str) -> Stack:
    done = muster("dev", "--detach", "--state", str(state), *arguments)
    assert done.returncode == 0, done.stderr
    return Stack.read(state)


def stop(state: Path) -> None:
    done = muster("dev", "--stop", "--state", str(state))
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    state = tmp_path_factory.mktemp("muster") / "state"
    yield start(state, "--port", "0")
    stop(state)


@pytest.fixture(scope="session")
def world(stack: Stack) -> World:
    """The stack with everything that a test does with it."""
    return World(stack)


@pytest.fixture
def shell(stack: Stack, tmp_path: Path) -> Shell:
    """`muster` in a folder whose .muster is that of the stack, and with no configuration of its own."""
    (tmp_path / ".muster").symlink_to(stack.state)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    return lambda *arguments: muster(*arguments, cwd=tmp_path, env=environment)


def printed(done: subprocess.CompletedProcess[str]) -> Any:
    """What a command with --json printed."""
    assert done.returncode == 0, (done.stdout, done.stderr)
    return json.loads(done.stdout)
