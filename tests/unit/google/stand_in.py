"""Google on loopback for one test: answers as it is told, hands out tokens, serves signing keys; remembers what came.

Assertions are verified by google-auth, and the tokens of pushes are made by it: neither knows how Muster does that.
"""

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from google.auth import crypt, jwt

from chalicelib.core import google_setup
from chalicelib.core.house import House
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.storage.memory.house import SETTINGS, memory_house
from tests.devices.apns_authority import PushAuthority

ADMIN = Principal("ada", Role.ADMIN, person=True)
PROJECT, ACCOUNT = "example-123456", "muster@example-123456.iam.gserviceaccount.com"
PUSHER = "pusher@example-123456.iam.gserviceaccount.com"
TOPIC, DIRECTOR = f"projects/{PROJECT}/topics/muster", "director@example.com"
TOKEN_HOST, KEYS = "oauth2.googleapis.com", "/www.googleapis.com/oauth2/v3/certs"
REAL_TOKEN_URI = "https://oauth2.googleapis.com/token"


def key(number: int = 0) -> rsa.RSAPrivateKey:
    return _keys(number)


@cache
def _keys(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(private: Any) -> str:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(number: int = 0) -> bytes:
    return key(number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_file(number: int = 0, **more: Any) -> dict[str, Any]:
    told = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": f"{number:040x}",
        "private_key": pem(key(number)),
        "client_email": ACCOUNT,
        "client_id": "101234567890123456789",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": REAL_TOKEN_URI,
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/muster",
        "universe_domain": "googleapis.com",
    }
    return {name: value for name, value in (told | more).items() if value is not None}


def connect(house: House, number: int = 0, **more: Any) -> House:
    ways = {"topic": TOPIC, "push_email": PUSHER, "admin": DIRECTOR} | more
    google_setup.connect(house, ADMIN, Secret(json.dumps(key_file(number)).encode()), **ways)
    return house


@dataclass(frozen=True)
class Seen:
    method: str
    path: str  # /HOST/PATH
    query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes | Mapping[str, Any] = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0  # seconds before each byte of the body
    hang_up: bool = False
    leaves: bool = False  # closes the line after the answer, and does not say so
    length: int = 0  # told instead of the true one


class Clock:
    """True time, since google-auth looks at it, and what a test adds."""

    def __init__(self) -> None:
        self.ahead = 0
        self.stopped: int | None = None

    def stop(self) -> int:
        """So far back that what is made now and an hour later is valid at the true time."""
        self.stopped = int(time.time()) - 3500
        return self.stopped

    def __call__(self) -> int:
        return (int(time.time()) if self.stopped is None else self.stopped) + self.ahead


def jwk(number: int, **more: Any) -> dict[str, Any]:
    numbers = key(number).public_key().public_numbers()
    parts = {
        name: b64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))
        for name, value in (("n", numbers.n), ("e", numbers.e))
    }
    return {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": f"google-{number}", **parts, **more}


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


SIGNER = 10  # the number of the key that Google signs pushes with


@dataclass
class StandIn:
    url: str = ""
    trust: str = ""
    trust_file: str = ""
    script: Callable[[Seen], Reply | None] = lambda seen: None
    login: Callable[[Seen], Reply | None] = lambda seen: None
    life: Any = 3599
    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk(SIGNER)])
    keys_reply: Reply | None = None
    seen: list[Seen] = field(default_factory=list)
    assertions: list[Mapping[str, Any]] = field(default_factory=list)
    connections: int = 0
    tokens: list[str] = field(default_factory=list)

    @property
    def calls(self) -> list[Seen]:
        return [each for each in self.seen if not each.path.startswith((f"/{TOKEN_HOST}/", KEYS))]

    @property
    def fetches(self) -> int:
        return sum(each.path == KEYS for each in self.seen)

    def house(self, clock: Callable[[], int] | None = None, **more: Any) -> House:
        settings = replace(SETTINGS, **({"google_url": self.url, "google_trust": self.trust} | more))
        return memory_house(clock or Clock(), settings=settings)

    def answer(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        if seen.path == KEYS:
            return self.keys_reply or Reply(body={"keys": self.keys})
        if seen.path == f"/{TOKEN_HOST}/token":
            return self.login(seen) or self._grant(seen)
        if seen.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Reply(401, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "Request had invalid"}})
        return self.script(seen) or Reply()

    def _grant(self, seen: Seen) -> Reply:
        form = parse_qs(seen.body.decode())
        if form.get("grant_type") != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
            return Reply(400, {"error": "unsupported_grant_type"})
        certificates = {f"{number:040x}": public_pem(number) for number in range(2)}
        try:
            told = jwt.decode(form["assertion"][0], certs=certificates, audience=REAL_TOKEN_URI)
        except ValueError as error:
            return Reply(400, {"error": "invalid_grant", "error_description": f"{error} {form['assertion'][0]}"})
        self.assertions.append(told)
        self.tokens.append(f"token-{len(self.assertions)}")
        granted = {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": self.life}
        return Reply(body=granted)


@contextmanager
def serving() -> Iterator[StandIn]:
    stand_in, authority = StandIn(), PushAuthority()

    class Handler(BaseHTTPRequestHandler):
        protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

        def setup(self) -> None:
            stand_in.connections += 1
            super().setup()

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return  # a client that hangs up early

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._say(stand_in.answer(Seen(self.command, path, query, headers, body)))

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = do  # noqa: N815

        def _say(self, reply: Reply) -> None:
            self.close_connection = reply.hang_up or reply.leaves or bool(reply.length)
            if reply.hang_up:
                return
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(reply.length or len(content)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            for part in [content] if not reply.pause else [bytes([letter]) for letter in content]:
                time.sleep(reply.pause)
                self.wfile.write(part)
                self.wfile.flush()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = authority.server_context(None, None, None)
    context.set_alpn_protocols(["http/1.1"])
    context.verify_mode = ssl.CERT_NONE
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    stand_in.url, stand_in.trust = f"https://localhost:{server.server_port}", authority.server_ca_pem
    stand_in.trust_file = str(authority.folder / "apns-ca.pem")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def push_claims(now: int, **more: Any) -> dict[str, Any]:
    told = {
        "iss": "https://accounts.google.com",
        "aud": f"{SETTINGS.device_url}/google/push",
        "azp": "113774264463038321964",
        "sub": "113774264463038321964",
        "email": PUSHER,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in (told | more).items() if value is not None}


def push_token(now: int, number: int = SIGNER, key_id: str = "", **more: Any) -> str:
    signer = crypt.RSASigner.from_string(pem(key(number)), key_id or f"google-{number}")
    return jwt.encode(signer, push_claims(now, **more)).decode()
