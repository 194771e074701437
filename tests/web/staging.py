"""A house in memory with people, tokens and enrolled devices, and the people plane in front of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from chalice.test import Client

from chalicelib.core import access, arrival, channels, enrollment, invitations
from chalicelib.core.arrival import Hello
from chalicelib.core.enrollment import IssuedCertificate
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.device import Device, Ownership, Platform
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple import push_certificate
from chalicelib.platforms.apple.platform import Apple
from chalicelib.platforms.windows.platform import Windows
from chalicelib.storage.memory.house import memory_house
from chalicelib.web.application import Application

ADMIN = Principal("ada", Role.ADMIN, person=True)
PASSWORD = "correct horse battery"
TIME = 1_800_000_000  # 2027-01-15T08:00:00Z


class AppleWithPush(Apple):
    @property
    def push_certificates(self) -> ModuleType:
        return push_certificate


@dataclass
class Clock:
    now: int = TIME

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Plane:
    """`call` goes through Chalice's own test client: the event that API Gateway would send, and the answer to it."""

    house: House
    clock: Clock
    tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = Client(Application("muster", house=lambda: self.house), project_dir="/").http
        for role in Role:
            self.house.identities.create_user(role.value, Secret(PASSWORD), role)
            self.tokens[role.value] = self.house.identities.sign_in(role.value, Secret(PASSWORD))["access_token"]
        self.house.identities.create_user(ADMIN.name, Secret(PASSWORD), ADMIN.role)
        self.tokens["token"] = access.create_token(self.house, ADMIN, "machine", Role.ADMIN, 30)[1]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: str | None = "admin",
        raw: bytes | None = None,
        **headers: str,
    ) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            sent["authorization"] = f"Bearer {self.tokens.get(who, who)}"
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        if content:
            sent.setdefault("content-type", "application/json")
        reply = self.http.request(method, path, headers=sent, body=content)
        return Reply(reply.status_code, {name.lower(): value for name, value in reply.headers.items()}, reply.body)

    def api(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        return self.call(method, f"/api/v1{path}", body, **more)

    def enroll(self, mark: str, name: str = "", platform: Platform = Platform.IOS, **invitation: Any) -> Device:
        """A device that has enrolled as devices do, but for the wire."""
        house = self.house
        _, code = invitations.create(house, ADMIN, **{"ownership": Ownership.CORPORATE, **invitation})
        offer = invitations.offer(house, code)
        certificate = IssuedCertificate(f"der {mark}".encode(), f"fp-{mark}", "0a", 2_000_000_000)
        enrollment.issue(house, offer.challenge.reveal(), f"tx-{mark}", f"key-{mark}", lambda _: certificate)
        identifiers = {"udid": f"UDID-{mark}", "serial": f"SERIAL-{mark}"}
        hello = Hello(platform, f"UDID-{mark}", identifiers, model="iPhone16,1", name=name, os_version="18.1")
        arrival.authenticate(house, enrollment.recognise(house, offer.enrollment_id, f"fp-{mark}"), hello)
        poll = enrollment.recognise(house, offer.enrollment_id, f"fp-{mark}")
        enabled = channels.enable(house, poll, push={"topic": "com.example", "token": "aa", "magic": "m"})
        return house.store.get(Device, enabled.device_id)

    def poll(self, device: Device) -> Poll:
        bound = self.house.store.get(Enrollment, device.enrollment_id)
        return enrollment.recognise(self.house, bound.id, bound.fingerprints[0])


def plane() -> Plane:
    clock = Clock()
    return Plane(memory_house(clock=clock, platforms={"apple": AppleWithPush(), "windows": Windows()}), clock)
