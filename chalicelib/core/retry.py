"""Optimistic concurrency: read, decide, commit; and again when somebody was faster."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from chalicelib.core.errors import AlreadyExists, Conflict, Stale

T = TypeVar("T")
ATTEMPTS = 8


def retry_stale(attempt: Callable[[], T]) -> T:
    """Runs `attempt`, which reads what it decides on, until its commit meets no other writer."""
    for number in range(ATTEMPTS):
        try:
            return attempt()
        except (Stale, AlreadyExists):
            time.sleep(random.uniform(0, 0.01 * 2**number))  # noqa: S311 - jitter, not a secret
    raise Conflict("Others keep changing the same record; try again in a moment.")
