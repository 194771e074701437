"""The engine on DynamoDB."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chalicelib.core.errors import Unavailable
from chalicelib.storage import capacity
from chalicelib.storage.aws import expressions
from chalicelib.storage.aws.client import DYNAMODB, AwsRefused, Session
from chalicelib.storage.capacity import Meter
from chalicelib.storage.codec import Item
from chalicelib.storage.layout import Key, Table
from chalicelib.storage.tables import AtVersion, Delete, Put, Range, Refused, Rows, Write
from chalicelib.storage.wire import from_wire, to_wire

BATCH_ROUNDS = 6
CONTENDED = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class DynamoTables:
    """Fulfils `storage.tables.Tables`. `names`: our table → the deployed table's name."""

    def __init__(self, session: Session, names: Mapping[Table, str]) -> None:
        self._session, self._names = session, names

    @property
    def meter(self) -> Meter:
        return self._session.meter

    def get(self, table: Table, key: Key) -> Item | None:
        body = {"TableName": self._names[table], "Key": to_wire(asdict(key)), "ConsistentRead": True}
        found = self._session.call(DYNAMODB, "GetItem", body).get("Item")
        item = from_wire(found) if found else None
        size = capacity.item_size(item) if item else 0
        self.meter.record("dynamodb.get", read_units=capacity.read_units(size, consistent=True), size=size)
        return item

    def get_many(self, table: Table, keys: Sequence[Key]) -> Sequence[Item]:
        name, items = self._names[table], list[Item]()
        waiting = [to_wire(asdict(key)) for key in keys]
        for number in range(BATCH_ROUNDS):
            body = {"RequestItems": {name: {"Keys": waiting, "ConsistentRead": True}}}
            answer = self._session.call(DYNAMODB, "BatchGetItem", body)
            found = [from_wire(item) for item in answer.get("Responses", {}).get(name, [])]
            left = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
            self._meter_batch(found, len(waiting) - len(left) - len(found))
            items += found
            if not left:
                return items
            waiting = left
            time.sleep(random.uniform(0, 0.05 * 2**number))  # noqa: S311 - jitter
        raise Unavailable("The store is too busy to read so many records at once; try again.")

    def query(self, wanted: Range) -> Rows:
        body = {
            "TableName": self._names[wanted.table],
            "Limit": wanted.limit,
            "ScanIndexForward": not wanted.newest,
            "ConsistentRead": wanted.index is None,
            **expressions.key_range(wanted),
        }
        if wanted.index:
            body["IndexName"] = wanted.index.name
        if wanted.after:
            body["ExclusiveStartKey"] = to_wire(wanted.after)
        answer = self._session.call(DYNAMODB, "Query", body)
        items = tuple(from_wire(item) for item in answer.get("Items", []))
        size = capacity.total_size(items)
        units = capacity.read_units(size, consistent=wanted.index is None)
        self.meter.record("dynamodb.query", read_units=units, size=size)
        last = answer.get("LastEvaluatedKey")
        return Rows(items, {name: str(value) for name, value in from_wire(last).items()} if last else None)

    def put(self, write: Put) -> None:
        try:
            self._session.call(DYNAMODB, "PutItem", self._parameters(write))
        except AwsRefused as refused:
            if refused.code != "ConditionalCheckFailedException":
                raise
            raise Refused({0: _found(refused.body)}) from refused
        finally:
            self._meter_writes("dynamodb.put", [write], transactional=False)

    def transact(self, writes: Sequence[Write], token: str) -> None:
        items = [{"Put" if isinstance(write, Put) else "Delete": self._parameters(write)} for write in writes]
        try:
            self._session.call(DYNAMODB, "TransactWriteItems", {"TransactItems": items, "ClientRequestToken": token})
        except AwsRefused as refused:
            if refused.code != "TransactionCanceledException":
                raise
            raise _cancelled(refused) from refused
        finally:
            self._meter_writes("dynamodb.transact", writes, transactional=True)

    def _parameters(self, write: Write) -> dict[str, Any]:
        target = {"Item": to_wire(write.item)} if isinstance(write, Put) else {"Key": to_wire(asdict(write.key))}
        return {"TableName": self._names[write.table], **target, **expressions.condition(write.condition)}

    def _meter_batch(self, found: Sequence[Item], absent: int) -> None:
        sizes = [capacity.item_size(item) for item in found] + [0] * absent
        units = sum(capacity.read_units(size, consistent=True) for size in sizes)
        self.meter.record("dynamodb.get_many", read_units=units, size=sum(sizes))

    def _meter_writes(self, operation: str, writes: Sequence[Write], *, transactional: bool) -> None:
        changes = [(write.table, _before(write), write.item if isinstance(write, Put) else None) for write in writes]
        units = sum(capacity.write_units(*change, transactional=transactional) for change in changes)
        size = capacity.total_size(new for _, _, new in changes if new)
        self.meter.record(operation, write_units=units, size=size)


def _before(write: Write) -> Item | None:
    """What stood there before, as far as it can be known without a read: the same record under the last version."""
    if isinstance(write, Delete):
        return write.was
    return {**write.item, "version": write.condition.number} if isinstance(write.condition, AtVersion) else None


def _found(reason: Mapping[str, Any]) -> Item | None:
    return from_wire(reason["Item"]) if reason.get("Item") else None


def _cancelled(refused: AwsRefused) -> Exception:
    reasons = refused.body.get("CancellationReasons") or refused.body.get("cancellationReasons") or []
    codes = [reason.get("Code", "None") for reason in reasons]
    found = {n: _found(reasons[n]) for n, code in enumerate(codes) if code == "ConditionalCheckFailed"}
    if found or CONTENDED.intersection(codes):
        return Refused(found, contended=not found)
    return AwsRefused("dynamodb.TransactWriteItems", ",".join(sorted(set(codes) - {"None"})), refused.http_status)
