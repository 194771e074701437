"""The reader against another ASN.1 library, and against inputs made to exhaust it."""

import time

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.pki import cms, csr, der, envelope
from chalicelib.pki.errors import BadMessage, PkiError


def nested(depth: int, indefinite: bool) -> bytes:
    if indefinite:
        return b"\x30\x80" * depth + b"\0\0" * depth
    data = b""
    for _ in range(depth):
        data = der.sequence(data)
    return data


BOMBS = {
    "deep, definite": nested(20_000, False),
    "deep, indefinite": nested(60_000, True),
    "endless, indefinite": b"\x30\x80" * 100_000,
    "wide": der.sequence(b"\x05\x00" * 100_000),
    "wide, indefinite": b"\x30\x80" + b"\x05\x00" * 100_000 + b"\0\0",
    "giant OID": der.sequence(der.tlv(der.OID, b"\x81" * 200_000 + b"\x01")),
    "giant integer": der.sequence(der.tlv(der.INTEGER, b"\x7f" * 200_000)),
    "giant length": b"\x30\x84\xff\xff\xff\xff",
    "length of a length": b"\x30\xff" + b"\xff" * 200_000,
    "long tag": b"\x3f" + b"\xff" * 200_000,
    "pieces of pieces": b"\x24\x80" * 50_000 + b"\x04\x01a" + b"\0\0" * 50_000,
    "over the limit": der.tlv(der.OCTET_STRING, bytes(cms.MAX_MESSAGE)),
    "empty": b"",
}


def in_signed_data(inner: bytes) -> bytes:
    """Puts a bomb where the reader has already gone some levels down."""
    data = der.tlv(der.OID, der.oid("1.2.840.113549.1.7.2"))
    return der.sequence(data, der.tlv(0xA0, der.sequence(der.integer(1), der.set_of([]), inner)))


READERS = {
    "csr": csr.parse,
    "attached": cms.verify_attached,
    "detached": lambda data: cms.verify_detached(data, b"body"),
    "envelope": envelope.parse,
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("wrap", [lambda data: data, in_signed_data], ids=["bare", "inside"])
def test_bombs_fail_fast(reader, bomb, wrap) -> None:
    data = wrap(bomb)
    started = time.process_time()
    with pytest.raises(PkiError):
        reader(data)
    assert time.process_time() - started < 0.25


@given(st.binary(max_size=300))
def test_whatever_comes_only_our_error_leaves(data: bytes) -> None:
    for reader in READERS.values():
        with pytest.raises(PkiError):
            reader(data)


@given(st.integers(min_value=-(2**200), max_value=2**200))
def test_integers_are_written_as_another_library_writes_them(value: int) -> None:
    assert der.integer(value) == core.Integer(value).dump()


@given(st.tuples(st.integers(0, 1), st.integers(0, 39)), st.lists(st.integers(0, 2**40), max_size=8))
def test_oids_are_written_as_another_library_writes_them(first: tuple[int, int], rest: list[int]) -> None:
    dotted = ".".join(str(part) for part in (*first, *rest))
    assert der.tlv(der.OID, der.oid(dotted)) == core.ObjectIdentifier(dotted).dump()


@given(st.binary(max_size=70_000))
def test_octets_are_written_as_another_library_writes_them(data: bytes) -> None:
    assert der.tlv(der.OCTET_STRING, data) == core.OctetString(data).dump()
    assert der.parse(core.OctetString(data).dump(), 100_000).octets() == data


def test_indefinite_lengths_and_pieces_are_read() -> None:
    data = b"\x30\x80" + b"\x24\x80" + b"\x04\x02ab" + b"\x04\x01c" + b"\0\0" + b"\x02\x01\x05" + b"\0\0"
    fields = der.Fields(der.parse(data, 100))
    assert fields.take().octets() == b"abc"
    assert fields.take(der.INTEGER).body == b"\x05"
    fields.end()


@pytest.mark.parametrize(
    "data", [b"\x30\x03\x02\x01\x05\x00", b"\x30\x04\x02\x01\x05", b"\x04\x80ab\0\0", b"\x30\x80\x02\x01\x05"]
)
def test_bytes_too_many_or_too_few_are_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        der.parse(data, 100)


def test_a_set_is_sorted() -> None:
    assert der.set_of([b"\x02\x01\x07", b"\x02\x01\x05"]) == b"\x31\x06\x02\x01\x05\x02\x01\x07"


def test_open_lengths_are_bounded_in_depth_and_number() -> None:
    """Their ends have to be searched for, once on every level above."""
    deepest, longest = nested(der.MAX_DEPTH, True), b"\x30\x80" + b"\x05\x00" * (der.MAX_ELEMENTS - 1) + b"\0\0"
    assert der.parse(deepest, 10**6).raw == deepest
    assert der.parse(longest, 10**6).raw == longest
    for bomb in (nested(der.MAX_DEPTH + 1, True), longest[:2] + b"\x05\x00" + longest[2:]):
        with pytest.raises(BadMessage):
            der.parse(bomb, 10**6)
