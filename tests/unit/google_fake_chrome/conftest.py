"""The Chrome part of the fake Google, asked by Google's own Python client as an administrator's delegate."""

import itertools
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httplib2
import pytest
import urllib3
from google.auth import crypt, jwt
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import DISCOVERY_DOC_DIR

from tests.google.process import FakeGoogle

SCOPE = "https://www.googleapis.com/auth/"
SCOPES = [SCOPE + name for name in (
    "admin.directory.device.chromeos", "admin.directory.orgunit", "chrome.management.policy",
    "chrome.management.telemetry.readonly", "chrome.management.reports.readonly",
)]  # fmt: skip
numbers = itertools.count(1)


class Wire:
    """What googleapiclient takes for httplib2: requests for https://HOST/PATH go to URL/HOST/PATH."""

    def __init__(self, google: FakeGoogle, token: str = "") -> None:
        self._url, self._token = google.url, token
        context = ssl.create_default_context(cadata=google.ca_pem)
        self._pool = urllib3.PoolManager(ssl_context=context, retries=False)

    def request(self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> Any:
        sent = {**(headers or {}), **({"authorization": f"Bearer {self._token}"} if self._token else {})}
        answer = self._pool.request(method, self._url + "/" + uri.removeprefix("https://"), body=body, headers=sent)
        return httplib2.Response({"status": str(answer.status), **answer.headers}), answer.data

    def close(self) -> None:
        self._pool.clear()


@dataclass
class Customer:
    google: FakeGoogle

    def __post_init__(self) -> None:
        self.control = self.google.control
        self.key = self.control.account("chrome@demo-1.iam.gserviceaccount.com", "demo-1")
        self.control.delegate(self.key["client_id"], SCOPES)
        self.directory = self.api("admin.directory_v1")
        self.devices, self.units = self.directory.chromeosdevices(), self.directory.orgunits()
        self.commands = self.directory.customer().devices().chromeos()
        self.policies = self.api("chromepolicy.v1").customers()
        self.management = self.api("chromemanagement.v1").customers()

    def api(self, name: str, subject: str | None = "director@example.com") -> Any:
        text = Path(DISCOVERY_DOC_DIR, f"{name}.json").read_text(encoding="utf-8")
        return build_from_document(json.loads(text), http=Wire(self.google, self._token(subject)))

    def _token(self, subject: str | None) -> str:
        now = int(self.control.advance(0))
        said = {"iss": self.key["client_email"], "aud": "https://oauth2.googleapis.com/token", "iat": now,
                "exp": now + 3600, "scope": " ".join(SCOPES), **({"sub": subject} if subject else {})}  # fmt: skip
        assertion = jwt.encode(crypt.RSASigner.from_service_account_info(self.key), said).decode()
        body = urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        _, content = Wire(self.google).request("https://oauth2.googleapis.com/token", "POST", body, headers)
        return str(json.loads(content)["access_token"])

    def book(self, **asked: Any) -> str:
        """The id of a Chromebook that just enrolled."""
        return str(self.control.post("/chromebooks/enroll", **({"serial": f"F{next(numbers)}"} | asked))["id"])

    def unit(self) -> str:
        return self.devices.get(customerId="my_customer", deviceId=self.book(ou=f"/U{next(numbers)}")).execute()[
            "orgUnitId"
        ]


@pytest.fixture(scope="session")
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as running:
        yield running
        assert running.control.state()["broken"] == []


@pytest.fixture
def customer(google: FakeGoogle) -> Customer:
    google.control.advance(61)  # the quota of policy writes is full again
    return Customer(google)
