"""The stub server behind real TLS on loopback; client certificates are asked for, as behind optional mTLS."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509

from tests.devices.apple.forge import Authority
from tests.unit.devices.stub import Stub


class Handler(BaseHTTPRequestHandler):
    stub: Stub
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = self.connection
        assert isinstance(connection, ssl.SSLSocket)
        self.stub.client_certificates.append(connection.getpeercert(binary_form=True))
        said = self.stub(self.command, self.stub.host + self.path, dict(self.headers.items()), body)
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(said.body)

    do_GET = do_POST = do_PUT = answer  # noqa: N815 - names that the base class looks up

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Silent."""


@contextmanager
def serve(stub: Stub, folder: Path) -> Iterator[Path]:
    """Gives the PEM file of the authority that signed the server's certificate."""
    authority = Authority("Front door CA")
    name = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    own = authority.issue("127.0.0.1", extensions=(name,))
    (folder / "door.pem").write_bytes(own.certificate_pem + own.key_pem)
    (folder / "door-ca.pem").write_text(authority.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "door.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(folder / "ca.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"stub": stub}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    stub.host = f"https://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield folder / "door-ca.pem"
    finally:
        server.shutdown()
        server.server_close()
