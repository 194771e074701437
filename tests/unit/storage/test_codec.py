"""Records as flat items: short, tolerant of new attributes, strict about what cannot be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pytest

from chalicelib.core.errors import MusterError
from chalicelib.model.audit import AuditEntry, AuditEvent
from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.storage.codec import decode, encode
from chalicelib.storage.wire import from_wire, to_wire


@dataclass(frozen=True, slots=True)
class Everything:
    text: str
    number: int = 0
    share: float = 0.0
    flag: bool = False
    raw: bytes = b""
    names: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    platform: Platform = Platform.IOS
    version: int = 0


FULL = Everything("ü", -(10**30), 0.1, True, b"\x00\xff", ("b", "a"), {"x": [1, None, {"y": 0.5}]}, Platform.MACOS, 3)


@pytest.mark.parametrize("record", [FULL, Everything("")])
def test_round_trip_over_the_wire(record: Everything) -> None:
    item = encode(record)
    assert set(map(type, item.values())) <= {str, int, bool, bytes}
    assert decode(Everything, from_wire(to_wire(item))) == record


def test_defaults_take_no_room() -> None:
    assert encode(Everything("a")) == {"text": "a"}
    assert encode(Everything("a", flag=True)) == {"text": "a", "flag": True}


def test_mappings_are_compact_text() -> None:
    assert encode(FULL)["values"] == '{"x":[1,null,{"y":0.5}]}'
    assert (
        encode(Everything("a", values=MappingProxyType({"b": MappingProxyType({"c": 1})})))["values"] == '{"b":{"c":1}}'
    )


def test_unknown_attributes_are_ignored() -> None:
    assert decode(Everything, {"text": "a", "added_later": 1, "pk": "x"}) == Everything("a")


def test_nested_event_of_a_later_release() -> None:
    item = {**encode(AuditEntry(1, 1, "", AuditEvent("a", "b", "c", 1, details={"n": 1})))}
    item["event"] = str(item["event"]).replace('"actor"', '"later":1,"actor"')
    assert decode(AuditEntry, item).event == AuditEvent("a", "b", "c", 1, details={"n": 1})


@pytest.mark.parametrize(
    ("news", "said"),
    [
        ({"platform": "amiga"}, "amiga"),
        ({"number": "x"}, "invalid literal"),
        ({"names": "{"}, "Expecting"),
        ({"text": None}, "text"),
    ],
)
def test_what_cannot_be_read_says_why(news: dict[str, Any], said: str) -> None:
    item = {**encode(FULL), **news}
    if news == {"text": None}:
        del item["text"]
    with pytest.raises(MusterError, match=said) as caught:
        decode(Everything, item)
    assert "Everything" in str(caught.value)


def test_a_field_that_storage_cannot_keep() -> None:
    @dataclass(frozen=True)
    class Odd:
        what: complex

    with pytest.raises(TypeError, match="complex"):
        encode(Odd(1j))


def test_what_json_cannot_hold_is_not_stored() -> None:
    with pytest.raises(TypeError):
        encode(Everything("a", values={"b": object()}))


def test_a_device_is_a_short_item() -> None:
    device = Device("01", Platform.IOS, {"serial": "S"}, Ownership.PERSONAL, DeviceStatus.PENDING, "E", 1)
    assert set(encode(device)) == {
        "id",
        "platform",
        "identifiers",
        "ownership",
        "status",
        "enrollment_id",
        "created_at",
    }


@pytest.mark.parametrize("item", [{"a": {"S": "x", "N": "1"}}, {"a": "x"}, {"a": {"N": "1.5"}}, {"a": {}}])
def test_malformed_wire_items(item: dict[str, Any]) -> None:
    with pytest.raises(MusterError):
        from_wire(item)


def test_foreign_types_on_the_wire_are_left_out() -> None:
    assert from_wire({"a": {"S": "x"}, "aws:rep": {"M": {}}, "n": {"NULL": True}}) == {"a": "x"}
