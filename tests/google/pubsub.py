"""Pub/Sub push as Google does it: signed, retried, at least once; and on order lost, doubled, out of order, held."""

from __future__ import annotations

import base64
import heapq
import http.client
import itertools
import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.google.world import World

ACKNOWLEDGED = (102, 200, 201, 202, 204)
PAUSES = (0.2, 0.5, 1.0, 2.0)  # seconds of real time before the second, third, … attempt
LOG = 2000


class Pushes:
    """publish → messages → deliveries, one at a time and in order, on a thread of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.mode: dict[str, Any] = {"mode": "normal", "types": []}
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG)
        self._held: list[dict[str, Any]] = []
        self._due: list[tuple[float, int, int, dict[str, Any]]] = []
        self._order = itertools.count()
        self._change = threading.Condition()
        self._stopped = False
        self._fresh = 0  # deliveries whose first attempt is still to come

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True, name="pubsub").start()

    def stop(self) -> None:
        with self._change:
            self._stopped = True
            self._change.notify_all()

    def pump(self) -> None:
        """Takes what the services published; called under the world's lock after each request."""
        while self._world.outbox:
            self._route(*self._world.outbox.popleft())

    def settle(self, seconds: float = 20.0) -> bool:
        """Waits until each delivery was attempted once."""
        with self._change:
            return self._change.wait_for(lambda: self._fresh == 0 or self._stopped, seconds)

    def flush(self) -> int:
        """Lets held messages go: in order, or the last first in mode reorder."""
        held, self._held = self._held, []
        for one in reversed(held) if self.mode["mode"] == "reorder" else held:
            self._queue(one)
        return len(held)

    def take(self) -> list[dict[str, Any]]:
        """Held messages as the HTTP requests they would have become, for a receiver without a socket."""
        held, self._held = self._held, []
        return [self._request(one) | {"type": one["type"], "id": one["id"]} for one in held]

    def again(self, identifier: str) -> bool:
        """The same message once more, as Pub/Sub may send it at any time."""
        found = [one for one in self.log if one["id"] == identifier]
        for one in found[:1]:
            self._queue(one)
        return bool(found)

    def _route(self, topic: str, kind: str, payload: Any) -> None:
        for name, said in self._world.table("subscriptions").items():
            if said["topic"] != topic:
                continue
            message = self._message(name, kind, payload)
            self.log.append(message)
            mode = self.mode["mode"] if not self.mode["types"] or kind in self.mode["types"] else "normal"
            if mode in ("hold", "reorder"):
                self._held.append(message)
            for _ in range({"normal": 1, "duplicate": 2}.get(mode, 0)):
                self._queue(message)

    def _message(self, subscription: str, kind: str, payload: Any) -> dict[str, Any]:
        identifier, at = self._world.digits(17), self._world.clock.stamp()
        message: dict[str, Any] = {"attributes": {"notificationType": kind}}
        if payload is not None:
            message["data"] = base64.b64encode(json.dumps(payload).encode()).decode()
        message |= {"messageId": identifier, "message_id": identifier, "publishTime": at, "publish_time": at}
        body = {"message": message, "subscription": subscription}
        return {
            "id": identifier,
            "type": kind,
            "subscription": subscription,
            "body": body,
            "payload": payload,
            "attempts": [],
        }

    def _queue(self, message: dict[str, Any], tries: int = 0) -> None:
        pause = PAUSES[tries - 1] if tries else 0.0
        with self._change:
            self._fresh += tries == 0
            heapq.heappush(self._due, (time.monotonic() + pause, next(self._order), tries, message))
            self._change.notify_all()

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            tries, message = delivery
            status = self._attempt(message)
            message["attempts"].append(status)
            if status not in ACKNOWLEDGED and tries < len(PAUSES):
                self._queue(message, tries + 1)
            with self._change:
                self._fresh -= tries == 0
                self._change.notify_all()

    def _next(self) -> tuple[int, dict[str, Any]] | None:
        with self._change:
            while not self._stopped:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2:]
                self._change.wait(wait)
        return None

    def _request(self, message: dict[str, Any]) -> dict[str, Any]:
        said = self._world.table("subscriptions")[message["subscription"]]
        headers = {
            "content-type": "application/json", "from": "noreply@google.com",
            "user-agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
        }  # fmt: skip
        if said["service_account_email"]:
            headers["authorization"] = f"Bearer {self._world.keys.sign(claims(self._world, said))}"
        return {"url": said["push_endpoint"], "headers": headers, "body": json.dumps(message["body"])}

    def _attempt(self, message: dict[str, Any]) -> int:
        """The status, 0 if nobody answered."""
        said = self._world.table("subscriptions").get(message["subscription"])
        if said is None:
            return 204
        request = self._request(message)
        try:
            return post(request["url"], request["headers"], request["body"].encode(), said["ca"])
        except (OSError, http.client.HTTPException):
            return 0


def claims(world: World, subscription: Mapping[str, Any]) -> dict[str, Any]:
    """What a push token says."""
    now, email = int(world.clock.now()), subscription["service_account_email"]
    return {
        "aud": subscription["audience"] or subscription["push_endpoint"], "azp": subscription["number"], "email": email,
        "email_verified": True, "exp": now + 3600, "iat": now, "iss": "https://accounts.google.com",
        "sub": subscription["number"],
    }  # fmt: skip


def post(url: str, headers: Mapping[str, str], body: bytes | None, ca: str = "", verb: str = "POST") -> int:
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context(cadata=ca or None)
        connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    sent = {name.title(): value for name, value in headers.items()}
    try:
        connection.request(verb, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, sent)
        return connection.getresponse().status
    finally:
        connection.close()
