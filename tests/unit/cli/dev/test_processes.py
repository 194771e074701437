"""What an end by force left behind is ended, and nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.cli.dev.helper import Helper
from chalicelib.cli.dev.processes import alive, is_ours, number_in
from chalicelib.cli.dev.state import State

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def state(tmp_path: Path) -> State:
    found = State(tmp_path / "state")
    found.prepare()
    return found


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Somebody's program, which lies in a folder that is called as ours is."""
    program = tmp_path / "muster" / "python"
    program.parent.mkdir()
    program.symlink_to(Path(sys.executable).resolve())
    with subprocess.Popen([program, "-c", SLEEP]) as child:
        yield child
        child.kill()


def test_a_helper_is_found_again_by_the_next_run(state: State) -> None:
    left = Helper(state, "push", "apns")
    left.start("--state", str(state.folder / "push"))
    pid = number_in(state.folder / "push.pid")
    assert is_ours(pid, str(state.folder))
    Helper(state, "push", "apns").recover()
    assert not alive(pid)
    assert not (state.folder / "push.pid").exists()
    assert left.ended()


def test_a_helper_of_another_folder_lives_on(state: State, tmp_path: Path) -> None:
    other = State(tmp_path / "state-2")
    other.prepare()
    theirs = Helper(other, "push", "apns")
    theirs.start("--state", str(other.folder / "push"))
    (state.folder / "push.pid").write_text((other.folder / "push.pid").read_text())
    Helper(state, "push", "apns").recover()
    assert not theirs.ended()
    theirs.stop()
    assert theirs.ended()


def test_a_number_that_is_somebody_elses_is_left_alone(state: State, stranger: subprocess.Popen[bytes]) -> None:
    (state.folder / "push.pid").write_text(str(stranger.pid))
    Helper(state, "push", "apns").recover()
    assert stranger.poll() is None
    summary = {"pid": stranger.pid, "console_url": "", "admin_username": "", "ca_file": ""}
    state.summary_file.write_text(json.dumps(summary))
    assert state.read() == {}


@pytest.mark.parametrize("text", ["", "junk", "-1", "0", "9" * 30, "1.5", "\x00"])
def test_numbers_that_are_none(state: State, text: str) -> None:
    (state.folder / "push.pid").write_text(text)
    Helper(state, "push", "apns").recover()
    assert not alive(number_in(state.folder / "push.pid"))


def test_this_process_is_alive() -> None:
    assert alive(os.getpid())
    assert not is_ours(os.getpid(), "no such word")
