"""Signed calls to the AWS services that speak JSON, and to S3; retried with jittered pauses while that can help."""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from chalicelib.core.errors import MusterError, Unavailable
from chalicelib.storage.aws.signing import Credentials, Request, Signer, encode
from chalicelib.storage.aws.transport import Answer, ConnectionLost, Pool, Transport
from chalicelib.storage.capacity import Meter

ATTEMPTS = 5
FIRST_PAUSE, LONGEST_PAUSE, LONGEST_CALL = 0.03, 1.0, 10.0  # seconds
RETRYABLE = frozenset({
    "InternalFailure",
    "InternalServerError",
    "KMSInternalException",
    "DependencyTimeoutException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class JsonService:
    name: str  # in the host name and in the signature
    target: str
    version: str


DYNAMODB = JsonService("dynamodb", "DynamoDB_20120810", "1.0")
SQS = JsonService("sqs", "AmazonSQS", "1.0")
KMS = JsonService("kms", "TrentService", "1.1")
COGNITO = JsonService("cognito-idp", "AWSCognitoIdentityProviderService", "1.1")


class AwsRefused(MusterError):
    """A refusal that repeating would not change. `body` may hold data: it is not part of the text."""

    def __init__(self, operation: str, code: str, status: int, body: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"AWS refused {operation}: {code}.")
        self.code, self.http_status, self.body = code, status, body or {}


class Session:
    """Region, credentials and connections, shared by everything in this package.

    `endpoint` replaces all services by one local engine; `rest` is how long a retry pauses (a test makes it nothing).
    """

    def __init__(
        self,
        region: str,
        credentials: Credentials,
        *,
        endpoint: str = "",
        meter: Meter | None = None,
        transport: Transport | None = None,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self.region, self.credentials, self.endpoint = region, credentials, endpoint.rstrip("/")
        self.meter = meter or Meter()
        self._transport, self._rest = transport or Pool(), rest

    def call(
        self, service: JsonService, operation: str, body: Mapping[str, Any], *, signed: bool = True
    ) -> Mapping[str, Any]:
        """AwsRefused, or Unavailable after the last attempt."""
        origin = self.endpoint or f"https://{service.name}.{self.region}.amazonaws.com"
        headers = {
            "content-type": f"application/x-amz-json-{service.version}",
            "x-amz-target": f"{service.target}.{operation}",
        }
        data = json.dumps(body, separators=(",", ":")).encode()
        request = Request("POST", urlsplit(origin).netloc, "/", headers, data)
        answer = self._send(f"{service.name}.{operation}", service.name if signed else "", origin, request)
        return _parsed(answer)

    def s3(
        self, method: str, bucket: str, key: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        origin, path = self.s3_place(bucket, key)
        request = Request(method, urlsplit(origin).netloc, path, headers or {}, body)
        return self._send(f"s3.{method}", "s3", origin, request)

    def s3_place(self, bucket: str, key: str) -> tuple[str, str]:
        """Origin and encoded path of an object."""
        if self.endpoint:
            return self.endpoint, f"/{bucket}/{encode(key, safe='/')}"
        return f"https://{bucket}.s3.{self.region}.amazonaws.com", f"/{encode(key, safe='/')}"

    def fetch(self, url: str) -> Mapping[str, Any]:
        """A public JSON document."""
        parts = urlsplit(url)
        request = Request("GET", parts.netloc, parts.path, {})
        return _parsed(self._send("fetch", "", f"{parts.scheme}://{parts.netloc}", request))

    def _send(self, operation: str, service: str, origin: str, request: Request) -> Answer:
        deadline = time.monotonic() + LONGEST_CALL
        for attempt in range(ATTEMPTS):
            if attempt:
                self._rest(random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)))  # noqa: S311 - jitter
            if time.monotonic() > deadline:
                break
            try:
                answer = self._attempt(service, origin, request)
            except ConnectionLost:
                continue
            if answer.status < 300:
                return answer
            code, body = _failure(answer)
            if answer.status < 500 and code not in RETRYABLE:
                raise AwsRefused(operation, code, answer.status, body)
        raise Unavailable(f"AWS does not answer {operation}; try again in a moment.")

    def _attempt(self, service: str, origin: str, request: Request) -> Answer:
        headers = {**request.headers, "host": request.host}
        if service:
            headers = Signer(self.credentials, self.region, service).headers(request)
        return self._transport.send(origin, request.method, request.path, headers, request.body)


def _parsed(answer: Answer) -> Mapping[str, Any]:
    try:
        body = json.loads(answer.body or b"{}")
    except ValueError as problem:
        raise Unavailable("AWS answered with something that is no JSON.") from problem
    return body if isinstance(body, Mapping) else {}


def _failure(answer: Answer) -> tuple[str, Mapping[str, Any]]:
    """Error code and body, from JSON (`__type`) or from S3's XML."""
    if answer.body[:1] == b"{":
        try:
            body = json.loads(answer.body)
        except ValueError:
            body = {}
        return str(body.get("__type", answer.status)).rpartition("#")[2], body
    _, opened, rest = answer.body.decode("utf-8", "replace").partition("<Code>")
    return (rest.partition("</Code>")[0] if opened else str(answer.status)), {}
