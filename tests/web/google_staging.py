"""The people plane connected to the fake Google, whose clock is put to the plane's."""

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from chalicelib.platforms.android import policies, signup
from chalicelib.platforms.windows.platform import Windows
from tests.google.control import Control
from tests.google.process import FakeGoogle
from tests.web.staging import Plane, Reply

numbers = itertools.count(1)
CANARY = "canary-passphrase"
PLAIN = {"screenCaptureDisabled": True}
WIFI = {
    "openNetworkConfiguration": {
        "NetworkConfigurations": [
            {
                "GUID": "office", "Name": "Office", "Type": "WiFi",
                "WiFi": {"SSID": "Office", "Security": "WPA-PSK", "Passphrase": CANARY},
            }
        ]
    }
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AndroidWithSetup(Windows):
    """A platform that offers what the API looks for under `android`, and nothing else of it."""

    name: str = "android"

    @property
    def signup(self) -> ModuleType:
        return signup

    @property
    def policies(self) -> ModuleType:
        return policies


@dataclass
class Office:
    """A plane, and a project at Google for it."""

    plane: Plane
    control: Control
    project: str

    @property
    def key(self) -> dict[str, Any]:
        return self.control.account(f"muster@{self.project}.iam.gserviceaccount.com", self.project)

    @property
    def ways(self) -> dict[str, str]:
        pusher = f"push@{self.project}.iam.gserviceaccount.com"
        return {"topic": f"projects/{self.project}/topics/muster", "push_email": pusher}

    def connect(self) -> Reply:
        return self.plane.api("PUT", "/settings/google", {**self.ways, "key": json.dumps(self.key)})

    def come_back(self, url: str) -> str:
        """The address, on our side, to which Google leads the browser after the sign-up."""
        back = urlsplit(self.control.signup(url, call=False)["callback"])
        assert back.path == "/android/callback"
        return f"{back.path}?{back.query}"

    def sign_up(self) -> Reply:
        begun = self.plane.api("POST", "/settings/android/sign-up").json
        return self.plane.call("GET", self.come_back(begun["url"]), who=None)


@contextmanager
def fake() -> Iterator[FakeGoogle]:
    with FakeGoogle() as running:
        yield running
        assert running.control.state()["broken"] == []


def office(plane: Plane, google: FakeGoogle) -> Office:
    google.control.clear_faults()
    google.control.reset_clock()
    google.control.advance(plane.clock.now - time.time())
    house = plane.house
    plane.house = replace(
        house,
        settings=replace(house.settings, google_url=google.url, google_trust=google.ca_pem),
        platforms={**house.platforms, "android": AndroidWithSetup()},
    )
    return Office(plane, google.control, f"office-{next(numbers)}")
