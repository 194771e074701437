"""What an engine must do: read by key, read a range, write under conditions. The whole language is here.

There is no update operation: a record is always put as a whole, under the version that was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.storage.capacity import Meter
from chalicelib.storage.codec import Item
from chalicelib.storage.layout import Index, Key, Table

MOST_WRITES, MOST_READS = 100, 100  # of one transaction, of one batch


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing is stored under the key."""


@dataclass(frozen=True, slots=True)
class AtVersion:
    """The stored item's `version` is this number."""

    number: int


Condition = Absent | AtVersion


@dataclass(frozen=True, slots=True)
class Put:
    table: Table
    item: Item
    condition: Condition

    @property
    def key(self) -> Key:
        return Key(str(self.item["pk"]), str(self.item["sk"]))


@dataclass(frozen=True, slots=True)
class Delete:
    table: Table
    key: Key
    condition: Condition
    was: Item  # as the caller read it: tells the size


Write = Put | Delete


@dataclass(frozen=True, slots=True)
class Range:
    """Items of one partition in the order of their sort keys. `after` is the last key of the page before."""

    table: Table
    pk: str
    between: tuple[str, str] | None = None
    index: Index | None = None  # reads of an index are eventually consistent, all others strongly
    limit: int = 100
    newest: bool = False
    after: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    items: tuple[Item, ...]
    last: Mapping[str, str] | None = None  # key to go on after; None at the end


class Refused(Exception):
    """No write was applied. `found`: position of each write whose condition failed → the item in its way, if any.

    `contended` means that another transaction held an item: nothing is known, the same may be tried again.
    """

    def __init__(self, found: Mapping[int, Item | None], contended: bool = False) -> None:
        super().__init__("refused")
        self.found, self.contended = found, contended


class Tables(Protocol):
    @property
    def meter(self) -> Meter: ...

    def get(self, table: Table, key: Key) -> Item | None: ...

    def get_many(self, table: Table, keys: Sequence[Key]) -> Sequence[Item]:
        """Those that exist among up to 100 different keys, strongly consistent, in no order."""

    def query(self, wanted: Range) -> Rows: ...

    def put(self, write: Put) -> None:
        """One conditional put. Refused; a lost response may show as a refusal by our own item."""

    def transact(self, writes: Sequence[Write], token: str) -> None:
        """All or none, once per token. Refused."""
