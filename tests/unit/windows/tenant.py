"""A tenant of Entra on this machine: signs tokens, and serves its keys over HTTPS like login.microsoftonline.com."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from tests.unit.windows.enrolling import key

TENANT = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"
OBJECT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
AUDIENCE = "https://devices.example.test"
KEY, OTHER_KEY, TLS_KEY = 40, 41, 42


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwk(number: int, **more: Any) -> dict[str, Any]:
    public = key(number).public_key().public_numbers()
    parts = {name: b64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))
             for name, value in (("n", public.n), ("e", public.e))}  # fmt: skip
    return {"kty": "RSA", "use": "sig", "kid": f"key-{number}", **parts, **more}


def token(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    covered = ".".join(b64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{covered}.{b64url(sign(covered.encode()))}"


def rs256(number: int = KEY) -> Callable[[bytes], bytes]:
    return lambda data: key(number).sign(data, padding.PKCS1v15(), hashes.SHA256())


def public_pem(number: int = KEY) -> bytes:
    return key(number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@dataclass
class Tenant:
    url: str = ""
    trust: str = ""
    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk(KEY)])
    status: int = 200
    body: bytes | None = None
    location: str = ""
    asked: list[str] = field(default_factory=list)

    def claims(self, now: int, **more: Any) -> dict[str, Any]:
        claims = {
            "iss": f"https://sts.windows.net/{TENANT}/",
            "aud": AUDIENCE,
            "tid": TENANT,
            "scp": "mdm_delegation",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "oid": OBJECT,
            "upn": "ada@example.com",
            "uti": "unique",
        }
        return {name: value for name, value in (claims | more).items() if value is not None}

    def token(self, now: int, **more: Any) -> str:
        return token({"alg": "RS256", "typ": "JWT", "kid": f"key-{KEY}"}, self.claims(now, **more), rs256())


@contextmanager
def serving(folder: Path) -> Iterator[Tenant]:
    tenant = Tenant()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tenant.asked.append(self.path)
            body = tenant.body if tenant.body is not None else json.dumps({"keys": tenant.keys}).encode()
            self.send_response(tenant.status)
            if tenant.location:
                self.send_header("location", tenant.location)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    certificate = _certificate(key(TLS_KEY))
    (folder / "tls.pem").write_bytes(
        key(TLS_KEY).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    tenant.url, tenant.trust = f"https://127.0.0.1:{server.server_port}", certificate.decode()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield tenant
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificate(private: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, private.public_key(), 1, now - timedelta(1), now + timedelta(1))
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = builder.add_extension(addresses, False)
    return builder.sign(private, hashes.SHA256()).public_bytes(Encoding.PEM)
