"""What ships beside our own code, as a bill of materials (CycloneDX 1.5)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.cli.vendor import UNUSED

RUNTIME = "chalice"  # its small runtime ships, though it is pinned among the tools
_ENTRY = re.compile(r"^([a-z0-9.-]+)==([^\s\\;]+)((?:[^\n\\]|\\\n)*)", re.MULTILINE)


def bill(project: Path) -> str:
    """The same requirements are the same text: it holds no date and no number of its own."""
    shipped = [each for each in _pinned(project / "requirements.txt") if each["name"] not in UNUSED]
    shipped += [each for each in _pinned(project / "requirements-dev.txt") if each["name"] == RUNTIME]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "muster"}},
        "components": sorted(shipped, key=lambda each: str(each["name"])),
    }
    return json.dumps(document, indent=1) + "\n"


def _pinned(requirements: Path) -> Iterator[dict[str, Any]]:
    """`hashes` are those of all archives of the version: which one is installed depends on the processor."""
    for name, version, rest in _ENTRY.findall(requirements.read_text()):
        yield {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "hashes": [{"alg": "SHA-256", "content": found} for found in re.findall(r"sha256:([0-9a-f]{64})", rest)],
        }
