"""Keep-alive HTTP connections, shared by threads. On http.client: urllib3 takes 80 ms to import, this takes 26."""

import http.client
import select
import ssl
import threading
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

TIMEOUT = 5.0  # seconds to connect, and again between two packets


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


class ConnectionLost(Exception):
    """No complete answer: the request may or may not have been carried out."""


class Transport(Protocol):
    def send(self, origin: str, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """ConnectionLost."""


class Pool:
    """Idle connections by origin (scheme and host); one request at a time uses one."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout, self._lock = timeout, threading.Lock()
        self._idle: dict[str, list[http.client.HTTPConnection]] = {}
        self._tls: ssl.SSLContext | None = None

    def send(self, origin: str, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        connection = self._take(origin)
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            data = response.read()  # without a length: only then is a short answer an error
        except (OSError, http.client.HTTPException) as problem:
            connection.close()
            raise ConnectionLost(type(problem).__name__) from problem
        if response.will_close or not response.isclosed():
            connection.close()
        else:
            self._give_back(origin, connection)
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, data)

    def _take(self, origin: str) -> http.client.HTTPConnection:
        while idle := self._idle_connection(origin):
            if not _hung_up(idle):
                return idle
            idle.close()
        parts = urlsplit(origin)
        if parts.scheme == "http":  # a local endpoint only: wiring names it
            return http.client.HTTPConnection(parts.netloc, timeout=self._timeout)
        return http.client.HTTPSConnection(parts.netloc, timeout=self._timeout, context=self._context())

    def _idle_connection(self, origin: str) -> http.client.HTTPConnection | None:
        with self._lock:
            idle = self._idle.get(origin)
            return idle.pop() if idle else None

    def _give_back(self, origin: str, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._idle.setdefault(origin, []).append(connection)

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            self._tls = self._tls or ssl.create_default_context()
            return self._tls


def _hung_up(connection: http.client.HTTPConnection) -> bool:
    """An idle connection with something to read was closed by the other side, as a rule while we were frozen."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])
