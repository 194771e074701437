"""What the end-to-end tests share: the API as a person, devices over HTTPS, and the engine laid open."""

import base64
import itertools
import json
import math
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import Binary, TypeDeserializer

from chalicelib.core.house import House
from chalicelib.core.ports import Create, Replace
from chalicelib.model.records import Setting
from chalicelib.wiring import build
from tests.devices.apple import AppleDevice, User
from tests.devices.apple.base import Handled
from tests.devices.windows import WindowsPC

if TYPE_CHECKING:
    from tests.e2e.conftest import Stack

REASON = "asked for by the end-to-end tests"
SIGNED_IN = 600  # seconds; an access token lives for 15 minutes
TERMINAL = {"acknowledged", "failed", "expired", "cancelled"}
TABLES = ("Core", "Commands", "Audit", "Idempotency")
Dump = dict[str, dict[tuple[str, str], dict[str, Any]]]


@dataclass(frozen=True)
class Answer:
    """status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer to look at."""

    def redirect_request(self, *arguments: Any, **options: Any) -> None:
        return None


@dataclass
class World:
    stack: "Stack"
    refusals: list[bytes] = field(default_factory=list)  # bodies of all answers of 400 and above
    _person: tuple[str, float] = ("", -math.inf)
    _ids: dict[str, str] = field(default_factory=dict)

    # the people plane

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        context = ssl.create_default_context(cafile=self.stack.ca_file)
        return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _Stay)

    def fetch(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        request = urllib.request.Request(url, body, dict(headers or {}), method=method)
        try:
            with self._opener.open(request, timeout=60) as reply:
                return _answer(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                answer = _answer(refusal.code, refusal.headers, refusal.read())
            self.refusals.append(answer.body)
            return answer

    def api(self, method: str, path: str, content: Any = None, *, token: str | None = None, **headers: str) -> Answer:
        """As the administrator, a person; with another token as whoever it speaks for ("" for nobody)."""
        token = self.person if token is None else token
        sent = {
            "Content-Type": "application/json",
            **({"Authorization": f"Bearer {token}"} if token else {}),
            **headers,
        }
        return self.fetch(method, self.stack.api_url + path, _encoded(content), sent)

    def ok(self, method: str, path: str, content: Any = None) -> Any:
        """The content of an answer that has to be a good one."""
        answer = self.api(method, path, content)
        assert 200 <= answer.status < 400, (method, path, answer.status, answer.body[:500])
        return answer.json if answer.body else None

    @property
    def person(self) -> str:
        """An access token of the first administrator: API tokens may not destroy or reveal anything."""
        token, since = self._person
        if time.monotonic() - since > SIGNED_IN:
            who = {"username": self.stack.admin_username, "password": self.stack.admin_password}
            answer = self.api("POST", "/sessions", who, token="")
            assert answer.status == 201, answer.body
            self._person = token, _ = str(answer.json["access_token"]), time.monotonic()
        return token

    def invite(self, **options: Any) -> str:
        return str(self.invitation(**options)["link"])

    def invitation(self, **options: Any) -> dict[str, Any]:
        return dict(self.ok("POST", "/invitations", options))

    # devices

    def newborn(self, kind: str = "iphone", **options: Any) -> AppleDevice:
        return AppleDevice(kind, ca_file=self.stack.ca_file, **options)

    def device(
        self, kind: str = "iphone", *, invitation: Mapping[str, Any] | None = None, **options: Any
    ) -> AppleDevice:
        """Enrolled, its first inventory told, with nothing left to do."""
        device = self.newborn(kind, **options)
        device.enroll(self.invite(**(invitation or {})))
        self.settle(device)
        return device

    def settle(self, device: AppleDevice) -> list[Handled]:
        """All channels polled until nothing waits."""
        handled = device.poll()
        for user in device.users:
            if user.token and device.enrolled:
                handled += device.poll(user=user)
        return handled

    def record(self, device: AppleDevice | WindowsPC) -> dict[str, Any]:
        """What the API says of it."""
        return dict(self.ok("GET", f"/devices/{self.id_of(device)}"))

    def id_of(self, device: AppleDevice | WindowsPC) -> str:
        if isinstance(device, WindowsPC):
            identifier = device.serial  # its DeviceID is another one after each installation of Windows
        else:
            identifier = device.state.enrollment_id if device.state.user_enrollment else device.udid
        if identifier not in self._ids:
            found = self.found(identifier)
            assert len(found) == 1, found
            self._ids[identifier] = str(found[0]["id"])
        return self._ids[identifier]

    def found(self, identifier: str) -> list[dict[str, Any]]:
        """The devices with this serial number, UDID or EnrollmentID."""
        return list(self.ok("GET", f"/devices?identifier={identifier}")["items"])

    def ask(self, device_id: str, action: str, reason: str = "", **params: Any) -> dict[str, Any]:
        wish = {"action": action, "params": params, "reason": reason}
        answer = self.api("POST", f"/devices/{device_id}/commands", wish)
        assert answer.status == 202, (action, answer.status, answer.body)
        return dict(answer.json)

    def command(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """As it stands now."""
        return dict(self.ok("GET", f"/devices/{command['device_id']}/commands/{command['id']}"))

    def obey(self, device: AppleDevice, action: str, *, user: User | None = None, **params: Any) -> dict[str, Any]:
        """Asked, delivered, answered: the finished command."""
        command = self.ask(self.id_of(device), action, **params)
        handled = device.poll(user=user)
        assert command["id"] in [one.uuid for one in handled], (action, handled)
        return self.command(command)

    def reveal(self, device_id: str, kind: str, number: int = 0) -> bytes:
        answer = self.ok("POST", f"/devices/{device_id}/escrow/{kind}/reveal", {"reason": REASON, "number": number})
        return base64.b64decode(answer["value"]) if answer["encoding"] == "base64" else answer["value"].encode()

    # the engine

    def house(self, **changes: str) -> House:
        """The same deployment, wired in this process with root access."""
        return build({**self.stack.environment, **changes})

    def set(self, name: str, value: Mapping[str, Any]) -> None:
        """A setting of the organisation that has no route."""
        store = self.house().store
        known = store.find(Setting, name)
        store.commit(Replace(replace(known, value=value)) if known else Create(Setting(name, value)))

    def tables(self) -> Dump:
        """Every item of every table, as plain values."""
        client, reads = self.stack.client("dynamodb"), TypeDeserializer()
        dump: Dump = {}
        for name in TABLES:
            pages = client.get_paginator("scan").paginate(TableName=self.stack.outputs[f"{name}TableName"])
            items = [
                {k: _plain(reads.deserialize(v)) for k, v in item.items()} for page in pages for item in page["Items"]
            ]
            dump[name.lower()] = {(item["pk"], item["sk"]): item for item in items}
        return dump

    def invoke(self, function: str, event: Any = None) -> Any:
        """A function of the deployment, straight; a function that raises fails the test."""
        client = self.stack.client("lambda")
        answer = client.invoke(FunctionName=f"muster-main-{function}", Payload=json.dumps(event or {}).encode())
        body = answer["Payload"].read()
        assert "FunctionError" not in answer, (function, body)
        return json.loads(body)

    @contextmanager
    def counted(self) -> Iterator[list[tuple[str, str]]]:
        """(service, operation) of every AWS call that anybody makes meanwhile; filled in at the end."""
        calls: list[tuple[str, str]] = []
        before = next(self._recorded(), ("", ""))[1]
        self._record(True)
        try:
            yield calls
        finally:
            self._record(False)
            fresh = itertools.takewhile(lambda event: event[1] != before, self._recorded())
            calls += reversed([call for call, _ in fresh if call[0] not in ("cloudtrail", "cloudformation")])

    def quiet(self) -> None:
        """Returns when the functions behind streams and queues have come to rest."""
        for _ in range(30):
            with self.counted() as calls:
                time.sleep(2)  # the window without any AWS call; streams are read once a second
            if not calls and not self._in_queues():
                return
        raise AssertionError(f"still at work: {calls}")

    def _in_queues(self) -> int:
        """Messages to be worked off now, or being worked off; not those that are delayed."""
        names, client = (
            ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            self.stack.client("sqs"),
        )
        queues = [self.stack.outputs[f"{queue}QueueUrl"] for queue in ("Wake", "Sweep", "Reports")]
        found = [client.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"] for queue in queues]
        return sum(int(count) for attributes in found for count in attributes.values())

    @contextmanager
    def untouched(self, *but: str) -> Iterator[None]:
        """Nothing of what is stored changes meanwhile, except in the tables that are named."""
        before = self.tables()
        yield
        after = self.tables()
        for name in before.keys() - set(but):
            assert after[name] == before[name], name

    def _record(self, on: bool) -> None:
        url = f"{self.stack.engine_url}/_ministack/config"
        answer = self.fetch("POST", url, json.dumps({"cloudtrail._recording_enabled": on}).encode())
        assert answer.json == {"applied": {"cloudtrail._recording_enabled": on}}

    def _recorded(self) -> Iterator[tuple[tuple[str, str], str]]:
        """Calls with their event ids, the newest first. The control interface itself counts as cloudformation."""
        for page in self.stack.client("cloudtrail").get_paginator("lookup_events").paginate():
            for event in page["Events"]:
                yield (event["EventSource"].split(".")[0], event["EventName"]), event["EventId"]

    # the push service

    @cached_property
    def push_control(self) -> str:
        return str(json.loads((self.stack.state / "dev.json").read_text())["apns_control_url"])

    def pushes(self) -> int:
        """How many pushes there have been."""
        return int(self.fetch("GET", f"{self.push_control}/health").json["pushes"])

    def pushed(self, token: bytes, after: int, wait: float = 20) -> dict[str, Any]:
        """The first push to this token behind the `after`-th of all; fails when none comes."""
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            left = max(0.1, deadline - time.monotonic())
            found = self.fetch("GET", f"{self.push_control}/pushes?after={after}&wait={left:.1f}").json
            after = found["next"]
            for push in found["pushes"]:
                if push["token"] == token.hex():
                    return dict(push)
        raise AssertionError(f"no push to {token.hex()[:16]}… within {wait} s")

    def script(self, device: AppleDevice, status: int, reason: str, times: int = 1, **more: Any) -> None:
        """What the push service answers next for this device."""
        content = {"status": status, "reason": reason, "token": device.token.hex(), "times": times, **more}
        assert self.fetch("POST", f"{self.push_control}/script", json.dumps(content).encode()).status == 200


def eventually(check: Callable[[], Any], what: str, wait: float = 30) -> Any:
    """The first true value of `check`, which is asked again and again; fails after `wait` seconds."""
    deadline = time.monotonic() + wait
    while not (found := check()):
        assert time.monotonic() < deadline, f"not within {wait} s: {what}"
        time.sleep(0.1)
    return found


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)


def _encoded(content: Any) -> bytes | None:
    if content is None or isinstance(content, bytes):
        return content
    return json.dumps(content).encode()


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, Binary) else value
