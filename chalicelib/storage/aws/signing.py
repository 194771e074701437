"""Signature Version 4 for headers and for links.

Source: AWS IAM User Guide, "Create a signed AWS API request"; Amazon S3 API Reference, "Authenticating requests: using
query parameters". botocore's signer does the same, but importing it costs a device request 140 ms.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from chalicelib.model.secret import Secret

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret_key: Secret[str]
    token: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is percent-encoded already; header names are lower case."""

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    credentials: Credentials
    region: str
    service: str

    def headers(self, request: Request, now: float | None = None) -> dict[str, str]:
        """All headers to send, the signature among them."""
        stamp = _stamp(now)
        digest = hashlib.sha256(request.body).hexdigest()
        headers = {**request.headers, "host": request.host, "x-amz-date": stamp}
        if self.service == "s3":
            headers["x-amz-content-sha256"] = digest
        if self.credentials.token:
            headers["x-amz-security-token"] = self.credentials.token
        names = ";".join(sorted(headers))
        signature = self._signature(stamp, _canonical(request, headers, digest))
        scope = f"{self.credentials.access_key}/{self._scope(stamp)}"
        headers["authorization"] = f"{ALGORITHM} Credential={scope}, SignedHeaders={names}, Signature={signature}"
        return headers

    def link(self, request: Request, seconds: int, query: Mapping[str, str], now: float | None = None) -> str:
        """The query string that allows exactly this request for some seconds."""
        stamp = _stamp(now)
        signed = {
            **query,
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self.credentials.access_key}/{self._scope(stamp)}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
        }
        if self.credentials.token:
            signed["X-Amz-Security-Token"] = self.credentials.token
        text = "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(signed.items()))
        plain = Request(request.method, request.host, request.path, {}, query=text)
        signature = self._signature(stamp, _canonical(plain, {"host": request.host}, UNSIGNED))
        return f"{text}&X-Amz-Signature={signature}"

    def _scope(self, stamp: str) -> str:
        return f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"

    def _signature(self, stamp: str, canonical: str) -> str:
        to_sign = "\n".join((ALGORITHM, stamp, self._scope(stamp), hashlib.sha256(canonical.encode()).hexdigest()))
        key = f"AWS4{self.credentials.secret_key.reveal()}".encode()
        for part in (stamp[:8], self.region, self.service, "aws4_request"):
            key = _mac(key, part)
        return _mac(key, to_sign).hex()


def encode(text: str, safe: str = "") -> str:
    return quote(text, safe=f"-_.~{safe}")


def _canonical(request: Request, headers: Mapping[str, str], digest: str) -> str:
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in sorted(headers))
    names = ";".join(sorted(headers))
    return "\n".join((request.method, request.path, request.query, lines, names, digest))


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _stamp(now: float | None) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
