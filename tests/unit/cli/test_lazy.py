"""The commands that are imported late look like all others: in help, completion, usage and exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.cli import lazy

PROJECT = Path(__file__).parents[3]
ENTRY = [sys.executable, "-c", "from chalicelib.cli.main import main; main()"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "COLUMNS": "100", **environment}
    return subprocess.run([*ENTRY, *arguments], capture_output=True, text=True, check=False, cwd=PROJECT, env=variables)


def completed(words: str) -> set[str]:
    count = str(len(words.split()) - 1)
    return set(run(_MUSTER_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=count).stdout.split())


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("muster dev --de", {"--detach", "--demo"}),
        ("muster deploy --dry", {"--dry-run"}),
        ("muster package --ou", {"--output"}),
        ("muster d", {"dev", "deploy", "device", "devices"}),
    ],
)
def test_words_are_completed(words: str, found: set[str]) -> None:
    assert completed(words) >= found


@pytest.mark.parametrize("name", sorted(lazy.HEAVY))
def test_help_is_that_of_the_command(name: str) -> None:
    done = run(name, "-h")
    assert done.returncode == 0
    assert f"Usage: muster {name} [OPTIONS]" in done.stdout
    assert "--json" in done.stdout


@pytest.mark.parametrize("name", sorted(lazy.HEAVY))
def test_unknown_options_are_wrong_usage(name: str) -> None:
    done = run(name, "--colour")
    assert done.returncode == 2
    assert f"Usage: muster {name} [OPTIONS]" in done.stderr
