"""One fake Google for the folder, a project of its own for each test, and Google's own client that talks to it."""

from __future__ import annotations

import http.server
import itertools
import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httplib2
import pytest
import urllib3
from google.auth import crypt, jwt
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import DISCOVERY_DOC_DIR

from tests.google.control import Control
from tests.google.process import FakeGoogle

ANDROID = "https://www.googleapis.com/auth/androidmanagement"
ZEROTOUCH = "https://www.googleapis.com/auth/androidworkzerotouchemm"
TOPIC = "projects/{0}/topics/amapi"
numbers = itertools.count(1)


@pytest.fixture(scope="session")
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as running:
        yield running
        assert running.control.state()["broken"] == []


@pytest.fixture
def control(google: FakeGoogle) -> Iterator[Control]:
    google.control.reset_clock()
    yield google.control
    google.control.push("normal")
    google.control.flush()
    google.control.clear_faults()
    google.control.quota("androidmanagement.googleapis.com", None)


class Wire:
    """What googleapiclient takes for httplib2: requests for https://HOST/PATH go to URL/HOST/PATH."""

    def __init__(self, google: FakeGoogle, token: str = "") -> None:
        context = ssl.create_default_context(cadata=google.ca_pem)
        self._url, self.token = google.url, token
        self._pool = urllib3.PoolManager(ssl_context=context, retries=False)

    def request(self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> Any:
        sent = {**(headers or {}), **({"authorization": f"Bearer {self.token}"} if self.token else {})}
        answer = self._pool.request(method, self._url + "/" + uri.removeprefix("https://"), body=body, headers=sent)
        return httplib2.Response({"status": str(answer.status), **answer.headers}), answer.data

    def close(self) -> None:
        self._pool.clear()


@dataclass
class Customer:
    """A project with a service account, as its owner has it."""

    google: FakeGoogle
    project: str = field(default_factory=lambda: f"demo-{next(numbers)}")

    def __post_init__(self) -> None:
        self.control = self.google.control
        self.key = self.control.account(f"muster@{self.project}.iam.gserviceaccount.com", self.project)
        self.topic = TOPIC.format(self.project)

    def assertion(self, **claims: Any) -> str:
        now = int(self.control.advance(0))
        said = {"iss": self.key["client_email"], "aud": "https://oauth2.googleapis.com/token", "iat": now,
                "exp": now + 3600, "scope": ANDROID} | claims  # fmt: skip
        signer = crypt.RSASigner.from_service_account_info(self.key)
        return jwt.encode(signer, {name: value for name, value in said.items() if value is not None}).decode()

    def grant(self, assertion: str, grant_type: str = "urn:ietf:params:oauth:grant-type:jwt-bearer") -> tuple[int, Any]:
        body = urlencode({"grant_type": grant_type, "assertion": assertion})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer, content = Wire(self.google).request("https://oauth2.googleapis.com/token", "POST", body, headers)
        return int(answer["status"]), json.loads(content)

    def token(self, **claims: Any) -> str:
        return str(self.grant(self.assertion(**claims))[1]["access_token"])

    def client(self, document: str = "androidmanagement.v1", **claims: Any) -> Any:
        with open(f"{DISCOVERY_DOC_DIR}/{document}.json") as file:  # noqa: PTH123 - the constant is text
            return build_from_document(json.load(file), http=Wire(self.google, self.token(**claims)))

    def bound(self, **enterprise: Any) -> Bound:
        api = self.client()
        signup = api.signupUrls().create(projectId=self.project, callbackUrl="https://muster.example/back").execute()
        proof = self.control.signup(signup["url"], call=False)["enterpriseToken"]
        made = api.enterprises().create(
            projectId=self.project, signupUrlName=signup["name"], enterpriseToken=proof, body=enterprise
        )
        return Bound(self, api, made.execute()["name"])


@dataclass
class Bound:
    """A customer whose enterprise is bound."""

    customer: Customer
    api: Any
    name: str

    def __post_init__(self) -> None:
        self.control = self.customer.control
        self.enterprises = self.api.enterprises()
        self.devices, self.policies = self.enterprises.devices(), self.enterprises.policies()
        self.tokens = self.enterprises.enrollmentTokens()

    def policy(self, identifier: str = "default", mask: str = "", **body: Any) -> Any:
        name = f"{self.name}/policies/{identifier}"
        return self.policies.patch(name=name, body=body, **({"updateMask": mask} if mask else {})).execute()

    def ticket(self, **body: Any) -> Any:
        return self.tokens.create(parent=self.name, body=body).execute()

    def phone(self, *, policy: dict[str, Any] | None = None, kind: str = "phone", usage: str = "", **asked: Any) -> str:
        self.policy(**(policy or {}))
        body = {"allowPersonalUsage": usage} if usage else {}
        return str(self.control.enroll(token=self.ticket(**body)["value"], kind=kind, **asked)["device"])

    def device(self, name: str) -> Any:
        return self.devices.get(name=name).execute()

    def command(self, device: str, kind: str = "", **body: Any) -> Any:
        said = ({"type": kind} if kind else {}) | body
        return self.devices.issueCommand(name=device, body=said).execute()

    def operation(self, name: str) -> Any:
        return self.devices.operations().get(name=name).execute()


@pytest.fixture
def customer(google: FakeGoogle, control: Control) -> Customer:
    return Customer(google)


@pytest.fixture
def bound(customer: Customer) -> Bound:
    return customer.bound()


class Receiver:
    """A push endpoint on loopback: keeps what it got, answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.got.append({"headers": dict(self.headers), "body": body, "path": self.path})
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                """Silent."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/google/push"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def kinds(self) -> list[str]:
        return [one["body"]["message"]["attributes"]["notificationType"] for one in self.got]

    def await_count(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        ends = time.monotonic() + seconds
        while len(self.got) < count and time.monotonic() < ends:
            time.sleep(0.02)
        return self.got

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def told(customer: Customer, receiver: Receiver) -> Bound:
    """A bound enterprise whose notifications go to the receiver; the `test` of the binding is taken off."""
    customer.control.pubsub(customer.topic, receiver.url, service_account_email="push@demo.iam.gserviceaccount.com",
                            subscription=f"projects/{customer.project}/subscriptions/muster")  # fmt: skip
    kinds = ["ENROLLMENT", "STATUS_REPORT", "COMMAND", "USAGE_LOGS"]
    made = customer.bound(pubsubTopic=customer.topic, enabledNotificationTypes=kinds)
    assert urlsplit(receiver.url).path == "/google/push"
    receiver.await_count(1)
    assert receiver.kinds() == ["test"]
    receiver.got.clear()
    return made
