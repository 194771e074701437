"""Nodes of the device's management tree (OMA-TS-DM_TND-V1_2, DDF v2) and steps on them.

A node says what may be asked of it; a step is one such request. A step on a node can be taken back by `undo`.
"""

import base64
import binascii
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.windows import syncml_write
from chalicelib.platforms.windows.allowed import Allowed, Choice, Listed, Range, Xml
from chalicelib.platforms.windows.syncml import ADD, DELETE, EXEC, GET, REPLACE


@dataclass(frozen=True, slots=True)
class Step:
    """A verb of syncml on a LocURI. `format` is a metinf format (int, chr, bool, xml, b64, node, null …), "" for none;
    `data` None writes no Data element. `secret`: the data is not to be shown or logged."""

    verb: str
    uri: str
    format: str = ""
    data: str | None = field(default=None, repr=False)
    type: str = ""
    secret: bool = False


_GUID = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"

# What may stand for a placeholder of a LocURI, before it is escaped.
PLACEHOLDERS: Mapping[str, str] = {
    "scope": "Device|User",
    "guid": _GUID,
    "braced": rf"\{{{_GUID}\}}",
    "product": rf"\{{{_GUID}\}}",
    "thumbprint": "[0-9A-F]{40}",
    "store": "Root|CA|TrustedPublisher|TrustedPeople|UntrustedCertificates",
    "profile": "Domain|Private|Public",
    "ssid": ".{1,32}",
    "name": "[^/|]{1,128}",
    "user": r'[^/\\"\[\]:;|=,+*?<>@]{1,20}',
    "family": "[A-Za-z0-9.-]{3,50}_[0-9a-hjkmnp-tv-z]{13}",
    "policy": "[A-Za-z0-9_.~ -]{1,255}",
    "source": "AppStore|nonStore|System",
    "area": "[A-Za-z0-9_. -]{1,100}~Policy~[A-Za-z0-9_.~ -]{1,200}",
}
_FALLBACK: Mapping[str, Allowed] = {
    "int": Range(-(2**31), 2**32 - 1),
    "bool": Choice("false", "true"),
    "xml": Xml(),
}
_TEXT_PLAIN = ("int", "chr", "bool", "xml", "null")
Value = str | int | bytes | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """`allowed` None: any value of the format. `default` is what the node holds where nobody sets it.

    `whole`: the interior node that has to go to take a setting back, where the leaf alone does not do.
    `since`: the first build of Windows that has it, where Windows 10 22H2 (19045) does not.
    """

    uri: str
    format: str
    verbs: tuple[str, ...]
    allowed: Allowed | None = None
    default: str | None = None
    secret: bool = False
    whole: str = ""
    since: int = 0

    @property
    def name(self) -> str:
        return self.uri.rpartition("/")[2]

    def add(self, value: Value = "", /, **names: str) -> Step:
        return self._with_data(ADD, value, names)

    def replace(self, value: Value, /, **names: str) -> Step:
        return self._with_data(REPLACE, value, names)

    def exec(self, value: Value = "", /, **names: str) -> Step:
        return self._with_data(EXEC, value, names)

    def get(self, **names: str) -> Step:
        return Step(self._may(GET), fill(self.uri, names))

    def delete(self, **names: str) -> Step:
        return Step(self._may(DELETE), fill(self.uri, names))

    def undo(self, **names: str) -> Step:
        """Takes the setting back. That there is nothing to delete (404) is success too."""
        if self.whole or DELETE in self.verbs:
            return Step(DELETE, fill(self.whole or self.uri, names))
        if self.default is None or REPLACE not in self.verbs:
            raise Unprocessable(f"{self.name} cannot be taken back: it is neither deleted nor has it a default.")
        return self.replace(self.default, **names)

    def _with_data(self, verb: str, value: Value, names: Mapping[str, str]) -> Step:
        kind = "text/plain" if self.format in _TEXT_PLAIN else ""
        uri = fill(self.uri, names)
        if self.format == "node":
            return Step(self._may(verb), uri, self.format)
        return Step(self._may(verb), uri, self.format, self.text(value), kind, secret=self.secret)

    def _may(self, verb: str) -> str:
        if verb not in self.verbs:
            raise Unprocessable(f"{self.name} does not take {verb}.")
        return verb

    def text(self, value: Value) -> str:
        """The value as it stands in Data; Unprocessable where the node does not take it."""
        text = _base64(value) if self.format in ("b64", "bin") else self._plain(value)
        allowed = self.allowed or _FALLBACK.get(self.format)
        if allowed is not None and text not in allowed:
            raise Unprocessable(f"{self.name} takes {allowed}.")
        syncml_write.check(text)
        return text

    def _plain(self, value: Value) -> str:
        if isinstance(value, tuple) and isinstance(self.allowed, Listed):
            return self.allowed.join(value)
        if isinstance(value, (bytes, tuple)):
            raise Unprocessable(f"{self.name} takes one text.")
        if isinstance(value, bool) and self.format == "bool":
            words = ("true", "1") if value else ("false", "0")
            return words[1] if self.allowed and words[0] not in self.allowed else words[0]
        if isinstance(value, bool):
            raise Unprocessable(f"{self.name} takes no truth value.")
        return str(value)


def _base64(value: Value) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    try:
        base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unprocessable("The value is not base64.") from error
    return str(value)


def fill(template: str, names: Mapping[str, str]) -> str:
    """The LocURI with its placeholders filled, each escaped so that it stays one segment."""
    wanted = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    if wanted != set(names):
        raise TypeError(f"{template} takes {sorted(wanted)}, not {sorted(names)}")
    return template.format_map({name: _segment(name, value) for name, value in names.items()})


def _segment(name: str, value: str) -> str:
    if not re.fullmatch(PLACEHOLDERS[name], value) or value in (".", "..") or not value.isprintable():
        raise Unprocessable(f"This {name} cannot stand in the name of a setting: {value!r}.")
    return quote(value, safe="")
