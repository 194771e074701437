"""Every test gets a people plane of its own."""

import pytest

from tests.web.staging import Plane
from tests.web.staging import plane as staged


@pytest.fixture
def plane() -> Plane:
    return staged()
