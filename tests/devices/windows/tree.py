"""The management tree (OMA-TS-DM_TND): LocURIs in one spelling, leaves with format and value, interior nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, unquote

Leaf = tuple[str, str]


def canonical(uri: str) -> str:
    """Device scope written out, each segment escaped in one way; "" for what is no LocURI."""
    parts = uri.split("/")
    if parts[0] != "." or len(parts) < 2 or "" in parts or "*" in parts:
        return ""
    scope = parts[1].lower()
    if scope == "vendor":
        parts = [".", "Device", "Vendor", *parts[2:]]
    elif scope in ("device", "user"):
        parts = [".", scope.capitalize(), *parts[2:]]
    return "/".join(quote(unquote(part), safe="!~*'()") for part in parts)


def is_user(uri: str) -> bool:
    return uri.startswith("./User/")


@dataclass
class Tree:
    """nodes: canonical LocURI → (format, value); interior ones have the format node."""

    nodes: dict[str, Leaf] = field(default_factory=dict)

    def __contains__(self, uri: str) -> bool:
        return uri in self.nodes or self.below(uri) != []

    def below(self, uri: str) -> list[str]:
        return [one for one in self.nodes if one.startswith(f"{uri}/")]

    def children(self, uri: str) -> list[str]:
        """Names, URI-encoded as they stand in a LocURI."""
        start = len(uri) + 1
        return sorted({one[start:].split("/")[0] for one in self.below(uri)})

    def get(self, uri: str) -> Leaf | None:
        return self.nodes.get(uri)

    def value(self, uri: str) -> str:
        return self.nodes[canonical(uri)][1]

    def put(self, uri: str, form: str, value: str) -> None:
        self.nodes[canonical(uri)] = (form, value)

    def remove(self, uri: str) -> None:
        for one in [uri, *self.below(uri)]:
            self.nodes.pop(one, None)

    def copy(self) -> Tree:
        return Tree(dict(self.nodes))
