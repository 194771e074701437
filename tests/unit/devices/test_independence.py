"""The simulated devices must not share code with what they test."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_no_file_imports_the_server() -> None:
    files = sorted((ROOT / "tests" / "devices").rglob("*.py")) + sorted(
        (ROOT / "tests" / "unit" / "devices").glob("*.py")
    )
    assert len(files) > 20
    guilty = {path.name for path in files if any(name.split(".")[0] == "chalicelib" for name in imports_of(path))}
    assert not guilty


def test_nothing_loads_the_server_at_run_time() -> None:
    loads = "import sys, tests.devices.__main__, tests.devices.apns_control"
    code = f"{loads}; print([name for name in sys.modules if name.startswith('chalicelib')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
