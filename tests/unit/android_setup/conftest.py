"""One fake Google for the folder; for each test a project of its own, and a house that is connected to it."""

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.core import google_setup
from chalicelib.core.house import House
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.platforms.android import signup
from chalicelib.storage.memory.house import SETTINGS, memory_house
from tests.google.control import Control
from tests.google.process import FakeGoogle

ADMIN = Principal("ada", Role.ADMIN, person=True, ip="192.0.2.7")
numbers = itertools.count(1)


class Clock:
    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return int(time.time()) + self.ahead


@dataclass
class Site:
    """A Muster, the Google project that it is connected to, and what went over the wire between them."""

    house: House
    clock: Clock
    control: Control
    project: str

    @property
    def topic(self) -> str:
        return f"projects/{self.project}/topics/muster"

    def connect(self, **more: Any) -> None:
        key = self.control.account(f"muster@{self.project}.iam.gserviceaccount.com", self.project)
        ways = {"topic": self.topic, "push_email": f"push@{self.project}.iam.gserviceaccount.com"} | more
        google_setup.connect(self.house, ADMIN, Secret(json.dumps(key).encode()), **ways)

    def come_back(self, url: str) -> tuple[str, str]:
        """What the browser brings once the administrator signed up: our state, Google's token."""
        callback = self.control.signup(url, call=False)["callback"]
        assert callback.startswith(f"{SETTINGS.console_url}/android/callback?")
        query = parse_qs(urlsplit(callback).query)
        assert set(query) == {"state", "enterpriseToken"}
        return query["state"][0], query["enterpriseToken"][0]

    def sign_up(self) -> str:
        return signup.finish(self.house, *self.come_back(signup.start(self.house, ADMIN).url))

    def asked(self, method: str, ending: str = "") -> list[dict[str, Any]]:
        """Requests of this project's account to the Android Management API that reached it."""
        mine = f"muster@{self.project}.iam.gserviceaccount.com"
        return [
            one for one in self.control.requests()
            if one["host"].startswith("androidmanagement") and one.get("caller") == mine
            and one["method"] == method and ending in one["path"]
        ]  # fmt: skip


@pytest.fixture(scope="session")
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as running:
        yield running
        assert running.control.state()["broken"] == []


@pytest.fixture
def unconnected(google: FakeGoogle) -> Iterator[Site]:
    clock = Clock()
    house = memory_house(clock, settings=replace(SETTINGS, google_url=google.url, google_trust=google.ca_pem))
    house.identities.create_user(ADMIN.name, Secret("correct horse battery"), Role.ADMIN)
    google.control.reset_clock()
    yield Site(house, clock, google.control, f"setup-{next(numbers)}")
    google.control.clear_faults()


@pytest.fixture
def site(unconnected: Site) -> Site:
    unconnected.connect()
    return unconnected


@pytest.fixture
def bound(site: Site) -> Site:
    site.sign_up()
    return site
