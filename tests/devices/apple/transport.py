"""How a device reaches a server: one HTTPS request, one reply; nothing is interpreted here."""

from __future__ import annotations

import http.client
import os
import ssl
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.devices.apple.complaints import Complaint
from tests.devices.apple.identity import Identity


@dataclass(frozen=True)
class Reply:
    """status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


Transport = Callable[[str, str, Mapping[str, str], bytes], Reply]


class HttpsTransport:
    """Speaks TLS 1.2+ with the trusted roots of the device; a client certificate is shown only where one is set."""

    def __init__(self, ca_file: str | os.PathLike[str] | None = None, timeout: float = 60.0) -> None:
        self._ca_file = str(ca_file) if ca_file else None
        self._timeout = timeout
        self._roots: list[str] = []
        self._context: ssl.SSLContext | None = None
        self._identity: Identity | None = None

    def trust(self, certificate: x509.Certificate) -> None:
        self._roots.append(certificate.public_bytes(serialization.Encoding.PEM).decode())
        self._context = None

    def trust_all(self, certificates: Iterable[bytes]) -> None:
        for der in certificates:
            self.trust(x509.load_der_x509_certificate(der))

    def present(self, identity: Identity | None) -> None:
        if identity != self._identity:
            self._identity, self._context = identity, None

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise Complaint(f"a device speaks https only, this is not: {url}")
        connection = http.client.HTTPSConnection(
            parts.hostname, parts.port or 443, timeout=self._timeout, context=self._tls()
        )
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            return self._exchange(connection, method, target, headers, body)
        finally:
            connection.close()

    @staticmethod
    def _exchange(
        connection: http.client.HTTPSConnection, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        connection.putrequest(method, target or "/", skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if method != "GET" or body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        content = response.read()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._ca_file)
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
            for root in self._roots:
                self._context.load_verify_locations(cadata=root)
            if self._identity is not None:
                _load_identity(self._context, self._identity)
        return self._context


def _load_identity(context: ssl.SSLContext, identity: Identity) -> None:
    """The ssl module reads client keys from files only; this one lives for the length of the call."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "identity.pem")
        path.touch(mode=0o600)
        path.write_bytes(identity.certificate_pem + identity.key_pem)
        context.load_cert_chain(path)
