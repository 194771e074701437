"""One HTTP/2 connection to APNs (RFC 9113): many requests at once, each answered by a status and a reason."""

import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error

CONNECT_TIMEOUT = 5.0
BATCH_TIMEOUT = 20.0
LONGEST_REASON = 4096


class Broken(Exception):
    """The connection ended before all was answered; the text says why."""


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int  # 0: the stream was reset
    reason: str = ""
    timestamp: int = 0  # 410: since when the token has been invalid, epoch milliseconds


@dataclass(slots=True)
class _Stream:
    name: str
    status: int = 0
    body: bytearray = field(default_factory=bytearray)

    def answer(self) -> Answer:
        try:
            told = json.loads(self.body) if self.body else {}
            return Answer(self.status, str(told.get("reason", "")), int(told.get("timestamp", 0)))
        except (ValueError, TypeError, AttributeError):
            return Answer(self.status)


class Connection:
    """A context manager; OSError (also of TLS) or Broken where it fails."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        address = urlsplit(url)
        if address.scheme != "https" or not address.hostname:
            raise Broken("the address of the push service has to start with https://")
        self._host, self._port, self._authority = address.hostname, address.port or 443, address.netloc
        self._context = context
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._streams: dict[int, _Stream] = {}
        self._introduced = False
        self._deadline = time.monotonic() + BATCH_TIMEOUT

    def __enter__(self) -> "Connection":
        plain = socket.create_connection((self._host, self._port), CONNECT_TIMEOUT)
        try:
            self._socket = self._context.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise
        if self._socket.selected_alpn_protocol() != "h2":
            self._socket.close()
            raise Broken("the push service does not speak HTTP/2")
        self._h2.initiate_connection()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def exchange(self, requests: Mapping[str, Request]) -> Iterator[tuple[str, Answer]]:
        """Each answer as it comes, under the name of its request."""
        waiting = list(requests.items())
        try:
            while waiting or self._streams:
                while waiting and self._has_room(len(waiting[-1][1].body)):
                    self._start(*waiting.pop())
                yield from self._turn()
        except H2Error as error:
            raise Broken(f"the push service broke the protocol ({type(error).__name__})") from error

    def _has_room(self, size: int) -> bool:
        """Nothing is sent before APNs has said how many streams it takes, and so has accepted the certificate."""
        most = self._h2.remote_settings.max_concurrent_streams if self._introduced else 0
        return len(self._streams) < most and self._window() >= size

    def _window(self) -> int:
        return min(self._h2.outbound_flow_control_window, self._h2.remote_settings.initial_window_size)

    def _start(self, name: str, request: Request) -> None:
        stream = self._h2.get_next_available_stream_id()
        fixed = ((":method", "POST"), (":scheme", "https"), (":authority", self._authority), (":path", request.path))
        self._h2.send_headers(stream, [*fixed, *request.headers])
        self._h2.send_data(stream, request.body, end_stream=True)
        self._streams[stream] = _Stream(name)

    def _turn(self) -> Iterator[tuple[str, Answer]]:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Broken("the push service is too slow")
        self._socket.settimeout(left)
        self._socket.sendall(self._h2.data_to_send())
        data = self._socket.recv(65_536)
        if not data:
            raise Broken("it was closed" if self._introduced else "closed at once; is the push certificate right?")
        for event in self._h2.receive_data(data):
            yield from self._take(event)

    def _take(self, event: Event) -> Iterator[tuple[str, Answer]]:
        if isinstance(event, ConnectionTerminated):
            raise Broken(f"GOAWAY {_told(event.additional_data)}".strip())
        if isinstance(event, RemoteSettingsChanged):
            self._introduced = True
        stream = self._streams.get(getattr(event, "stream_id", 0) or 0)
        if stream is None:
            return
        if isinstance(event, ResponseReceived):
            stream.status = next(int(value) for name, value in event.headers if name == b":status")
        elif isinstance(event, DataReceived):
            stream.body += (event.data or b"")[: LONGEST_REASON - len(stream.body)]
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded | StreamReset):
            del self._streams[event.stream_id]
            yield stream.name, stream.answer() if isinstance(event, StreamEnded) else Answer(0)


def _told(data: bytes | None) -> str:
    """The reason that APNs gives with a GOAWAY."""
    try:
        return str(json.loads(data or b"{}").get("reason", ""))[:100]
    except (ValueError, AttributeError):
        return ""
