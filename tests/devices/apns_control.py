"""The fake push service's control interface: plain HTTP on loopback, JSON in and out."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.devices.apns import FakeAPNs
from tests.devices.apns_wire import Answer, Drop, GoAway, Script

LONGEST_WAIT = 60.0


class _Handler(BaseHTTPRequestHandler):
    apns: FakeAPNs

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/health":
            self._answer(
                200, {"url": self.apns.url, "pushes": len(self.apns.pushes), "devices": len(self.apns.registry.devices)}
            )
        elif parts.path == "/ca":
            self._answer(200, self.apns.ca_pem)
        elif parts.path == "/pushes":
            self._pushes({name: values[0] for name, values in parse_qs(parts.query).items()})
        else:
            self._answer(404, {"error": "no such path"})

    def do_POST(self) -> None:
        route = {"/devices": self._device, "/script": self._script, "/push-certificate": self._certificate}.get(
            self.path
        )
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if route is None:
            self._answer(404, {"error": "no such path"})
            return
        try:
            self._answer(200, route(json.loads(body)))
        except (KeyError, TypeError, ValueError) as error:
            self._answer(400, {"error": f"{type(error).__name__}: {error}"})

    def _pushes(self, query: Mapping[str, str]) -> None:
        after = int(query.get("after", 0))
        pushes = self.apns.after(after, min(float(query.get("wait", 0)), LONGEST_WAIT))
        self._answer(200, {"pushes": pushes, "next": after + len(pushes)})

    def _device(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        self.apns.register(content["token"], content["magic"], topic=content.get("topic"))
        return {}

    def _script(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        self.apns.script(_answer(content), content.get("token"), content.get("times", 1))
        return {}

    def _certificate(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        if "csr" in content:
            return {"certificate": self.apns.sign_push_request(content["csr"], content["topic"])}
        certificate, key = self.apns.issue_push_certificate(content["topic"])
        return {"certificate": certificate, "key": key}

    def _answer(self, status: int, content: str | Mapping[str, Any]) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-pem-file" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Silent: the pushes themselves are the log."""


def _answer(content: Mapping[str, Any]) -> Script:
    if content.get("drop"):
        return Drop()
    if content.get("goaway"):
        return GoAway()
    return Answer(content["status"], content.get("reason", ""), content.get("timestamp"))


class Control:
    """with Control(apns, port) as control: control.url"""

    def __init__(self, apns: FakeAPNs, port: int = 0) -> None:
        handler = type("Handler", (_Handler,), {"apns": apns})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
