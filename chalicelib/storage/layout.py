"""The one table of all access patterns: where each kind of record lies, how it is found, listed and forgotten.

Templates name fields of the record; `{age}` is an `id` without its first character (a command's priority digit).
A record that has a `closed` sort key moves there for good once its `open` is false.
"""

import hashlib
import string
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from chalicelib.core.errors import BadRequest
from chalicelib.model.audit import AuditEntry
from chalicelib.model.command import Command
from chalicelib.model.device import Device, Identifier, Inventory
from chalicelib.model.enrollment import Allowance, Certificate, Challenge, Declaration, Enrollment, Invitation
from chalicelib.model.escrow import EscrowedSecret
from chalicelib.model.finding import Finding
from chalicelib.model.people import ApiToken
from chalicelib.model.records import RememberedRequest, Report, Setting

DAY = 86_400
LONGEST_PARTITION_KEY, LONGEST_SORT_KEY = 2048, 1024  # bytes; DynamoDB's limits


class Table(StrEnum):
    CORE = "core"
    COMMANDS = "commands"
    AUDIT = "audit"
    IDEMPOTENCY = "idempotency"


@dataclass(frozen=True, slots=True)
class Index:
    """A secondary index of `core`: sparse, eventually consistent."""

    name: str
    pk: str
    sk: str
    keys_only: bool = False


LISTING = Index("listing", "list_pk", "list_sk")
SWEEP = Index("sweep", "shard", "sk2", keys_only=True)
INDEXES: Mapping[Table, tuple[Index, ...]] = {Table.CORE: (LISTING, SWEEP)}


@dataclass(frozen=True, slots=True)
class Layout:
    table: Table
    pk: str
    sk: str
    closed: str = ""  # the sort key once the record is no longer open
    collection: tuple[str, str] | None = None  # first and last sort key of collect(); else the fixed start of `sk`
    list_as: str = ""  # partition of the listing; closed records leave it
    list_sk: str = ""  # oldest first
    list_if: str = "open"  # the property that says whether a record is listed; without it, it always is
    swept: bool = False  # in one of the 256 shards
    expires: str = ""  # field that starts the TTL
    keep: int = 0  # seconds between that time and the deletion


C, Q, A, I = Table.CORE, Table.COMMANDS, Table.AUDIT, Table.IDEMPOTENCY  # noqa: E741

LAYOUTS: Mapping[type, Layout] = {
    # a device's item collection
    Device: Layout(C, "D#{id}", "#M", list_as="device", list_sk="{id}", swept=True),
    Inventory: Layout(C, "D#{device_id}", "N#{section}"),
    Declaration: Layout(C, "D#{device_id}", "Y#{kind}#{identifier}"),
    Finding: Layout(
        C,
        "D#{device_id}",
        "K#{control}",
        closed="L#{since:010d}#{control}",
        collection=("K#", "L$"),
        list_as="finding",
        list_sk="{since:010d}#{device_id}#{control}",
    ),
    # how a device comes in
    Identifier: Layout(C, "I#{kind}#{value}", "#"),
    Invitation: Layout(
        C, "V#{id}", "#", list_as="invitation", list_sk="{created_at:010d}#{id}", expires="expires_at", keep=30 * DAY
    ),
    Allowance: Layout(C, "A#{who}", "#", expires="expires_at", keep=DAY),
    Challenge: Layout(C, "H#{digest}", "#", expires="expires_at", keep=DAY),
    Certificate: Layout(
        C, "C#{fingerprint}", "#", list_as="revoked", list_sk="{revoked_at:010d}#{fingerprint}", list_if="revoked"
    ),
    # secrets, people, the organisation
    EscrowedSecret: Layout(C, "S#{owner}", "{kind}#{number:05d}"),
    ApiToken: Layout(C, "T#{digest}", "#", list_as="token", list_sk="{created_at:010d}#{id}"),
    Setting: Layout(C, "G#{name}", "#"),
    Report: Layout(C, "P#{id}", "#", list_as="report", list_sk="{id}"),
    # an enrollment's item collection: binding, open commands by priority and age, finished ones by age
    Enrollment: Layout(Q, "E#{id}", "#B"),
    Command: Layout(
        Q,
        "E#{enrollment_id}",
        "Q#{id}",
        closed="R#{age}",
        collection=("R#", "R$"),
        expires="finished_at",
        keep=400 * DAY,
    ),
    # one chain per shard
    AuditEntry: Layout(A, "AU#{shard:02d}", "{sequence:012d}"),
    RememberedRequest: Layout(I, "Y#{key}", "#", expires="expires_at"),
}
POLL = ("#", "Q~")  # sort keys of an enrollment and its open commands


@dataclass(frozen=True, slots=True)
class Key:
    pk: str
    sk: str

    def __post_init__(self) -> None:
        if len(self.pk.encode()) > LONGEST_PARTITION_KEY or len(self.sk.encode()) > LONGEST_SORT_KEY:
            raise BadRequest("An identifier is too long to be kept; shorten it.")


def layout_of(kind: type) -> Layout:
    if kind not in LAYOUTS:
        raise TypeError(f"{kind.__name__} has no layout: add it to storage/layout.py")
    return LAYOUTS[kind]


@cache
def key_fields(kind: type) -> tuple[str, ...]:
    """The parts that identify a record, in the order of get() and find()."""
    layout = layout_of(kind)
    return (*_names(layout.pk), *_names(layout.sk))


def key_of(record: object) -> Key:
    """Where a record belongs in the state that it is in."""
    layout = layout_of(type(record))
    closed = layout.closed and not getattr(record, "open", True)
    return Key(_fill_from(layout.pk, record), _fill_from(layout.closed if closed else layout.sk, record))


def open_key_of(record: object) -> Key:
    layout = layout_of(type(record))
    return Key(_fill_from(layout.pk, record), _fill_from(layout.sk, record))


def keys_at(kind: type, parts: tuple[str | int, ...]) -> tuple[Key, ...]:
    """Where a record with this key may lie: its open key first, since records only ever move from there."""
    layout, names = layout_of(kind), key_fields(kind)
    if len(parts) != len(names):
        raise TypeError(f"{kind.__name__} is found by {', '.join(names)}")
    values = _with_age(dict(zip(names, parts, strict=True)))
    places = [layout.sk]
    if layout.closed and set(_names(layout.closed)) <= set(values):
        places.append(layout.closed)
    return tuple(Key(layout.pk.format_map(values), place.format_map(values)) for place in places)


def collection_at(kind: type, partition: tuple[str, ...]) -> tuple[Table, str, tuple[str, str] | None]:
    """Table, partition key and range of sort keys of an item collection; more parts narrow it down."""
    layout, names = layout_of(kind), key_fields(kind)
    values: dict[str, Any] = dict(zip(names, partition, strict=False))
    if "shard" in values:
        values["shard"] = int(values["shard"])
    key = Key(layout.pk.format_map(values), "")
    return layout.table, key.pk, layout.collection or _beginning(layout.sk, values)


def attributes_of(record: object) -> dict[str, str | int]:
    """What an item holds besides its fields: key, index keys, TTL."""
    layout, key = layout_of(type(record)), key_of(record)
    extra: dict[str, str | int] = {"pk": key.pk, "sk": key.sk}
    if layout.list_as and getattr(record, layout.list_if, True):
        extra |= {LISTING.pk: layout.list_as, LISTING.sk: _fill_from(layout.list_sk, record)}
    if layout.swept:
        device_id = str(getattr(record, "id"))  # noqa: B009
        extra |= {SWEEP.pk: shard_of(device_id), SWEEP.sk: device_id}
    if layout.expires and (start := getattr(record, layout.expires)):
        extra["expires"] = start + layout.keep
    return extra


def shard_of(device_id: str) -> str:
    """Two hex digits: spreads devices evenly over 256 sweep shards, for good."""
    return hashlib.sha256(device_id.encode()).hexdigest()[:2]


def _names(template: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name)


def _with_age(values: dict[str, Any]) -> dict[str, Any]:
    if "id" in values:
        values["age"] = str(values["id"])[1:]
    return values


def _fill_from(template: str, record: object) -> str:
    names = _names(template)
    values = {name: getattr(record, "id" if name == "age" else name) for name in names}
    if "age" in values:
        values["age"] = values["age"][1:]
    return template.format_map(values)


def _beginning(template: str, values: Mapping[str, Any]) -> tuple[str, str] | None:
    """The range of sort keys that start like the template does up to its first unknown field."""
    start = ""
    for literal, name, spec, _ in string.Formatter().parse(template):
        start += literal
        if name and name not in values:
            break
        if name:
            start += format(values[name], spec or "")
    return (start, start[:-1] + chr(ord(start[-1]) + 1)) if start else None
