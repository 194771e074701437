"""The templates as they are deployed: core.yaml and aws.yaml merged into what Chalice writes from app.py."""

from pathlib import Path
from typing import Any

import pytest

from chalicelib.cli.package import PROJECT, template


@pytest.fixture(scope="session")
def core() -> dict[str, Any]:
    return template(PROJECT, ("core.yaml",))


@pytest.fixture(scope="session")
def everything() -> dict[str, Any]:
    return template(PROJECT, ("core.yaml", "aws.yaml"))


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT
