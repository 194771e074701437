"""The device plane without a socket: a transport for the simulated devices that calls the handlers themselves."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from chalicelib.core import invitations
from chalicelib.core.house import House
from chalicelib.core.ports import Create
from chalicelib.gateway import handler, routes, signer
from chalicelib.model.device import Ownership
from chalicelib.model.people import Principal, Role
from chalicelib.model.records import Setting
from tests.devices.apple.transport import Reply

ADMIN = Principal("anna", Role.ADMIN, person=True)
TOPIC = "com.apple.mgmt.External.0e7ab1c4-1f17-4c8e-8a63-dd17d3dd35d9"


@dataclass
class Exchange:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    reply: Reply


@dataclass
class InProcess:
    """Also serves the invitation page, which is not of this plane, as the one link that it is made of."""

    house: House
    exchanges: list[Exchange] = field(default_factory=list)

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        if parts.path.startswith("/enroll/"):
            link = f"{self.house.settings.device_url}/apple/profile/{parts.path.rsplit('/', 1)[-1]}"
            return Reply(200, {"content-type": "text/html; charset=utf-8"}, f'<a id="profile" href="{link}">'.encode())
        function = handler if parts.path in handler.ROUTES else signer
        event = self.event(method, parts.path, parts.query, headers, body)
        got = routes.handle("test", function.ROUTES, lambda: self.house, event)
        answer = base64.b64decode(got["body"]) if got["isBase64Encoded"] else got["body"].encode()
        reply = Reply(got["statusCode"], got["headers"], answer)
        self.exchanges.append(Exchange(method, parts.path, headers, body, reply))
        return reply

    def event(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        return {
            "version": "2.0", "rawPath": path, "rawQueryString": query,
            "headers": {name.lower(): value for name, value in headers.items()},
            "requestContext": {"http": {"method": method}, "stage": "$default", "requestId": "r"},
            "body": base64.b64encode(body).decode(), "isBase64Encoded": True,
        }  # fmt: skip

    def present(self, identity: object) -> None:
        """Mutual TLS is not spoken here."""

    def trust_all(self, certificates: object) -> None:
        pass


def invite(house: House, **options: Any) -> str:
    """The address of an invitation's page."""
    _, code = invitations.create(house, ADMIN, **({"ownership": Ownership.CORPORATE} | options))
    return f"{house.settings.console_url}/enroll/{code}"


def allow_enrollment(house: House) -> None:
    """A topic to tell; the certificate itself is for the push tests."""
    value = {"topic": TOPIC, "certificate": "", "not_after": 4_000_000_000, "serial": "1"}
    house.store.commit(Create(Setting("apple.push", value)))
