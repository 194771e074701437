"""Bodies by length and in chunks: what is taken, what is refused, and that nothing is read beyond the limit."""

import io
from email.message import Message

import pytest

from chalicelib.cli.dev import bodies
from chalicelib.cli.dev.bodies import LARGEST_BODY, BodyRefused


def read(raw: bytes, **headers: str) -> tuple[bytes, bytes]:
    """The body, and what is left on the connection."""
    stream, message = io.BytesIO(raw), Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return bodies.read(stream, message), stream.read()


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"0\r\n\r\n", b""),
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\n\r\n", b"abc0123456789"),
        (b"3\r\n\r\n\n\r\n00\r\nTrailer: x\r\n\r\n", b"\r\n\n"),
    ],
)
def test_chunks_become_one_body(raw: bytes, body: bytes) -> None:
    assert read(raw + b"next", Transfer_Encoding="Chunked") == (body, b"next")


@pytest.mark.parametrize("length", [0, 5])
def test_a_length_is_what_is_read(length: int) -> None:
    assert read(b"12345next", Content_Length=str(length)) == (b"12345"[:length], b"12345next"[length:])


def test_no_body_without_headers() -> None:
    assert read(b"next") == (b"", b"next")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"x\r\n",
        b"-1\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"3\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nab",
        b"3\r\nabc\r\n",
        b"3\r\nabc\r\n0\r\n",
        b"3;" + b"x" * 5000 + b"\r\nabc\r\n0\r\n\r\n",
        b"0\r\n" + b"A: b\r\n" * 65 + b"\r\n",
        b"1" * 17 + b"\r\n",
    ],
)
def test_bad_chunks_are_refused(raw: bytes) -> None:
    with pytest.raises(BodyRefused) as refusal:
        read(raw, Transfer_Encoding="chunked")
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Length": "3", "Transfer_Encoding": "chunked"}, 400),
        ({"Transfer_Encoding": "gzip, chunked"}, 501),
        ({"Content_Length": "-1"}, 411),
        ({"Content_Length": "٣"}, 411),
        ({"Content_Length": "9"}, 400),
        ({"Content_Length": str(LARGEST_BODY + 1)}, 413),
    ],
)
def test_headers_that_are_refused(headers: dict[str, str], status: int) -> None:
    with pytest.raises(BodyRefused) as refusal:
        read(b"3\r\nabc\r\n0\r\n\r\n"[:8], **headers)
    assert refusal.value.status == status


def test_chunks_are_counted_before_they_are_read() -> None:
    half = LARGEST_BODY // 2
    first = f"{half:x}\r\n".encode() + bytes(half) + b"\r\n"
    assert len(read(first * 2 + b"0\r\n\r\n", Transfer_Encoding="chunked")[0]) == LARGEST_BODY
    stream, message = io.BytesIO(first + f"{half + 1:x}\r\n".encode() + b"unread"), Message()
    message["Transfer-Encoding"] = "chunked"
    with pytest.raises(BodyRefused) as refusal:
        bodies.read(stream, message)
    assert refusal.value.status == 413
    assert stream.read() == b"unread"
