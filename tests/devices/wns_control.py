"""The control interface of the fake Windows push service, and of a fake Entra: plain HTTP on loopback, JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.devices.entra import FakeEntra
from tests.devices.wns import Answer, FakeWNS

LONGEST_WAIT = 60.0


class _Handler(BaseHTTPRequestHandler):
    wns: FakeWNS
    entra: FakeEntra | None

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/health":
            known = {"url": self.wns.url, "token_url": self.wns.token_url, "channels": len(self.wns.channels)}
            known |= {"notifications": len(self.wns.notifications)}
            known |= {"tenant": self.entra.tenant} if self.entra else {}
            self._answer(200, known)
        elif parts.path == "/ca":
            self._answer(200, self.wns.ca_pem)
        elif parts.path == "/notifications":
            after = int(query.get("after", 0))
            found = self.wns.after(after, min(float(query.get("wait", 0)), LONGEST_WAIT))
            self._answer(200, {"notifications": found, "next": after + len(found)})
        else:
            self._answer(404, {"error": "no such path"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            self._answer(200, self._route(json.loads(body or b"{}")))
        except (KeyError, TypeError, ValueError) as error:
            self._answer(400, {"error": f"{type(error).__name__}: {error}"})

    def _route(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.path == "/channels":
            return {"uri": _channel(self.wns, content)}
        if self.path == "/token" and self.entra:
            return {"token": self.entra.token(**content)}
        if self.path == "/close":
            self.wns.close_channel(content["uri"], content.get("status", 410))
        elif self.path == "/expire-tokens":
            self.wns.expire_tokens()
        elif self.path == "/script":
            answer = Answer(content["status"], content.get("headers", {}))
            self.wns.script(answer, where=content.get("where", "channel"), times=content.get("times", 1))
        else:
            raise ValueError("no such path")
        return {}

    def _answer(self, status: int, content: str | Mapping[str, Any]) -> None:
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-pem-file" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Silent: the notifications themselves are the log."""


def _channel(wns: FakeWNS, content: Mapping[str, Any]) -> str:
    return wns.reopen_channel(content["uri"]) if "uri" in content else wns.open_channel(content["family"])


class Control:
    """with Control(wns, port) as control: control.url"""

    def __init__(self, wns: FakeWNS, port: int = 0, entra: FakeEntra | None = None) -> None:
        handler = type("Handler", (_Handler,), {"wns": wns, "entra": entra})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
