"""What holds for all tests."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests import rsa_keys


def pytest_configure(config: pytest.Config) -> None:
    """A thousand key pairs a run would be a minute of a processor; only the benchmark has to pay for its own."""
    if config.getoption("markexpr") != "bench":
        rsa.generate_private_key = rsa_keys.saving(rsa.generate_private_key)
