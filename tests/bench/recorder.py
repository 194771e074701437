"""An engine that notes what it was asked and answered, in DynamoDB's words: for stream events and canned answers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.storage.capacity import Meter
from chalicelib.storage.codec import Item
from chalicelib.storage.layout import Key, Table
from chalicelib.storage.memory.tables import MemoryTables
from chalicelib.storage.tables import Absent, Put, Range, Rows, Write
from chalicelib.storage.wire import to_wire

Question = tuple[str, str, str, str]  # operation, table, partition, sort key or the first of its range
Answers = dict[Question, list[bytes]]  # in the order of asking


class Recorder:
    """Fulfils `storage.tables.Tables`."""

    def __init__(self, tables: MemoryTables) -> None:
        self.engine = tables
        self.answers: Answers = {}  # since somebody last cleared them
        self.latest: Answers = {}  # of each question, one
        self.entries = 0  # of the audit trail
        self._written: list[Put] = []

    @property
    def meter(self) -> Meter:
        return self.engine.meter

    def get(self, table: Table, key: Key) -> Item | None:
        item = self.engine.get(table, key)
        self._note("GetItem", table, key.pk, key.sk, {"Item": to_wire(item)} if item else {})
        return item

    def get_many(self, table: Table, keys: Sequence[Key]) -> Sequence[Item]:
        items = self.engine.get_many(table, keys)
        found = {"Responses": {table.value: [to_wire(item) for item in items]}}
        self._note("BatchGetItem", table, keys[0].pk, keys[0].sk, found)
        return items

    def query(self, wanted: Range) -> Rows:
        rows = self.engine.query(wanted)
        low = wanted.between[0] if wanted.between else ""
        self._note("Query", wanted.table, wanted.pk, low, {"Items": [to_wire(item) for item in rows.items]})
        return rows

    def put(self, write: Put) -> None:
        self.engine.put(write)
        self._keep([write])

    def transact(self, writes: Sequence[Write], token: str) -> None:
        self.engine.transact(writes, token)
        self._keep(writes)

    def stream(self) -> list[tuple[str, Mapping[str, Any]]]:
        """(event name, new image) of the writes to the commands table that the outbox is told of, since last time."""
        written, self._written = self._written, []
        return [(_event_name(put), to_wire(put.item)) for put in written if _passes(put)]

    def _keep(self, writes: Sequence[Write]) -> None:
        self._written += [write for write in writes if isinstance(write, Put)]
        self.entries += sum(write.table is Table.AUDIT for write in writes)

    def _note(self, operation: str, table: Table, pk: str, sk: str, answer: Mapping[str, Any]) -> None:
        said = json.dumps(answer).encode()
        question = (operation, table.value, pk, sk)
        self.answers.setdefault(question, []).append(said)
        self.latest[question] = [said]


def _event_name(put: Put) -> str:
    return "INSERT" if isinstance(put.condition, Absent) else "MODIFY"


def _passes(put: Put) -> bool:
    """The filters of the outbox in infra/core.yaml."""
    if put.table is not Table.COMMANDS:
        return False
    sk = str(put.item["sk"])
    return (sk.startswith("Q#") and _event_name(put) == "INSERT") or (sk == "#B" and put.item.get("fresh") is True)
