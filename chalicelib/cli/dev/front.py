"""The front door: one loopback HTTPS server for both planes, as API Gateway and its custom domains would be."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import urllib3

from chalicelib.cli.dev import bodies
from chalicelib.cli.dev.certificates import Certificates

IDLE = 60  # seconds that a connection may stay silent
DEVICE_PATHS = ("/apple/", "/crl", "/EnrollmentServer/", "/windows/enrollment", "/windows/manage", "/windows/policy")
SIGNER_PATHS = ("/apple/scep", "/apple/profile/", "/apple/ota/", "/crl", "/windows/enrollment")
# What is about one connection only, or ours to say.
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade", "content-length", "date"}
    | {"server", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"}
)
Outputs = Callable[[], Mapping[str, str]]
Invoke = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
UNREACHABLE = b'{"message":"Service Unavailable"}'


class FrontDoor(ThreadingHTTPServer):
    """`outputs` is asked at every request, so that a redeployed API is found again."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, port: int, certificates: Certificates, engine_url: str, outputs: Outputs, invoke: Invoke
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.engine_url, self.outputs = engine_url, outputs
        self.pool = urllib3.PoolManager(maxsize=32, retries=False, timeout=urllib3.Timeout(connect=2, read=60))
        self.invoke = invoke
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(certificates.chain, certificates.key)
        self._context.set_alpn_protocols(["http/1.1"])

    def trust_devices(self, ca_der: bytes) -> None:
        """From now on a client certificate may be shown; one from another CA ends the handshake, as at API Gateway."""
        self._context.load_verify_locations(cadata=ca_der)
        self._context.verify_mode = ssl.CERT_OPTIONAL

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        connection, address = super().get_request()
        connection.settimeout(IDLE)
        # The handshake happens in the connection's own thread: a silent client must not hold up the others.
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections and refused certificates are the client's business."""

    def run(self) -> None:
        threading.Thread(target=self.serve_forever, name="front door", daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: FrontDoor
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "muster-dev", ""
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self.request.do_handshake()
        super().setup()

    def log_message(self, *_: Any) -> None:
        """The functions log; a second log of paths would hold invitation codes."""

    def _serve(self) -> None:
        try:
            status, headers, content = self._forward(bodies.read(self.rfile, self.headers))
        except bodies.BodyRefused as refusal:
            self._refuse(refusal)
            return
        except (urllib3.exceptions.HTTPError, KeyError):
            status, headers, content = 503, [("Content-Type", "application/json")], UNREACHABLE
        self._answer(status, headers, content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 (http.server's names)

    def _refuse(self, refusal: bodies.BodyRefused) -> None:
        """The connection ends: the rest of the body is still on its way."""
        self.close_connection = True
        headers = [("Content-Type", "application/json"), ("Connection", "close")]
        self._answer(refusal.status, headers, json.dumps({"message": str(refusal)}).encode())

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        path = urlsplit(self.path).path
        outputs = self.server.outputs()
        if not path.startswith(DEVICE_PATHS):
            return self._over_http(f"{outputs['RestAPIId']}/muster", body)
        certificate = self.request.getpeercert(binary_form=True)
        if certificate:
            return self._over_invoke(outputs, certificate, body)
        return self._over_http(f"{outputs['DeviceApiId']}/$default", body)

    def _over_http(self, api: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        headers = urllib3.HTTPHeaderDict()
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP:
                headers.add(name, value)
        # Without Accept the engine's REST API hands out bodies in base64.
        headers.setdefault("Accept", "*/*")
        headers["X-Forwarded-For"] = self.client_address[0]
        headers["X-Forwarded-Proto"] = "https"
        headers["X-Forwarded-Port"] = str(self.server.server_port)
        url = f"{self.server.engine_url}/_aws/execute-api/{api}{self.path}"
        reply = self.server.pool.request(
            self.command, url, body=body, headers=headers, decode_content=False, redirect=False, preload_content=True
        )
        return reply.status, list(reply.headers.items()), reply.data

    def _over_invoke(
        self, outputs: Mapping[str, str], certificate: bytes, body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """The embedded engine has no mTLS: the function gets the event that API Gateway would send."""
        signs = urlsplit(self.path).path.startswith(SIGNER_PATHS)
        name = outputs["SignerName" if signs else "GatewayName"]
        reply = self.server.invoke(name, self._event(certificate, body))
        content = str(reply.get("body") or "")
        raw = base64.b64decode(content) if reply.get("isBase64Encoded") else content.encode()
        return int(reply.get("statusCode", 502)), [(k, str(v)) for k, v in (reply.get("headers") or {}).items()], raw

    def _event(self, certificate: bytes, body: bytes) -> dict[str, Any]:
        """HTTP API payload format 2.0."""
        parts = urlsplit(self.path)
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        headers.pop("transfer-encoding", None)
        headers["content-length"] = str(len(body))
        headers["x-forwarded-for"] = self.client_address[0]
        resource, _, last = parts.path.rpartition("/")
        templated = resource in ("/apple/profile", "/apple/ota")
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": f"ANY {resource}/{{code}}" if templated else f"ANY {parts.path}",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "headers": headers,
            "queryStringParameters": dict(parse_qsl(parts.query, keep_blank_values=True)),
            "requestContext": {
                "http": {
                    "method": self.command,
                    "path": parts.path,
                    "protocol": self.request_version,
                    "sourceIp": self.client_address[0],
                    "userAgent": headers.get("user-agent", ""),
                },
                "domainName": headers.get("host", ""),
                "requestId": base64.b32encode(id(self).to_bytes(10, "big")).decode(),
                "stage": "$default",
                "authentication": {"clientCert": {"clientCertPem": ssl.DER_cert_to_PEM_cert(certificate)}},
            },
            "isBase64Encoded": True,
            "body": base64.b64encode(body).decode(),
        }
        return event | ({"pathParameters": {"code": last}} if templated else {})

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def invoker(client: Any) -> Invoke:
    """Calls a function by name; a function that failed answers 500 as API Gateway would."""

    def invoke(name: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
        reply = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        payload: Mapping[str, Any] = json.loads(reply["Payload"].read())
        if reply.get("FunctionError"):
            return {"statusCode": 500, "body": '{"message":"Internal Server Error"}'}
        return payload

    return invoke
