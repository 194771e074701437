"""Whatever the README and the contributing guide list is true."""

import re

import pytest

from chalicelib.cli.main import main
from chalicelib.core.report_kinds import REPORTS
from tests import readme

README = readme.README.read_text()
GUIDE = (readme.ROOT / "CONTRIBUTING.md").read_text()


def test_the_generated_tables_are_up_to_date() -> None:
    assert readme.written(README) == README, "run: .venv/bin/python -m tests.readme"


def test_every_standard_has_a_module_and_every_named_rfc_is_listed() -> None:
    rows = readme.standards_table().splitlines()[2:]
    assert [row for row in rows if "|  |" in row] == []
    named = {rfc for _, text in readme.docstrings() for rfc in re.findall(r"RFC \d{4}", text)}
    assert named - set(readme.STANDARDS) == set()


@pytest.mark.parametrize("text", [README, GUIDE], ids=["README", "CONTRIBUTING"])
def test_every_file_that_is_named_exists(text: str) -> None:
    named = set(re.findall(r"`((?:chalicelib|infra|tests|policies)/[\w./-]*|app\.py|pyproject\.toml)`", text))
    assert named
    assert [name for name in named if not (readme.ROOT / name).exists()] == []


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (readme.ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make ([a-z]+)", README + GUIDE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def commands() -> list[str]:
    """`muster …` lines of the console blocks, without values."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ muster ")]
    return sorted(set(lines))


@pytest.mark.parametrize("line", commands())
def test_every_command_that_is_shown_exists(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for width in ("COLUMNS", "TERMINAL_WIDTH"):
        monkeypatch.setenv(width, "200")
    words = line.removeprefix("$ muster ").split()
    path = [word for word in words[:3] if re.fullmatch(r"[a-z][a-z-]*", word)]
    options = {word for word in words if word.startswith("--")}
    while path:
        with pytest.raises(SystemExit) as end:
            main((*path, "--help"))
        told = capsys.readouterr().out
        if not end.value.code:
            break
        path.pop()
    assert path, f"no such command: {line}"
    assert [option for option in options if option not in told] == []


def test_every_report_is_described() -> None:
    for kind in REPORTS:
        assert f"`{kind}`" in README, kind
