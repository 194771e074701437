"""A Muster that is bound to an enterprise at the fake Google; pushes are handed over one by one, as a test likes it."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalicelib.core import commands, google_settings, google_setup, invitations
from chalicelib.core.house import House
from chalicelib.core.invitations import Ownership
from chalicelib.core.wake import wake
from chalicelib.model.command import Command
from chalicelib.model.device import Device
from chalicelib.model.enrollment import Enrollment, Invitation
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.platforms.android import names, receiver, signup, tokens
from chalicelib.platforms.android.platform import Android
from chalicelib.platforms.http import Request, Response
from chalicelib.storage.capacity import Meter
from chalicelib.storage.memory.house import SETTINGS, memory_house
from tests.google.process import FakeGoogle

ADMIN = Principal("ada", Role.ADMIN, person=True, ip="192.0.2.7")
ENDPOINT = f"{SETTINGS.device_url}/google/push"
Push = dict[str, Any]
numbers = itertools.count(1)


@dataclass
class Clock:
    ahead: int = 0

    def __call__(self) -> int:
        return int(time.time()) + self.ahead


@dataclass
class Site:
    google: FakeGoogle
    project: str = field(default_factory=lambda: f"site-{next(numbers)}")
    clock: Clock = field(default_factory=Clock)
    meter: Meter = field(default_factory=Meter)

    def __post_init__(self) -> None:
        self.control = self.google.control
        settings = replace(SETTINGS, google_url=self.google.url, google_trust=self.google.ca_pem)
        self.house: House = memory_house(self.clock, {"android": Android()}, settings, self.meter)
        self.house.identities.create_user(ADMIN.name, Secret("correct-Horse-7-battery"), ADMIN.role)
        self.pusher = f"push@{self.project}.iam.gserviceaccount.com"
        topic = f"projects/{self.project}/topics/muster"
        key = self.control.account(f"muster@{self.project}.iam.gserviceaccount.com", self.project)
        account = Secret(json.dumps(key).encode())
        google_setup.connect(self.house, ADMIN, account, topic=topic, push_email=self.pusher)
        self.control.pubsub(topic, ENDPOINT, service_account_email=self.pusher)
        self.control.push("hold")
        begun = signup.start(self.house, ADMIN)
        query = parse_qs(urlsplit(self.control.signup(begun.url, call=False)["callback"]).query)
        self.enterprise = signup.finish(self.house, query["state"][0], query["enterpriseToken"][0])
        assert self.enterprise == google_settings.enterprise(self.house)
        self.take()

    # -- devices

    def invite(self, ownership: Ownership = Ownership.CORPORATE, **more: Any) -> Invitation:
        return invitations.create(self.house, ADMIN, ownership=ownership, **more)[0]

    def enroll(self, invitation: Invitation | None = None, **more: Any) -> str:
        """The device's name at Google; what it pushed waits."""
        token = tokens.enrollment(self.house, invitation or self.invite())
        personal = {"kind": "work-profile"} if invitation and invitation.ownership is Ownership.PERSONAL else {}
        return str(self.control.enroll(token=token.value.reveal(), **personal, **more)["device"])

    def phone(self, ownership: Ownership = Ownership.CORPORATE, **more: Any) -> str:
        """An enrolled one that has been given its policy and has applied it."""
        name = self.enroll(self.invite(ownership, **more))
        self.hand_over()
        self.wake(name)
        self.control.report(name)
        self.hand_over()
        return name

    def device(self, name: str) -> Device:
        return self.house.store.get(Device, self.enrollment(name).device_id)

    def enrollment(self, name: str) -> Enrollment:
        return self.house.store.get(Enrollment, names.enrollment_id(name))

    # -- commands

    def ask(self, name: str, action: str, **params: Any) -> Command:
        return commands.request(self.house, ADMIN, self.device(name).id, action, params)

    def wake(self, name: str) -> Any:
        return wake(self.house, [names.enrollment_id(name)])

    def now(self, asked: Command) -> Command:
        return commands.get(self.house, asked.device_id, asked.id)

    # -- pushes

    def take(self) -> list[Push]:
        return list(self.control.take())

    def push(self, push: Push) -> Response:
        return receiver.serve(self.house, Request("POST", "/google/push", headers=push["headers"], body=_body(push)))

    def hand_over(self, pushes: Iterable[Push] | None = None) -> list[object]:
        found = self.take() if pushes is None else pushes
        answers = [self.push(each) for each in found]
        assert [answer.status for answer in answers] == [204] * len(answers)
        return [answer.log.get("result", answer.log) for answer in answers]


def _body(push: Push) -> bytes:
    body = push["body"]
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def told(push: Push) -> dict[str, Any]:
    """What a push says."""
    message = json.loads(_body(push))["message"]
    found: dict[str, Any] = json.loads(base64.b64decode(message["data"]))
    return found


def saying(push: Push, **changes: Any) -> Push:
    """The same push with another content, and under another id."""
    envelope = json.loads(_body(push))
    body = told(push) | changes
    envelope["message"]["data"] = base64.b64encode(json.dumps(body).encode()).decode()
    envelope["message"]["messageId"] = envelope["message"]["message_id"] = str(next(numbers) + 10**9)
    return push | {"body": json.dumps(envelope)}
