"""HTTPS on loopback for the fake services of Microsoft: one function from request to reply, a thread of its own."""

from __future__ import annotations

import ipaddress
import secrets
import ssl
import tempfile
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from cryptography import x509

from tests.devices.apple.forge import Authority
from tests.devices.apple.transport import Reply

Answer = Callable[[str, str, Mapping[str, str], bytes], Reply]  # method, path with query, headers in lower case, body


class _Handler(BaseHTTPRequestHandler):
    answer: Answer
    protocol_version = "HTTP/1.1"

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = type(self).answer(self.command, self.path, headers, body)
        self.send_response(said.status)
        for name, value in {**said.headers, "Content-Length": str(len(said.body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.body)

    do_GET = do_POST = do_PUT = do_DELETE = _do  # noqa: N815 - names that the base class looks up

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Silent."""


class Loopback:
    """with Loopback(answer, names) as door: door.url, door.ca_pem ("" where `served` names PEM files)."""

    def __init__(
        self, answer: Answer, names: tuple[str, ...] = (), port: int = 0, served: tuple[str, str] | None = None
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if served:
            context.load_cert_chain(*served)
            self.ca_pem = ""
        else:
            self.ca_pem = _certify(context, names)
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", port), type("Bound", (_Handler,), {"answer": staticmethod(answer)})
        )
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        self.url = f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _certify(context: ssl.SSLContext, names: tuple[str, ...]) -> str:
    """The PEM of an authority made for this one certificate."""
    authority = Authority(f"Fake Microsoft TLS CA {secrets.token_hex(4)}")  # two of one name confuse OpenSSL
    hosts = [x509.DNSName(name) for name in ("localhost", *names)]
    addresses = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    own = authority.issue("localhost", extensions=(x509.SubjectAlternativeName([*hosts, addresses]),))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "own.pem")
        path.touch(mode=0o600)
        path.write_bytes(own.certificate_pem + own.key_pem)
        context.load_cert_chain(path)
    return authority.pem
