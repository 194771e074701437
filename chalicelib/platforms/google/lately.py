"""Settings as they were at most a minute ago: calls and pushes come in bursts, and one read is enough for all."""

from collections.abc import Callable
from typing import Generic, TypeVar

from chalicelib.core.house import House

V = TypeVar("V")
REREAD = 60  # seconds after which a changed setting is in use


class Lately(Generic[V]):
    """Of one process. What is not set is asked for each time."""

    def __init__(self, read: Callable[[House], V | None]) -> None:
        self._ask = read
        self._known: tuple[House, int, V] | None = None

    def __call__(self, house: House) -> V | None:
        now = house.clock()
        if self._known is None or self._known[0] is not house or not 0 <= now - self._known[1] < REREAD:
            found = self._ask(house)
            self._known = None if found is None else (house, now, found)
        return self._known[2] if self._known else None
