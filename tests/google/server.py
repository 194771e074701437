"""HTTP on loopback: HTTPS for the services, plain for the control plane; connections stay open, handshakes never block
the door."""

from __future__ import annotations

import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.google.gateway import Answer

Answering = Callable[[str, str, Mapping[str, str], bytes], Answer]
LARGEST = 16 * 2**20
IDLE = 60.0


class _Handler(BaseHTTPRequestHandler):
    server: Door
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = IDLE

    def _do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST:
            self.close_connection = True
            self.send_error(413)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answering(self.command, self.path, headers, self.rfile.read(length))
        if answer.lost:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815 - names that the base class looks up

    def version_string(self) -> str:
        return "ESF"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Silent."""


class Door(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answering: Answering, port: int = 0, context: ssl.SSLContext | None = None) -> None:
        self.answering, self._context = answering, context
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[Any, Any]:
        """The handshake is made by the thread of the connection, at its first read."""
        connection, address = super().get_request()
        if self._context:
            connection.settimeout(IDLE)
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up or trusts another authority is its own affair; anything else is a fault of ours."""
        if not isinstance(sys.exception(), OSError | ssl.SSLError):
            super().handle_error(request, client_address)

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    @property
    def port(self) -> int:
        address: tuple[str, int] = self.socket.getsockname()
        return address[1]
