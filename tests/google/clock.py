"""The clock of the fake: real time and what a test has advanced it by."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any


class Clock:
    def __init__(self, kept: dict[str, Any]) -> None:
        self._kept = kept

    def now(self) -> float:
        return time.time() + float(self._kept.get("ahead", 0))

    def advance(self, seconds: float) -> float:
        self._kept["ahead"] = float(self._kept.get("ahead", 0)) + seconds
        return self.now()

    def reset(self) -> None:
        self._kept.clear()

    def stamp(self, at: float | None = None) -> str:
        """RFC 3339 in UTC with milliseconds, as Google writes timestamps."""
        moment = datetime.fromtimestamp(self.now() if at is None else at, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
