"""Processes of this machine: which run, which are ours, and how they end."""

import os
import signal
import subprocess
import time
from pathlib import Path

LARGEST_PID = 2**31 - 1


def alive(pid: int) -> bool:
    if not 0 < pid <= LARGEST_PID:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _zombie(pid)


def number_in(file: Path) -> int:
    """0 when the file is absent or holds something else."""
    try:
        return int(file.read_text())
    except (FileNotFoundError, ValueError):
        return 0


def is_ours(pid: int, *words: str) -> bool:
    """Numbers are used again: a process is ours only when each of these words is in its command line."""
    if not alive(pid):
        return False
    line = _command_line(pid)
    return bool(line) and all(word in line for word in words)


def terminate(pid: int, patience: float) -> bool:
    """Asks a process that need not be a child to end; tells whether it did in time (seconds)."""
    deadline = time.monotonic() + patience
    try:
        os.kill(pid, signal.SIGTERM)
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
    except ProcessLookupError:
        return True
    return not alive(pid)


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


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def _command_line(pid: int) -> str:
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
