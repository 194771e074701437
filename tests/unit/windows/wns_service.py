"""A push service on loopback: login.live.com and a notification host in one, answering as it is told."""

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.devices.apns_authority import PushAuthority

Answer = tuple[int, Mapping[str, str]]
SECRET = "s3cret+/&=x"
SID = "ms-app://s-1-15-2-1"


class FakeWNS:
    """`pushes` are (path, headers, body) as they came; `script` decides an answer by path."""

    def __init__(self) -> None:
        self.authority = PushAuthority()
        self.pushes: list[tuple[str, Mapping[str, str], bytes]] = []
        self.logins: list[dict[str, list[str]]] = []
        self.connections = 0
        self.valid = 0  # number of the token that is accepted
        self.life: Any = 86_400
        self.login: Callable[[], tuple[int, bytes]] | None = None
        self.script: Callable[[str], Answer | None] = lambda path: None
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                service.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/accesstoken.srf":
                    self.reply(*service._sign_in(body))
                else:
                    self.reply(*service._notify(self.path, dict(self.headers), body))

            def reply(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        context = self.authority.server_context(None, None, None)
        context.set_alpn_protocols(["http/1.1"])
        context.verify_mode = ssl.CERT_NONE
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host = f"localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> "FakeWNS":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def ca_pem(self) -> str:
        return self.authority.server_ca_pem

    def channel(self, name: str) -> str:
        return f"https://{self.host}/?token={name}"

    def _sign_in(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        asked = parse_qs(body.decode())
        self.logins.append(asked)
        if self.login:
            status, answer = self.login()
            return status, {}, answer
        if asked.get("client_secret") != [SECRET]:
            return 400, {}, b'{"error":"invalid_client","error_description":"' + body + b'"}'
        self.valid += 1
        told = {"access_token": f"token-{self.valid}", "token_type": "bearer", "expires_in": self.life}
        return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()

    def _notify(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        if headers.get("Authorization") != f"Bearer token-{self.valid}":
            return 401, {}, b""
        self.pushes.append((path, headers, body))
        status, more = self.script(path) or (200, {"X-WNS-Status": "received"})
        return status, more, b""
