"""What the two sides of an OMA-DM session say to each other, as frozen values (OMA-TS-SyncML_RepPro-V1_2_2, MS-MDM).

Reading and writing stand in syncml_read and syncml_write. Unknown verbs and codes are values too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

ADD, REPLACE, DELETE, GET, EXEC = "Add", "Replace", "Delete", "Get", "Exec"
ATOMIC, SEQUENCE = "Atomic", "Sequence"

# Alert codes (MS-MDM §2.2.7.2, OMA-TS-DM_Protocol-V1_2_1 §8)
SERVER_SESSION, CLIENT_SESSION = 1200, 1201
NEXT_MESSAGE, ABORT, CLIENT_EVENT, NO_END_OF_DATA, GENERIC = 1222, 1223, 1224, 1225, 1226


@dataclass(frozen=True, slots=True)
class Meta:
    """The meta information of an item, a command, a credential or a challenge (syncml:metinf); -1: not told."""

    format: str = ""
    type: str = ""
    next_nonce: str = ""
    size: int = -1
    max_message: int = -1
    max_object: int = -1


@dataclass(frozen=True, slots=True)
class Item:
    """`data` is None where there is no Data element, and "" where it is empty. `more`: the object goes on."""

    target: str = ""
    source: str = ""
    meta: Meta = Meta()
    data: str | None = field(default=None, repr=False)
    more: bool = False

    @property
    def uri(self) -> str:
        """The node it is about: devices name it in Source, servers in Target."""
        return self.source or self.target


@dataclass(frozen=True, slots=True)
class Credential:
    meta: Meta
    data: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Header:
    """`target` and `source` are LocURI; `source_name` is the LocName that names the user of a credential."""

    session: str
    message: int
    target: str
    source: str
    source_name: str = ""
    credential: Credential | None = None
    meta: Meta = Meta()


@dataclass(frozen=True, slots=True)
class Alert:
    id: str
    code: int
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """`command_ref` "0" is the header. `challenge` is what a 401 or 407 asks for, and what brings the next nonce."""

    id: str
    message_ref: int
    command_ref: str
    command: str
    code: int
    target_refs: tuple[str, ...] = ()
    source_refs: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    challenge: Meta | None = None


@dataclass(frozen=True, slots=True)
class Results:
    id: str
    message_ref: int
    command_ref: str
    items: tuple[Item, ...] = ()
    meta: Meta = Meta()


@dataclass(frozen=True, slots=True)
class Command:
    """Add, Replace, Delete, Get, Exec, or a verb that we do not know."""

    id: str
    verb: str
    items: tuple[Item, ...] = ()
    meta: Meta = Meta()


@dataclass(frozen=True, slots=True)
class Group:
    """Atomic (all or none) or Sequence (in this order)."""

    id: str
    verb: str
    parts: tuple["Command | Group | Alert", ...] = ()


Part = Alert | Status | Results | Command | Group


@dataclass(frozen=True, slots=True)
class Message:
    header: Header
    body: tuple[Part, ...] = ()
    final: bool = True

    def each(self) -> Iterator[Part]:
        """All parts in their order, those of groups included."""
        yield from _each(self.body)


def _each(parts: "tuple[Part, ...]") -> Iterator[Part]:
    for part in parts:
        yield part
        if isinstance(part, Group):
            yield from _each(part.parts)
