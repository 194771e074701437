"""A house that is connected to the fake Google, and Chromebooks in both."""

import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.core import commands, google_setup
from chalicelib.core.house import House
from chalicelib.core.ports import Create, PushRefused
from chalicelib.core.wake import wake
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.platforms.chromeos.platform import ChromeOS
from chalicelib.platforms.chromeos.sync import enrollment_id
from chalicelib.storage.memory.house import SETTINGS, memory_house
from tests.google.process import FakeGoogle

ADMIN = Principal("ada", Role.ADMIN, person=True)
HELPDESK = Principal("hal", Role.HELPDESK, person=True)
ACCOUNT, DIRECTOR = "muster@example-123456.iam.gserviceaccount.com", "director@example.com"
DIRECTORY_HOST = "admin.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/"
SCOPES = [SCOPE + name for name in (
    "admin.directory.device.chromeos", "admin.directory.orgunit", "chrome.management.policy",
    "chrome.management.telemetry.readonly", "chrome.management.reports.readonly",
    "chrome.management.appdetails.readonly",
)]  # fmt: skip
serials = itertools.count(1)


@dataclass
class Clock:
    """True time, and what a test adds: the fake's clock goes along."""

    ahead: int = 0

    def __call__(self) -> int:
        return int(time.time()) + self.ahead


@dataclass
class Office:
    google: FakeGoogle
    clock: Clock
    house: House = field(init=False)
    key: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        settings = replace(SETTINGS, google_url=self.google.url, google_trust=self.google.ca_pem)
        self.house = memory_house(clock=self.clock, platforms={"chromeos": ChromeOS()}, settings=settings)
        self.key = self.google.control.account(ACCOUNT, "example-123456")
        self.google.control.delegate(self.key["client_id"], SCOPES)
        google_setup.connect(
            self.house, ADMIN, Secret(json.dumps(dict(self.key)).encode()),
            topic="projects/example-123456/topics/muster", push_email=ACCOUNT, admin=DIRECTOR,
        )  # fmt: skip

    def pass_by(self, seconds: int) -> None:
        self.clock.ahead += seconds
        self.google.control.advance(seconds)

    def chromebook(self, **asked: Any) -> "Chromebook":
        """Enrolled at Google and known to the house."""
        made = self.google.control.post("/chromebooks/enroll", **({"serial": f"SN{next(serials)}"} | asked))
        return Chromebook(self, made["id"], made["serial"]).taken_in()

    def wake(self, *books: "Chromebook") -> Mapping[str, PushRefused]:
        return wake(self.house, [book.enrollment.id for book in books])

    def requests(self, verb: str, ending: str) -> list[dict[str, Any]]:
        asked = self.google.control.requests()
        return [one for one in asked if one["method"] == verb and one["path"].endswith(ending)]


@dataclass
class Chromebook:
    office: Office
    id: str
    serial: str

    def taken_in(self) -> "Chromebook":
        now, channel = self.office.clock(), enrollment_id(self.id)
        device = Device(
            id=f"D-{self.serial}", platform=Platform.CHROMEOS, identifiers={"serial": self.serial},
            ownership=Ownership.CORPORATE, status=DeviceStatus.ENROLLED, enrollment_id=channel, created_at=now,
            os_version="131.0.6778.96",
        )  # fmt: skip
        enrollment = Enrollment(
            channel, EnrollmentStatus.ENABLED, "chromeos", (), "", now, device_id=device.id, hardware_id=self.id
        )
        self.office.house.store.commit(Create(device), Create(enrollment))
        return self

    @property
    def device(self) -> Device:
        return self.office.house.store.get(Device, f"D-{self.serial}")

    @property
    def enrollment(self) -> Enrollment:
        return self.office.house.store.get(Enrollment, enrollment_id(self.id))

    def ask(self, action: str, who: Principal = ADMIN, /, **params: Any) -> str:
        return commands.request(self.office.house, who, self.device.id, action, params).id

    def command(self, command_id: str) -> Command:
        return commands.get(self.office.house, self.device.id, command_id)

    def state(self, command_id: str) -> CommandState:
        return self.command(command_id).state

    def wake(self) -> PushRefused | None:
        return self.office.wake(self).get(self.enrollment.id)

    def obey(self, steps: int = 3) -> list[str]:
        return list(self._control("obey", steps=steps)["executed"])

    def set(self, **how: Any) -> None:
        self._control("set", **how)

    def cancel(self) -> None:
        self._control("cancel")

    def offline(self, offline: bool = True) -> None:
        self._control("offline", offline=offline)

    def at_google(self) -> dict[str, Any]:
        return dict(self._control("set")["device"])

    def issued(self) -> list[dict[str, Any]]:
        """What reached Google for this device, in order."""
        return [one["body"] for one in self.office.requests("POST", f"{self.id}:issueCommand") if one["status"] == 200]

    def done(self, action: str, who: Principal = ADMIN, /, **params: Any) -> Command:
        """Asked for, handed over, executed, asked after."""
        command_id = self.ask(action, who, **params)
        self.wake()
        self.obey()
        self.wake()
        return self.command(command_id)

    def _control(self, what: str, **body: Any) -> dict[str, Any]:
        return self.office.google.control.post(f"/chromebooks/{self.id}/{what}", **body)
