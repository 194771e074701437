"""A stub server and devices of each kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.devices.apple import AppleDevice
from tests.unit.devices.stub import Stub

Make = Callable[..., AppleDevice]


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    return Stub(tmp_path)


@pytest.fixture
def make(stub: Stub) -> Make:
    """A device of a kind, enrolled at the stub."""

    def enrolled(kind: str = "iphone", **options: object) -> AppleDevice:
        device = AppleDevice(kind, transport=stub, seed=f"{kind}-1", **options)  # type: ignore[arg-type]
        device.enroll(stub.page_url)
        stub.messages.clear()
        return device

    return enrolled
