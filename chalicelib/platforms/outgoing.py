"""HTTPS to services that we ask: bounded in time and size, without redirects, trusting what the settings say."""

import http.client
import select
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from chalicelib.core.errors import Unavailable

IDLE = 30  # seconds after which a kept line is not used again: services hang up silently
CHUNK = 64 * 1024
REPEATABLE = frozenset({"GET", "HEAD"})


class NoAnswer(Unavailable):
    """Whether the service did what it was asked is not known."""


class Overlong(NoAnswer):
    """The answer is larger than we read."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)


@dataclass(slots=True)
class _Line:
    connection: http.client.HTTPSConnection
    used_at: float = 0.0

    def open(self) -> bool:
        """Whether it can be used again. Wall-clock time, since a function that sleeps does not hear the other side."""
        sock = self.connection.sock
        if sock is None or not 0 <= time.time() - self.used_at < IDLE:
            return False
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return not poll.poll(0)  # nothing was asked: what there is to read is a farewell


class Lines:
    """Keeps a line to each host between requests. `timeout`: to connect, between packets, and for the whole body."""

    def __init__(self, trust: str, timeout: float, largest: int) -> None:
        """`trust` is PEM; empty means the system's trust store."""
        self._trust, self._timeout, self._largest = trust, timeout, largest
        self._kept: dict[str, _Line] = {}

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """NoAnswer, Overlong. Only what may be repeated is, and only where a kept line turned out to be dead."""
        address = urlsplit(url)
        if address.scheme != "https" or not address.hostname:
            raise Unavailable(f"{address.hostname or 'The service'} is asked over HTTPS only; correct its address.")
        line = self._kept.pop(address.netloc, None)  # nobody else may speak on it meanwhile
        try:
            if line and line.open():
                try:
                    return self._exchange(line, method, address, headers, body)
                except (ConnectionError, ssl.SSLError):
                    if method not in REPEATABLE:
                        raise
            return self._exchange(self._new(address.netloc), method, address, headers, body)
        except (OSError, http.client.HTTPException) as problem:
            reason = getattr(problem, "reason", "") or type(problem).__name__
            raise NoAnswer(f"No answer from {address.hostname}: {reason}; try again in a few minutes.") from problem

    def close(self) -> None:
        while self._kept:
            self._kept.popitem()[1].connection.close()

    def _new(self, netloc: str) -> _Line:
        return _Line(http.client.HTTPSConnection(netloc, timeout=self._timeout, context=_context(self._trust)))

    def _exchange(
        self, line: _Line, method: str, address: SplitResult, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        try:
            line.connection.request(method, target, body, dict(headers))
            response = line.connection.getresponse()
            content = self._content(response)
        except BaseException:  # half a conversation is not continued, whoever interrupted it
            line.connection.close()
            raise
        if line.connection.sock is not None:
            line.used_at = time.time()
            self._kept[address.netloc] = line
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def _content(self, response: http.client.HTTPResponse) -> bytes:
        until = time.monotonic() + self._timeout
        content = bytearray()
        while chunk := response.read1(CHUNK):
            content += chunk
            if len(content) > self._largest:
                raise Overlong("The answer is larger than Muster reads.")
            if time.monotonic() > until:
                raise TimeoutError("slow")
        if response.length:  # http.client takes an early end for the end
            raise http.client.IncompleteRead(bytes(content), response.length)
        response.close()
        return bytes(content)


def fetch(url: str, *, trust: str, timeout: float, largest: int, accept: str = "application/json") -> Answer:
    """One GET on a line of its own. NoAnswer, Overlong."""
    lines = Lines(trust, timeout, largest)
    try:
        return lines.ask("GET", url, {"accept": accept})
    finally:
        lines.close()


@lru_cache(maxsize=4)
def _context(trust: str) -> ssl.SSLContext:
    """To read the system's trust store takes longer than to ask."""
    return ssl.create_default_context(cadata=trust or None)
