"""The device plane in this process, over the stack's AWS: a transport whose calls can be counted, or fail."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from chalicelib.core.house import House
from chalicelib.gateway import handler, routes, signer
from tests.devices.apple import AppleDevice
from tests.devices.apple.transport import Reply


@dataclass
class InProcess:
    """Speaks to the handlers as the HTTP API would, with a house of the test's choice."""

    house: House

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        function = handler if parts.path in handler.ROUTES else signer
        event = event_of(method, parts.path, parts.query, headers, body)
        answer = routes.handle("test", function.ROUTES, lambda: self.house, event)
        content = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        return Reply(answer["statusCode"], answer["headers"], content)


def event_of(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """An event of an HTTP API (payload format 2.0)."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method}, "stage": "$default", "requestId": "in-process"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def move_in(device: AppleDevice, house: House) -> None:
    """From now on the device is served by this house."""
    device.transport = device.messenger.transport = InProcess(house)
