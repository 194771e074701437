"""Request bodies of the front door: by length or in chunks, never more than API Gateway takes."""

import re
from email.message import Message
from io import BufferedIOBase

LARGEST_BODY = 10 * 1024 * 1024
LONGEST_LINE = 4096  # of a chunk's head or a trailer
MOST_TRAILERS = 64


class BodyRefused(Exception):
    """What follows on the connection cannot be told from the body: the connection ends with the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def read(stream: BufferedIOBase, headers: Message) -> bytes:
    coding = headers.get("Transfer-Encoding")
    if coding is None:
        return _by_length(stream, headers.get("Content-Length", "0"))
    if "Content-Length" in headers:  # two opinions about where a body ends are an attack (RFC 9112 §6.3)
        raise BodyRefused(400, "Bad Request")
    if coding.strip().lower() != "chunked":
        raise BodyRefused(501, "Not Implemented")
    return _in_chunks(stream)


def _by_length(stream: BufferedIOBase, length: str) -> bytes:
    if not re.fullmatch(r"[0-9]{1,16}", length):
        raise BodyRefused(411, "Length Required")
    return _exactly(stream, _within(int(length)))


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise BodyRefused(400, "Bad Request")
    return content


def _in_chunks(stream: BufferedIOBase) -> bytes:
    # RFC 9112 §7.1
    body = bytearray()
    while size := _size(_line(stream)):
        _within(len(body) + size)
        body += _exactly(stream, size)
        if _line(stream):
            raise BodyRefused(400, "Bad Request")
    for _ in range(MOST_TRAILERS):
        if not _line(stream):
            return bytes(body)
    raise BodyRefused(400, "Bad Request")


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(LONGEST_LINE)
    if not line.endswith(b"\r\n"):
        raise BodyRefused(400, "Bad Request")
    return line[:-2]


def _size(head: bytes) -> int:
    found = re.fullmatch(rb"([0-9A-Fa-f]{1,16})[ \t]*(;.*)?", head)
    if not found:
        raise BodyRefused(400, "Bad Request")
    return int(found[1], 16)


def _within(size: int) -> int:
    if size > LARGEST_BODY:
        raise BodyRefused(413, "Request Entity Too Large")
    return size
