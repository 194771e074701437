"""The wire of the fake push service: HTTP/2 requests checked and answered as Apple does (apple.md, section 4)."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from tests.devices.apns_authority import topic_of

TOKEN = re.compile(r"(?:[0-9a-f]{2}){1,100}", re.IGNORECASE)
PAYLOAD_LIMIT = 4096


@dataclass(frozen=True)
class Answer:
    """A scripted answer; timestamp (ms) belongs to 410."""

    status: int
    reason: str = ""
    timestamp: int | None = None


@dataclass(frozen=True)
class Drop:
    """The connection breaks before an answer."""


@dataclass(frozen=True)
class GoAway:
    """The server says GOAWAY and closes; the push is unanswered."""


Script = Answer | Drop | GoAway


@dataclass(frozen=True)
class Push:
    """One request as it came in, and what it was answered; status 0: not at all."""

    token: str
    topic: str
    push_type: str
    priority: str
    expiration: str
    magic: str
    status: int
    reason: str
    at: float


@dataclass
class Registered:
    magic: str
    topic: str | None = None
    on_push: Callable[[Push], object] | None = None


@dataclass
class Registry:
    """Who is reachable, what was pushed, what is scripted; shared between the server's thread and the test's."""

    strict: bool = False
    devices: dict[str, Registered] = field(default_factory=dict)
    pushes: list[Push] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    scripts: deque[list[Any]] = field(default_factory=deque)  # [script, token or None, times left]
    changed: threading.Condition = field(default_factory=threading.Condition)

    def scripted(self, token: str) -> Script | None:
        for entry in self.scripts:
            script, wanted, left = entry
            if left > 0 and wanted in (None, token):
                entry[2] -= 1
                return script  # type: ignore[no-any-return]
        return None

    def record(self, push: Push) -> None:
        with self.changed:
            self.pushes.append(push)
            self.changed.notify_all()
        known = self.devices.get(push.token)
        if push.status != 200 or known is None:
            return
        if known.magic != push.magic:  # Apple does not know the magic: 200, and the device ignores it
            self.complaints.append(f"{push.token}: the magic is {push.magic}, the device has {known.magic}")
        elif known.on_push is not None:
            threading.Thread(target=known.on_push, args=(push,), daemon=True).start()


@dataclass
class Request:
    headers: dict[str, str]
    body: bytes = b""


class Connection(asyncio.Protocol):
    """One HTTP/2 connection of one push certificate."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.requests: dict[int, Request] = {}
        self.topic: str | None = None
        self.has_certificate = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        der = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        self.has_certificate = der is not None
        self.topic = topic_of(x509.load_der_x509_certificate(der)) if der else None
        self.http.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self.http.receive_data(data)
        except ProtocolError:
            events = []
            self.transport.write(self.http.data_to_send())
            self.transport.close()
        for event in events:
            if isinstance(event, RequestReceived):
                self.requests[event.stream_id] = Request({_text(name): _text(value) for name, value in event.headers})
            elif isinstance(event, DataReceived):
                self.requests[event.stream_id].body += event.data
                self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                self._serve(event.stream_id, self.requests.pop(event.stream_id))
            elif isinstance(event, ConnectionTerminated):
                self.transport.close()
        if not self.transport.is_closing():
            self._flush()

    def _flush(self) -> None:
        self.transport.write(self.http.data_to_send())

    def _serve(self, stream: int, request: Request) -> None:
        token = request.headers.get(":path", "").removeprefix("/3/device/").lower()
        answer = self._refusal(request, token) or self.registry.scripted(token) or self._verdict(token)
        said = answer if isinstance(answer, Answer) else Answer(0)
        self.registry.record(_push(token, request, said))
        if isinstance(answer, Drop):
            self.transport.abort()
        elif isinstance(answer, GoAway):
            self.http.close_connection(ErrorCodes.NO_ERROR, b'{"reason":"Shutdown"}', last_stream_id=0)
            self._flush()
            self.transport.close()
        else:
            self._answer(stream, said)

    def _answer(self, stream: int, answer: Answer) -> None:
        content: dict[str, Any] = {"reason": answer.reason} if answer.reason else {}
        if answer.timestamp is not None:
            content["timestamp"] = answer.timestamp
        headers = [(":status", str(answer.status)), ("apns-id", str(uuid.uuid4()).upper())]
        if content:
            headers.append(("content-type", "application/json"))
        self.http.send_headers(stream, headers, end_stream=not content)
        if content:
            self.http.send_data(stream, json.dumps(content).encode(), end_stream=True)

    def _refusal(self, request: Request, token: str) -> Answer | None:
        headers = request.headers
        checks = (
            (not self.has_certificate, 403, "MissingProviderToken"),
            (self.topic is None or not self.topic.startswith("com.apple.mgmt"), 403, "BadCertificate"),
            (headers[":method"] != "POST", 405, "MethodNotAllowed"),
            (not headers.get(":path", "").startswith("/3/device/"), 404, "BadPath"),
            (not TOKEN.fullmatch(token), 400, "BadDeviceToken"),
            (headers.get("apns-push-type") != "mdm", 400, "InvalidPushType"),
            ("apns-topic" not in headers, 400, "MissingTopic"),
            (headers.get("apns-topic") != self.topic, 400, "TopicDisallowed"),
            (headers.get("apns-priority", "10") not in ("5", "10"), 400, "BadPriority"),
            (not headers.get("apns-expiration", "0").isdigit(), 400, "BadExpirationDate"),
            (not request.body, 400, "PayloadEmpty"),
            (len(request.body) > PAYLOAD_LIMIT, 413, "PayloadTooLarge"),
            (_magic(request.body) is None, 400, "BadPayload"),
        )
        return next((Answer(status, reason) for wrong, status, reason in checks if wrong), None)

    def _verdict(self, token: str) -> Answer:
        known = self.registry.devices.get(token)
        if known is None and self.registry.strict:
            return Answer(400, "BadDeviceToken")
        if known is not None and known.topic not in (None, self.topic):
            return Answer(400, "DeviceTokenNotForTopic")
        return Answer(200)


def _push(token: str, request: Request, answer: Answer) -> Push:
    def header(name: str) -> str:
        return request.headers.get(f"apns-{name}", "")

    return Push(token, header("topic"), header("push-type"), header("priority"), header("expiration"),
                _magic(request.body) or "", answer.status, answer.reason, time.time())  # fmt: skip


def _magic(body: bytes) -> str | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    magic = content.get("mdm") if isinstance(content, dict) and content.keys() == {"mdm"} else None
    return magic if isinstance(magic, str) else None


def _text(raw: str | bytes) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw
