"""Devices in each management mode, here and at the fake Google, and what to ask of them."""

import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.core import google_setup
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.platforms.android.actions import registry
from chalicelib.platforms.android.actions.action import Action
from chalicelib.platforms.google import client
from chalicelib.platforms.google.client import ANDROID
from chalicelib.storage.memory.house import SETTINGS, memory_house
from tests.google.process import FakeGoogle

COMMAND = "501JBKANARY"
PASSWORD = "Correct-Horse-9"
MODES = ("fully-managed", "dedicated", "company-work-profile", "work-profile")
ALLOWED, USERLESS = "PERSONAL_USAGE_ALLOWED", "PERSONAL_USAGE_DISALLOWED_USERLESS"
ADMIN = Principal("ada", Role.ADMIN, person=True)
projects = itertools.count(1)

# What each action needs, and all that it takes.
NEEDED: Mapping[str, dict[str, Any]] = {
    "lost-mode-on": {"phone_number": "+49 30 1234"},
    "clear-app-data": {"packages": ["com.android.chrome"]},
}
FULL: Mapping[str, dict[str, Any]] = {
    "reset-password": {
        "new_password": PASSWORD,
        "require_entry": True,
        "no_password_on_boot": False,
        "lock_now": True,
    },
    "erase": {"keep_reset_protection": True, "external_storage": True, "esims": True},
    "lost-mode-on": {
        "message": "Please\ncall us.",
        "phone_number": "+49 30 1234",
        "email": "it@example.com",
        "address": "Invalidenstr. 1, Berlin",
        "organization": "Example",
    },
    "clear-app-data": {"packages": ["com.android.chrome", "com.android.chrome", "com.google.android.gm"]},
    "disable": {"reason": "Reported stolen."},
}


def params(name: str, *, full: bool) -> dict[str, Any]:
    return {**NEEDED.get(name, {}), **(FULL.get(name, {}) if full else {})}


def device(mode: str = "fully-managed", api: int | None = 35, **changes: Any) -> Device:
    owner = Ownership.PERSONAL if mode == "work-profile" else Ownership.CORPORATE
    made = Device(
        id="01D", platform=Platform.ANDROID, identifiers={"serial": "S"}, ownership=owner, enrollment_id="01E",
        status=DeviceStatus.ENROLLED, created_at=1, capabilities=(mode,) if mode else (),
        facts={} if api is None else {"api_level": api},
    )  # fmt: skip
    return replace(made, **changes)


def action(name: str) -> Action:
    found = registry.action(name)
    assert found is not None
    return found


def prepare(house: House, name: str, target: Device | None = None, /, **asked: Any) -> Prepared:
    return action(name).prepare(house, target or device(), asked, COMMAND)


def document(prepared: Prepared) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(prepared.payload.reveal())
    assert read.pop("id") == COMMAND
    return read


@dataclass
class Company:
    """A house that is connected to the fake Google, with an enterprise of its own."""

    google: FakeGoogle
    house: House = field(init=False)
    enterprise: str = field(init=False)

    def __post_init__(self) -> None:
        project = f"example-{next(projects)}"
        settings = replace(SETTINGS, google_url=self.google.url, google_trust=self.google.ca_pem)
        self.house = memory_house(clock=lambda: int(time.time()), settings=settings)
        account = f"muster@{project}.iam.gserviceaccount.com"
        key = Secret(json.dumps(self.google.control.account(account, project)).encode())
        google_setup.connect(self.house, ADMIN, key, topic=f"projects/{project}/topics/muster", push_email=account)
        at = {"projectId": project}
        signup = self.call("POST", "/v1/signupUrls", at | {"callbackUrl": "https://muster.example/back"})
        token = self.google.control.signup(signup["url"], call=False)["enterpriseToken"]
        asked = at | {"signupUrlName": signup["name"], "enterpriseToken": token}
        self.enterprise = self.call("POST", "/v1/enterprises", asked, {})["name"]
        self.call("PATCH", f"/v1/{self.enterprise}/policies/default", {}, {})

    def call(self, verb: str, path: str, query: Mapping[str, Any], body: Any = None) -> Mapping[str, Any]:
        return client.call(self.house, ANDROID, verb, path, query, body)

    def phone(self, mode: str) -> str:
        """The name of a new device at Google."""
        usage = {"dedicated": USERLESS, "fully-managed": ""}.get(mode, ALLOWED)
        body = {"policyName": f"{self.enterprise}/policies/default"} | ({"allowPersonalUsage": usage} if usage else {})
        ticket = self.call("POST", f"/v1/{self.enterprise}/enrollmentTokens", {}, body)
        way = {"qr_code": ticket["qrCode"]} if mode == "company-work-profile" else {"token": ticket["value"]}
        kind = "kiosk" if mode == "dedicated" else "phone"
        return str(self.google.control.enroll(**way, kind=kind)["device"])

    def at_google(self, name: str) -> Mapping[str, Any]:
        return self.call("GET", f"/v1/{name}", {})

    def issue(self, name: str, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """The operation after the device had its turn."""
        operation = self.call("POST", f"/v1/{name}:issueCommand", {}, command)["name"]
        self.google.control.obey(name)
        return self.call("GET", f"/v1/{operation}", {})

    def change(self, name: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """The device after it reported."""
        self.call("PATCH", f"/v1/{name}", {"updateMask": asked["mask"]}, asked["device"])
        self.google.control.report(name)
        return self.at_google(name)
