"""A fake Windows Push Notification service: the token endpoint of login.live.com, and channels."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.devices.apple.transport import Reply
from tests.devices.windows.loopback import Loopback

LARGEST = 5000  # bytes of a raw notification
TOKEN_PATH = "/accesstoken.srf"
TYPES = {
    "wns/raw": "application/octet-stream",
    "wns/toast": "text/xml",
    "wns/tile": "text/xml",
    "wns/badge": "text/xml",
}


@dataclass(frozen=True)
class Notification:
    """One POST to a channel, and what it was answered."""

    channel: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)
    status: int
    error: str = ""
    at: float = field(default_factory=time.time)


@dataclass
class Channel:
    family: str  # PFN
    on_push: Callable[[Notification], object] | None = None
    status: int = 200  # 404, 410: the channel is no more


@dataclass(frozen=True)
class Answer:
    """What a request gets instead; headers such as Retry-After on top."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeWNS:
    """with FakeWNS(sid, secret) as wns: …; host: of the channel URIs (*.notify.windows.com)."""

    def __init__(
        self,
        sid: str = "ms-app://s-1-15-2-1",
        secret: str = "wns-secret",
        *,
        host: str = "",
        port: int = 0,
        served: tuple[str, str] | None = None,
    ) -> None:
        self.sid, self.secret = sid, secret
        names = ("login.live.com", "*.notify.windows.com", "db5p.notify.windows.com")
        self._door = Loopback(self._answer, names, port, served)
        self.url, self.ca_pem, self.port = self._door.url, self._door.ca_pem, self._door.port
        self.token_url = f"{self.url}{TOKEN_PATH}"
        self.host = host or f"127.0.0.1:{self.port}"
        self.channels: dict[str, Channel] = {}
        self.tokens: dict[str, float] = {}  # access token → when it ends
        self.token_requests: list[dict[str, str]] = []
        self.notifications: list[Notification] = []
        self.complaints: list[str] = []
        self.changed = threading.Condition()
        self._scripts: list[list[Any]] = []  # [Answer, where, times]

    def __enter__(self) -> Self:
        self._door.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._door.__exit__(*exception)

    # -- control

    def open_channel(self, family: str, on_push: Callable[[Notification], object] | None = None) -> str:
        """The URI for WindowsPC(channels=wns.open_channel)."""
        name = secrets.token_urlsafe(24)
        self.channels[name] = Channel(family, on_push)
        return f"https://{self.host}/?token={name}"

    def reopen_channel(self, uri: str) -> str:
        """One of an earlier life of this service."""
        self.channels.setdefault(_name(uri), Channel(""))
        return uri

    def close_channel(self, uri: str, status: int = 410) -> None:
        """410 an expired channel, 404 one that never was."""
        self.channels[_name(uri)].status = status

    def on_push(self, uri: str, act: Callable[[Notification], object]) -> None:
        self.channels[_name(uri)].on_push = act

    def expire_tokens(self) -> None:
        self.tokens = dict.fromkeys(self.tokens, 0.0)

    def script(self, answer: Answer | int, *, where: str = "channel", times: int = 1) -> None:
        """The next requests to a channel, or to the token endpoint (where="token"), are answered so."""
        made = Answer(answer) if isinstance(answer, int) else answer
        self._scripts.append([made, where, times])

    def throttle(self, times: int = 1, seconds: int = 30) -> None:
        self.script(Answer(406, {"Retry-After": str(seconds), "X-WNS-Status": "dropped"}), times=times)

    def wait_for(self, count: int, timeout: float = 10.0) -> list[Notification]:
        """All notifications, once there are at least count; TimeoutError else."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.notifications) >= count, timeout):
                raise TimeoutError(f"{len(self.notifications)} notifications after {timeout} s, {count} expected")
            return list(self.notifications)

    def after(self, number: int, wait: float) -> list[dict[str, Any]]:
        """Notifications from the number-th on, as soon as there is one; for the control interface."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.notifications) > number, wait)
            found = self.notifications[number:]
        return [asdict(one) | {"body": one.body.hex(), "headers": dict(one.headers)} for one in found]

    # -- the service

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if urlsplit(path).path == TOKEN_PATH:
            return self._scripted("token") or self._token(method, headers, body)
        if method == "POST":
            return self._notify(path, headers, body)
        return Reply(405, {}, b"")

    def _token(self, method: str, headers: Mapping[str, str], body: bytes) -> Reply:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.token_requests.append(form)
        right = {"grant_type": "client_credentials", "scope": "notify.windows.com"}
        if method != "POST" or not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return _json(400, {"error": "invalid_request"})
        if any(form.get(name) != value for name, value in right.items()):
            return _json(400, {"error": "invalid_scope", "error_description": "grant_type or scope is wrong"})
        if (form.get("client_id"), form.get("client_secret")) != (self.sid, self.secret):
            return _json(400, {"error": "invalid_client", "error_description": "Invalid client id or secret"})
        token = secrets.token_urlsafe(32)
        self.tokens[token] = time.time() + 86400
        return _json(200, {"token_type": "bearer", "access_token": token, "expires_in": 86400})

    def _notify(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        name = parse_qs(urlsplit(path).query).get("token", [""])[0]
        scripted = self._scripted("channel")
        status, error = (scripted.status, "scripted") if scripted else self._judge(name, headers, body)
        noted = Notification(name, body, dict(headers), status, error)
        with self.changed:
            self.notifications.append(noted)
            self.changed.notify_all()
        if error and not scripted:
            self.complaints.append(f"{status}: {error}")
        channel = self.channels.get(name)
        if status == 200 and channel and channel.on_push:
            threading.Thread(target=channel.on_push, args=(noted,), daemon=True).start()
        fate = "received" if status == 200 else "dropped"
        told = {"X-WNS-Status": fate, "X-WNS-NotificationStatus": fate, "X-WNS-DeviceConnectionStatus": "connected"}
        told |= {"X-WNS-Msg-ID": secrets.token_hex(8).upper()}
        told |= {"X-WNS-Error-Description": error} if error else {}
        return Reply(status, {**told, **(scripted.headers if scripted else {})}, b"")

    def _judge(self, name: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        kind = headers.get("x-wns-type", "")
        channel = self.channels.get(name)
        closed = channel.status if channel else 404
        sent_type = headers.get("content-type", "").split(";")[0]
        checks: list[tuple[bool, int, str]] = [
            (scheme.lower() != "bearer" or self.tokens.get(token, 0.0) < time.time(), 401, "the token is not valid"),
            (channel is None, 404, "no such channel"),
            (closed != 200, closed, "the channel is closed"),
            (kind not in TYPES, 400, f"X-WNS-Type {kind!r}"),
            (TYPES.get(kind) != sent_type, 400, f"Content-Type {sent_type} for {kind}"),
            (len(body) > LARGEST, 413, "the payload is too large"),
        ]  # fmt: skip
        return next(((status, text) for wrong, status, text in checks if wrong), (200, ""))

    def _scripted(self, where: str) -> Reply | None:
        for entry in self._scripts:
            answer, place, left = entry
            if place == where and left > 0:
                entry[2] -= 1
                return Reply(answer.status, answer.headers, b"")
        return None


def _name(uri: str) -> str:
    return parse_qs(urlsplit(uri).query)["token"][0]


def _json(status: int, content: Mapping[str, Any]) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(content).encode())
