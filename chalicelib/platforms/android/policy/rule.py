"""A rule between fields: data with a reason, and a function that finds where a policy breaks it."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from chalicelib.platforms.android.policy.settings import Settings


@dataclass(frozen=True, slots=True)
class Rule:
    reason: str
    broken: Callable[[Settings], Iterable[str]]
    """The places; never a value."""


def repeated(values: Iterable[Hashable | None]) -> Iterator[int]:
    """Positions of values that stood before; None does not count."""
    seen: Counter[Hashable] = Counter()
    for index, value in enumerate(values):
        if value is not None and seen[value]:
            yield index
        seen[value] += 1
