"""Which values of a document are secret, so that a policy can be shown without them."""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.platforms.android.policy.places import Place, leaves, mapped

MASK = "***"
# The credentials of networks and access points. The names are unambiguous in all of the document.
NAMES = frozenset({"Passphrase", "Password", "PKCS12", "password"})
# What an app takes is the app's own language: its names tell. Better one value too many than a licence key in the open.
FREE = frozenset({"managedConfiguration", "configurationVariables"})
_TELLING = re.compile(
    r"pass|secret|token|key|credential|psk|pin(?![a-z])|private|auth|licen[cs]e|cert|cookie|signature|salt|seed", re.I
)


def secrets(document: Mapping[str, Any]) -> tuple[Place, ...]:
    return tuple(place for place, _ in leaves(document) if _secret(place))


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    masked: dict[str, Any] = mapped(document, lambda place, value: MASK if _secret(place) else value)
    return masked


def _secret(place: Place) -> bool:
    names = [part for part in place if isinstance(part, str)]
    if not NAMES.isdisjoint(names):
        return True
    free = next((index for index, name in enumerate(names) if name in FREE), len(names))
    return any(_TELLING.search(name) for name in names[free + 1 :])
