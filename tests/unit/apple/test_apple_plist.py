"""The guarded reader: real messages pass, bombs end as one typed error within 250 ms and 64 MB."""

import gc
import plistlib
import struct
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.errors import BadRequest, TooLarge
from chalicelib.platforms.apple import guard, plist

CAPTURES = Path(__file__).parents[4] / "shared" / "captures" / "apple"
HEAD = b'<?xml version="1.0" encoding="UTF-8"?><plist version="1.0">'
MIB = 1024 * 1024


def xml(inner: bytes) -> bytes:
    return HEAD + inner + b"</plist>"


def declared(subset: bytes, value: bytes) -> bytes:
    """A document that would be well-formed but for its DOCTYPE."""
    return b"<!DOCTYPE plist [" + subset + b"]><plist><dict><key>a</key>" + value + b"</dict></plist>"


def binary(objects: list[bytes], root: int = 0, ref_size: int = 1) -> bytes:
    body, offsets = b"bplist00", []
    for item in objects:
        offsets.append(len(body))
        body += item
    table = b"".join(struct.pack(">I", offset) for offset in offsets)
    return body + table + struct.pack(">6xBBQQQ", 4, ref_size, len(objects), root, len(body))


def bomb(depth: int = 60) -> bytes:
    """Each array holds the next one twice: 2^depth paths in a few hundred bytes."""
    arrays = [bytes((0xA2, number + 2, number + 2)) for number in range(1, depth)]
    return binary([b"\xd1\x01\x02", b"\x51a", *arrays, b"\x51x"])


def shared_text(size: int, copies: int) -> bytes:
    """One long string, referenced again and again."""
    text = b"\x5f\x12" + struct.pack(">I", size) + b"x" * size
    array = b"\xaf\x12" + struct.pack(">I", copies) + b"\x03" * copies
    return binary([b"\xd1\x01\x02", b"\x51a", array, text])


def big_binary_array(count: int) -> bytes:
    return binary([b"\xd1\x01\x02", b"\x51a", b"\xaf\x12" + struct.pack(">I", count) + b"\x01" * count])


BOMBS: dict[str, bytes] = {
    "2^60 paths": bomb(),
    "an array that holds itself": binary([b"\xd1\x01\x02", b"\x51a", b"\xa1\x02"]),
    "a dictionary that holds itself": binary([b"\xd1\x01\x00", b"\x51a"]),
    "one string a million times": shared_text(3 * MIB, MIB // 2),
    "one long string a thousand times": shared_text(3 * MIB, 1_000),
    "a million references": big_binary_array(4 * MIB - 200),
    "a length that nobody has": binary([b"\xd1\x01\x02", b"\x51a", b"\xaf\x13" + b"\x7f" * 8]),
    "an offset outside": b"bplist00" + b"\xd0" + b"\xff" * 4 + struct.pack(">6xBBQQQ", 4, 1, 1, 0, 9),
    "a table larger than the file": binary([b"\xd0"])[:-16] + struct.pack(">QQ", 0, 2**60),
    "a reference that leads nowhere": binary([b"\xd1\x01\x09", b"\x51a"]),
    "half a surrogate": binary([b"\xd1\x01\x02", b"\x51a", b"\x61\xd8\x00"]),
    "a date beyond all years": binary([b"\xd1\x01\x02", b"\x51a", b"\x33" + struct.pack(">d", 1e300)]),
    "a date that is no number": binary([b"\xd1\x01\x02", b"\x51a", b"\x33" + struct.pack(">d", float("nan"))]),
    "an integer of 128 bits": binary([b"\xd1\x01\x02", b"\x51a", b"\x14" + b"\x7f" * 16]),
    "a UID": binary([b"\xd1\x01\x02", b"\x51a", b"\x80\x01"]),
    "a binary key twice": binary([b"\xd2\x01\x01\x02\x02", b"\x51a", b"\x51x"]),
    "a key that is no string": binary([b"\xd1\x01\x01", b"\x10\x01"]),
    "a million nested arrays": HEAD + b"<array>" * 500_000,
    "a million empty arrays": xml(b"<array>" + b"<true/>" * (4 * MIB // 8) + b"</array>"),
    "a forest of open tags": b"<" * (4 * MIB),
    "short open tags": (b"<" * 79 + b">") * (4 * MIB // 80),
    "many attributes": HEAD + b"<dict " + b" ".join(b'a%d=""' % n for n in range(300_000)) + b"/></plist>",
    "an XML key twice": xml(b"<dict><key>UDID</key><string>a</string><key>UDID</key><string>b</string></dict>"),
    "4,000 digits": xml(b"<dict><key>a</key><integer>" + b"9" * 4_000 + b"</integer></dict>"),
    "a long hexadecimal integer": xml(b"<dict><key>a</key><integer>0x" + b"f" * 40 + b"</integer></dict>"),
    "an integer of 65 bits": xml(b"<dict><key>a</key><integer>18446744073709551616</integer></dict>"),
    "a billion laughs": declared(b'<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">', b"<string>&b;</string>"),
    "an external entity": declared(b'<!ENTITY a SYSTEM "file:///etc/passwd">', b"<string>&a;</string>"),
    "a parameter entity": declared(b'<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;', b"<string>x</string>"),
    "an entity that is not used": declared(b'<!ENTITY a "a">', b"<string>x</string>"),
    "a DOCTYPE of one's own": declared(b"<!ELEMENT plist ANY>", b"<string>x</string>"),
    "another document": b"<html><body/></html>",
    "two roots": xml(b"<dict/><dict/>"),
    "a value without a key": xml(b"<dict><string>a</string></dict>"),
    "a key without a value": xml(b"<dict><key>a</key></dict>"),
    "two keys in a row": xml(b"<dict><key>a</key><key>b</key><true/></dict>"),
    "a key outside": xml(b"<array><key>a</key></array>"),
    "an element in a text": xml(b"<dict><key>a<true/></key></dict>"),
    "an unknown element": xml(b"<dict><key>a</key><object/></dict>"),
    "data that is not base64": xml(b"<dict><key>a</key><data>****</data></dict>"),
    "a date of no calendar": xml(b"<dict><key>a</key><date>2024-13-45T00:00:00Z</date></dict>"),
    "a word for a real": xml(b"<dict><key>a</key><real>many</real></dict>"),
    "the wrong encoding": b'<?xml version="1.0" encoding="UTF-7"?><plist><string>+AGE-\xff</string></plist>',
    "nothing": b"",
    "only a plist": xml(b""),
    "an array at the root": xml(b"<array/>"),
    "the end of a file": b"bplist00",
    "noise": bytes(range(256)) * 16,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_in_time_and_space(name: str) -> None:
    body = BOMBS[name]
    assert len(body) <= guard.MAX_BODY
    started = time.process_time()
    with pytest.raises(BadRequest):
        plist.read(body)
    spent = time.process_time() - started
    assert spent < 0.25, f"{spent:.3f} s"
    tracemalloc.start()
    with pytest.raises(BadRequest):
        plist.read(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * MIB


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_the_largest_honest_message_is_read_in_time(form: Any) -> None:
    app = {"Identifier": "com.example.application", "Name": "An application", "ShortVersion": "1.2", "Version": "7",
           "BundleSize": 1_234_567, "DynamicSize": 7_654_321, "Installing": False, "IsAppClip": False}  # fmt: skip
    message = {"Status": "Acknowledged", "InstalledApplicationList": [app | {"N": str(n)} for n in range(3_000)]}
    body = plistlib.dumps(message, fmt=form)
    gc.collect()
    started = time.process_time()
    read = plist.read(body)
    spent = time.process_time() - started
    assert read == message
    assert spent < 0.25, f"{spent:.3f} s"


SPACED = b"A " * (2 * MIB - 100)


@pytest.mark.parametrize(
    "inner",
    [
        b"<data>" + SPACED + b"</data>",
        b"<string>" + b"&amp;" * 800_000 + b"</string>",
        b"<string>" + SPACED + b"</string>",
        b"<string>" + "é".encode() * (2 * MIB - 100) + b"</string>",
        b"<data>" + b"QUFB" * (MIB - 100) + b"</data>",
        b"<!--" + SPACED + b"--><true/>",
        b"<string><![CDATA[" + b"]" * (4 * MIB - 200) + b"]]></string>",
        b"<true/>" + b"\n" * (4 * MIB - 200),
    ],
)
def test_the_largest_texts_are_read_in_time_and_space(inner: bytes) -> None:
    body = xml(b"<dict><key>a</key>" + inner + b"</dict>")
    assert 3 * MIB < len(body) <= guard.MAX_BODY
    started = time.process_time()
    plist.read(body)
    spent = time.process_time() - started
    tracemalloc.start()
    plist.read(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert spent < 0.25, f"{spent:.3f} s"
    assert peak < 64 * MIB


def test_over_the_limit_is_said_so() -> None:
    with pytest.raises(TooLarge):
        plist.read(b"x" * (guard.MAX_BODY + 1))
    with pytest.raises(TooLarge):
        plist.read(xml(b"<dict/>"), limit=10)


VALUES = {
    "text": "Grüße 🍏", "empty": "", "yes": True, "no": False, "one": 1, "minus": -(2**63), "most": 2**64 - 1,
    "half": 0.5, "data": b"\x00\xff", "when": datetime(2024, 2, 29, 12, 0, 1), "list": [1, [2, {"a": []}]], "dict": {},
}  # fmt: skip


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_reads_what_others_write(form: Any) -> None:
    expected = VALUES | {"when": datetime(2024, 2, 29, 12, 0, 1, tzinfo=UTC)}
    assert plist.read(plistlib.dumps(VALUES, fmt=form)) == expected


def test_others_read_what_we_write() -> None:
    assert plistlib.loads(plist.write(VALUES)) == VALUES


def test_json_keeps_what_json_knows() -> None:
    read = plist.read(xml(b"<dict><key>a</key><real>nan</real><key>b</key><data>AAE=</data></dict>"))
    assert plist.jsonable(read) == {"a": None, "b": "0001"}


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures of real devices lie beside the project, not here")
@pytest.mark.parametrize(
    "name", ["Authenticate.1", "Authenticate.2", "DeviceInformation.1", "TokenUpdate.1", "TokenUpdate.2"]
)
def test_real_messages_read_as_the_standard_library_reads_them(name: str) -> None:
    body = (CAPTURES / f"{name}.plist").read_bytes()
    assert plist.read(body) == plistlib.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b"[" * 100_000,
        b'{"a":' + b"9" * 30 + b"}",
        b'{"a":NaN}',
        b"[]",
        b"",
        b"\xff",
        b'{"a":[' + b"1," * 100_000 + b"1]}",
    ],
)
def test_json_bombs(body: bytes) -> None:
    with pytest.raises(BadRequest):
        guard.read_json(body)


def test_json() -> None:
    assert guard.read_json(b'{"a":{"b":[1,true,null,"x",-9223372036854775808]}}') == {
        "a": {"b": [1, True, None, "x", -(2**63)]}
    }
