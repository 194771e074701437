"""Places in a document: paths of names and list positions, and patterns of names that ignore the positions."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Place = tuple[str | int, ...]


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Everything that is neither an object nor a list, and where it stands."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from leaves(each, (*place, name))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from leaves(each, (*place, index))
    else:
        yield place, value


def found(value: Any, pattern: tuple[str, ...], place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """What stands at the pattern, in every element of the lists on the way."""
    if isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from found(each, pattern, (*place, index))
    elif not pattern:
        yield place, value
    elif isinstance(value, Mapping) and pattern[0] in value:
        yield from found(value[pattern[0]], pattern[1:], (*place, pattern[0]))


def pattern_of(place: Place) -> str:
    return ".".join(part for part in place if isinstance(part, str))


def written(place: Place) -> str:
    """For a person; a name that no policy has may be long, or hold anything."""
    parts = (part if isinstance(part, int) else "".join(c for c in part if c.isprintable())[:64] for part in place)
    return ".".join(map(str, parts))


def mapped(value: Any, change: Callable[[Place, Any], Any], place: Place = ()) -> Any:
    """A copy with every leaf changed."""
    if isinstance(value, Mapping):
        return {name: mapped(each, change, (*place, name)) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [mapped(each, change, (*place, index)) for index, each in enumerate(value)]
    return change(place, value)
