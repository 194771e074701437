"""What a message or a docstring tells people to type exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from chalicelib.cli import lazy, main

CODE = Path(__file__).parents[3] / "chalicelib"
NAMED = re.compile(r"`muster\s+([^`]+)`")
VALUE = "…"  # stands for whatever a message fills in


def texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else VALUE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def named() -> dict[str, str]:
    """Command → the first module that names it."""
    found: dict[str, str] = {}
    for path in sorted(CODE.rglob("*.py")):
        code = path.read_text()
        for text in texts(ast.parse(code)) if "`muster" in code else ():
            for command in NAMED.findall(text):
                found.setdefault(" ".join(command.split()), str(path.relative_to(CODE)))
    return found


def fault(line: str) -> str:
    """What is wrong with it; "" if nothing is. Values and words in capitals are places to fill in."""
    command: Any = typer.main.get_command(main.app)
    words = line.split()
    if words[0] == "--context":
        words = words[2:]
    while words and hasattr(command, "commands") and words[0] in command.commands:
        name = words.pop(0)
        command = lazy.load(name) if name in lazy.HEAVY else command.commands[name]
    if words and hasattr(command, "commands") and not placeholder(words[0]) and not words[0].startswith("-"):
        return f"there is no {words[0]!r}"
    known = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    unknown = [word for word in words if word.startswith("-") and word not in known]
    return f"it takes no {', '.join(unknown)}" if unknown else ""


def placeholder(word: str) -> bool:
    return VALUE in word or word.isupper()


COMMANDS = named()


@pytest.mark.parametrize("line", sorted(COMMANDS))
def test_it_exists(line: str) -> None:
    assert not fault(line), f"{COMMANDS[line]} names `muster {line}`: {fault(line)}"


def test_what_does_not_exist_would_be_found() -> None:
    assert len(COMMANDS) > 15
    wrong = (
        "dance",
        "apple push-cert renew",
        "login --token X",
        "login --context X",
        "device lock X --hue",
        "dev --no",
    )
    right = ("…", "--context … login", "device VERB DEVICE", "devices list --query …", "posture set --os-minimum …")
    assert [line for line in wrong if not fault(line)] == []
    assert [line for line in right if fault(line)] == []
