"""HTTP API events (payload format 2.0) to requests, and responses back. Sizes are judged before anything is decoded."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from chalicelib.core.errors import BadRequest, TooLarge
from chalicelib.platforms.http import Request, Response

Event = Mapping[str, Any]


def path_of(event: Event) -> str:
    """The path without the stage, which API Gateway leaves in front of it for all stages but $default."""
    path, stage = str(event.get("rawPath", "/")), event.get("requestContext", {}).get("stage", "$default")
    return path.removeprefix(f"/{stage}") if stage != "$default" else path


def request_of(event: Event, cap: int) -> Request:
    context = event.get("requestContext", {})
    certificate = context.get("authentication", {}).get("clientCert", {}).get("clientCertPem", "")
    return Request(
        method=str(context.get("http", {}).get("method", "GET")),
        path=path_of(event),
        query=str(event.get("rawQueryString", "")),
        headers={name.lower(): str(value) for name, value in event.get("headers", {}).items()},
        body=_body(event, cap),
        client_certificate=str(certificate or ""),
    )


def _body(event: Event, cap: int) -> bytes:
    body = event.get("body") or ""
    encoded = bool(event.get("isBase64Encoded"))
    too_large = TooLarge(f"The body is too large; at most {cap} bytes are accepted here.")
    if len(body) > (4 * (cap // 3 + 1) if encoded else cap):
        raise too_large
    try:
        content = base64.b64decode(body, validate=True) if encoded else str(body).encode()
    except (binascii.Error, ValueError) as error:
        raise BadRequest("The body is not readable.") from error
    if len(content) > cap:
        raise too_large
    return content


def event_of(response: Response) -> dict[str, Any]:
    headers = dict(response.headers)
    if response.content_type:
        headers["content-type"] = response.content_type
    headers["content-length"] = str(len(response.body))
    return {
        "statusCode": response.status,
        "headers": headers,
        "body": base64.b64encode(response.body).decode(),
        "isBase64Encoded": bool(response.body),
    }
