"""Names in braces that stand for facts of one device; a document without them is one policy for all devices."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.android.policy.places import Place, leaves, mapped, written

SAMPLES = {
    "device.id": "01J00000000000000000000000",
    "device.name": "a name",
    "device.serial": "A1B2C3D4E5",
    "user.email": "name@example.com",
    "user.name": "a name",
}
_BRACES = re.compile(r"\{((?:device|user)\.[^{}]*)\}")


def placeholders(document: Mapping[str, Any]) -> frozenset[str]:
    """Without braces, e.g. device.serial. Unprocessable for one that looks like ours and is unknown."""
    unknown = [written(place) for place, name in _named(document) if name not in SAMPLES]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in SAMPLES)
        raise Unprocessable("; ".join(f"{place}: unknown placeholder, known are {known}" for place in unknown))
    return frozenset(name for _, name in _named(document))


def render(document: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """One pass: braces in a value stay as they are. A placeholder without a value is Unprocessable."""
    missing = sorted(name for name in placeholders(document) if not values.get(name))
    if missing:
        raise Unprocessable(f"The policy needs {', '.join(missing)}, which is not known of this device.")
    rendered: dict[str, Any] = mapped(document, lambda _, value: _filled(value, values))
    return rendered


def sampled(text: str) -> str:
    """As it may look once rendered: what checks of a format look at."""
    return _BRACES.sub(lambda match: SAMPLES.get(match[1], match[0]), text)


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    return _BRACES.sub(lambda match: values[match[1]], value) if isinstance(value, str) else value


def _named(document: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    for place, value in leaves(document):
        if isinstance(value, str):
            yield from ((place, match[1]) for match in _BRACES.finditer(value))
