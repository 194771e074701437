"""Asking Google: one call, one answer, no library. Retries are the caller's, by the delay of its queue.

Sources: the discovery documents of the APIs below; RFC 6750 §2.1 (bearer tokens). What goes over the wire is compared
with what Google's own Python client would send, in tests.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from chalicelib.core.errors import BadRequest
from chalicelib.core.google_settings import NotConnected
from chalicelib.core.house import House
from chalicelib.platforms.google import answers, hosts, service_account
from chalicelib.platforms.google.answers import GoogleAbsent, GoogleBusy, GoogleRefused
from chalicelib.platforms.google.pace import Pace
from chalicelib.platforms.google.token import Bearer, Tokens
from chalicelib.platforms.outgoing import Answer, Lines, NoAnswer, Overlong

__all__ = [
    "ANDROID", "CHROME_MANAGEMENT", "CHROME_POLICY", "DIRECTORY", "PROVISIONING", "Api", "GoogleAbsent", "GoogleBusy",
    "GoogleRefused", "NotConnected", "call", "page", "quoted",
]  # fmt: skip

TIMEOUT = 10.0
LARGEST = 16 * 1024 * 1024
UNAUTHORIZED = 401
_SCOPE = "https://www.googleapis.com/auth/"
_PATH = re.compile(r"(/[A-Za-z0-9._~%:@!$&'()*+,;=-]+)+")

Query = Mapping[str, str | int | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Api:
    host: str
    scopes: tuple[str, ...]
    delegated: bool = False  # asked in the name of the administrator of the settings


ANDROID = Api("androidmanagement.googleapis.com", (f"{_SCOPE}androidmanagement",))
PROVISIONING = Api("androiddeviceprovisioning.googleapis.com", (f"{_SCOPE}androidworkzerotouchemm",))
DIRECTORY = Api(
    "admin.googleapis.com", (f"{_SCOPE}admin.directory.device.chromeos", f"{_SCOPE}admin.directory.orgunit"), True
)
CHROME_POLICY = Api("chromepolicy.googleapis.com", (f"{_SCOPE}chrome.management.policy",), True)
CHROME_MANAGEMENT = Api(
    "chromemanagement.googleapis.com",
    tuple(f"{_SCOPE}chrome.management.{of}.readonly" for of in ("telemetry", "reports", "appdetails")),
    True,
)


def call(
    house: House,
    api: Api,
    method: str,
    path: str,
    query: Query | None = None,
    body: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    """`path` begins with a slash; names in it are `quoted`. GoogleBusy, GoogleAbsent, GoogleRefused, NotConnected."""
    if not _PATH.fullmatch(path):
        raise BadRequest("This is no path at Google: names in it have to be quoted.")
    return _client(house).call(api, method, path + _query(query or {}), body)


def page(
    house: House, api: Api, path: str, query: Query, items: str, token: str = ""
) -> tuple[list[Mapping[str, Any]], str]:
    """One page of a list, and the token of the next one, which is empty on the last. As `call`."""
    answer = call(house, api, "GET", path, {**query, **({"pageToken": token} if token else {})})
    listed, following = answer.get(items, []), answer.get("nextPageToken", "")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise GoogleBusy("Google's answer is no list; it is asked again.")
    if not isinstance(following, str):
        raise GoogleBusy("Google's answer does not say where it goes on; it is asked again.")
    return listed, following


def quoted(name: str) -> str:
    """A resource name as part of a path; its slashes stay. BadRequest for one that would lead elsewhere."""
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise BadRequest("This is not the name of anything at Google.")
    return quote(name, safe="/")


def _query(query: Query) -> str:
    told = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
    return "?" + urlencode(told, doseq=True) if told else ""


class _Client:
    """Of one process: its lines, its tokens, its pace."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._lines = Lines(house.settings.google_trust, TIMEOUT, LARGEST)
        self._tokens = Tokens(house, self._lines)
        self._pace = Pace(house.clock)

    def call(self, api: Api, method: str, target: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
        account = service_account.connection(self.house)
        bearer = Bearer(account, api.scopes, api.delegated)
        answer = self._ask(bearer, api.host, method, target, body)
        if answer.status == UNAUTHORIZED:
            self._tokens.drop(bearer)
            answer = self._ask(bearer, api.host, method, target, body)
        return answers.read(answer)

    def _ask(self, bearer: Bearer, host: str, method: str, target: str, body: Mapping[str, Any] | None) -> Answer:
        self._pace.take(bearer.account.project, host)
        headers = {"accept": "application/json", "authorization": f"Bearer {self._tokens.get(bearer).reveal()}"}
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        try:
            return self._lines.ask(method, hosts.address(self.house.settings, host, target), headers, content)
        except Overlong as problem:
            raise GoogleRefused(200, "TOO_LARGE") from problem
        except NoAnswer as problem:
            raise GoogleBusy(str(problem)) from problem

    def close(self) -> None:
        self._lines.close()


_current: _Client | None = None


def _client(house: House) -> _Client:
    global _current
    if _current is None or _current.house is not house:
        if _current is not None:
            _current.close()
        _current = _Client(house)
    return _current
