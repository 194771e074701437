"""A deployment in memory with one enrolled device: both planes, two workers, the push services, and one meter.

Every part is entered where AWS enters it, with the event that AWS sends.
"""

import base64
import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from chalice.test import Client
from cryptography import x509
from cryptography.x509.oid import NameOID

from chalicelib.core import access, authority, invitations
from chalicelib.core.house import House
from chalicelib.core.ports import Message, Replace
from chalicelib.gateway import handler, signer
from chalicelib.model.device import Ownership
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple import push_certificate
from chalicelib.platforms.registry import PLATFORMS
from chalicelib.storage.capacity import Meter, Usage
from chalicelib.storage.memory.house import SETTINGS, memory_house
from chalicelib.storage.records import RecordStore
from chalicelib.web.application import Application
from chalicelib.workers import outbox, wake
from tests.bench.recorder import Answers, Recorder
from tests.devices.apns import FakeAPNs
from tests.devices.apple import AppleDevice
from tests.devices.apple.transport import Reply
from tests.devices.windows import WindowsPC

ADMIN = Principal("ada", Role.ADMIN, person=True)
TOPIC = "com.apple.mgmt.External.0c8d7c5e"


@dataclass
class Clock:
    now: int = field(default_factory=lambda: int(time.time()))

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True)
class Spent:
    dynamodb: Usage = field(default_factory=Usage)
    sqs: int = 0
    kms: int = 0
    s3: int = 0

    @classmethod
    def so_far(cls, meter: Meter) -> "Spent":
        return cls(meter.total("dynamodb"), meter.total("sqs").calls, meter.total("kms").calls, meter.total("s3").calls)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.dynamodb + other.dynamodb, self.sqs + other.sqs, self.kms + other.kms, self.s3 + other.s3)

    def since(self, before: "Spent") -> "Spent":
        now, was = self.dynamodb, before.dynamodb
        used = Usage(
            now.calls - was.calls,
            now.read_units - was.read_units,
            now.write_units - was.write_units,
            now.bytes - was.bytes,
        )
        return Spent(used, self.sqs - before.sqs, self.kms - before.kms, self.s3 - before.s3)

    @property
    def columns(self) -> dict[str, float | int]:
        units = {"calls": self.dynamodb.calls, "rru": self.dynamodb.read_units, "wru": self.dynamodb.write_units}
        return units | {"sqs": self.sqs, "kms": self.kms}


@dataclass(frozen=True)
class Exchange:
    """One request of a device, and what the store answered meanwhile."""

    event: dict[str, Any]
    answers: Answers
    status: int
    calls: int  # of DynamoDB


@dataclass
class Deployment:
    house: House
    clock: Clock
    tables: Recorder
    apns: FakeAPNs
    exchanges: list[Exchange] = field(default_factory=list)
    busy_us: float = 0  # of the device plane; the devices' own time is not in it
    out_bytes: int = 0  # of the bodies of its answers

    def __post_init__(self) -> None:
        self.people = Client(Application("muster", house=lambda: self.house), project_dir="/").http
        self.house.identities.create_user(ADMIN.name, Secret("x"), ADMIN.role)  # a token lives as long as its creator
        self.token = access.create_token(self.house, ADMIN, "bench", Role.ADMIN, 30)[1]
        self.device = AppleDevice("iphone", transport=self.device_plane, seed=1)

    def enrolled(self) -> "Deployment":
        """The device has enrolled and answered everything the server asked by itself: its next poll is idle."""
        self.device.enroll(self.invite())
        for _ in range(3):
            self.device.poll()
        assert self.device.poll() == []
        assert not self.device.complaints, self.device.complaints
        return self

    def invite(self) -> str:
        _, code = invitations.create(self.house, ADMIN, ownership=Ownership.CORPORATE)
        return f"{self.house.settings.console_url}/enroll/{code}"

    @property
    def enrollment(self) -> Enrollment:
        return self.house.store.get(Enrollment, enrollment_of(self.device))

    def postpone_inventory(self) -> None:
        store = self.house.store
        store.commit(Replace(replace(self.enrollment, inventory_due=self.clock.now + 86_400)))

    def spending(self, act: Callable[[], Any]) -> Spent:
        before = Spent.so_far(self.tables.meter)
        act()
        return Spent.so_far(self.tables.meter).since(before)

    # the people plane
    def api(self, method: str, path: str, body: Any) -> Any:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        reply = self.people.request(method, f"/api/v1{path}", headers=headers, body=json.dumps(body).encode())
        assert reply.status_code < 300, reply.body
        return json.loads(reply.body)

    # the device plane
    def device_plane(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, certificate: str = ""
    ) -> Reply:
        """Also serves the invitation page, which is not of this plane, as the one link that it is made of.

        `certificate`: PEM of the one that the device showed in TLS.
        """
        parts = urlsplit(url)
        if parts.path.startswith("/enroll/"):
            link = f"{self.house.settings.device_url}/apple/profile/{parts.path.rsplit('/', 1)[-1]}"
            return Reply(200, {"content-type": "text/html"}, f'<a id="profile" href="{link}">'.encode())
        event = http_event(method, parts.path, parts.query, headers, body, certificate)
        answers: Answers = {}
        self.tables.answers = answers
        calls, started = Spent.so_far(self.tables.meter).dynamodb.calls, time.thread_time_ns()
        got = function_of(event).handle(event, None)
        self.busy_us += (time.thread_time_ns() - started) / 1000
        calls = Spent.so_far(self.tables.meter).dynamodb.calls - calls
        self.exchanges.append(Exchange(event, answers, got["statusCode"], calls))
        answer = base64.b64decode(got["body"]) if got["isBase64Encoded"] else got["body"].encode()
        self.out_bytes += len(answer)
        return Reply(got["statusCode"], got["headers"], answer)

    # streams and queues
    def outbox(self) -> None:
        """Lambda's event source mapping with the filters of infra/core.yaml: new queue rows, fresh enrollments."""
        records = [{"eventName": name, "dynamodb": {"NewImage": image}} for name, image in self.tables.stream()]
        if records:
            assert outbox.handle({"Records": records}, None) == {"batchItemFailures": []}

    def wake(self) -> None:
        for message in self.house.wakes.drain():  # type: ignore[attr-defined]
            assert wake.handle(sqs_event(message), None) == {"batchItemFailures": []}


def deployed(monkeypatch: pytest.MonkeyPatch, apns: FakeAPNs, **others: Any) -> Deployment:
    """`others`: settings."""
    clock = Clock()
    settings = replace(SETTINGS, push_url=apns.url, push_trust=apns.ca_pem, **others)
    made = memory_house(clock=clock, platforms=PLATFORMS, settings=settings)
    tables = Recorder(made.store._tables)  # type: ignore[attr-defined]
    house = replace(made, store=RecordStore(tables))
    push_certificate.upload(house, ADMIN, "".join(apns.issue_push_certificate(TOPIC)))
    wired_to(house, monkeypatch)
    return Deployment(house, clock, tables, apns)


def wired_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What chalicelib.wiring does from the environment."""
    for module, name in ((handler, "_house"), (signer, "_house"), (outbox, "house"), (wake, "house")):
        monkeypatch.setattr(module, name, lambda: house)
    monkeypatch.setattr(authority, "_known", None)


def function_of(event: Mapping[str, Any]) -> ModuleType:
    return handler if event["rawPath"] in handler.ROUTES else signer


def enrollment_of(device: AppleDevice | WindowsPC) -> str:
    certificate = x509.load_der_x509_certificate(device.certificate)
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(name.value)


def http_event(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, certificate: str = ""
) -> dict[str, Any]:
    """API Gateway HTTP API, payload format 2.0; with mutual TLS it tells the client's certificate."""
    proof = {"authentication": {"clientCert": {"clientCertPem": certificate}}} if certificate else {}
    return {
        "version": "2.0",
        "routeKey": f"ANY {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method}, "stage": "$default", "requestId": "JKJaXmPLvHcESHA=", **proof},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def sqs_event(*messages: Message) -> dict[str, Any]:
    bodies = [json.dumps(dict(message.body)) for message in messages]
    return {"Records": [{"messageId": str(n), "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]}


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Log lines are written, as at Lambda, but not shown between the figures."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere), contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        yield
