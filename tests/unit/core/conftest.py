"""A house in memory, a clock that the test moves, and a platform with three plain actions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.core import arrival, channels, enrollment, invitations
from chalicelib.core.arrival import Hello
from chalicelib.core.enrollment import IssuedCertificate
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared, PushRefused
from chalicelib.model.device import Device, Ownership, Platform
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.storage.memory.house import memory_house

ADMIN = Principal("ada", Role.ADMIN, person=True, ip="192.0.2.1")
HELPDESK = Principal("hugo", Role.HELPDESK, person=True)
AUDITOR = Principal("aude", Role.AUDITOR, person=True)
TOKEN = Principal("01TOKEN", Role.ADMIN, person=False)


@dataclass
class Clock:
    now: int = 1_800_000_000

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: int) -> None:
        self.now += seconds


@dataclass(frozen=True)
class PlainAction:
    name: str
    request_type: str
    permission: str = "command.request"
    parks: bool = False
    priority: int = 5
    secret: bool = False

    @property
    def destructive(self) -> bool:
        return self.permission == "command.destructive"

    @property
    def once(self) -> bool:
        return self.destructive

    def refusal(self, device: Device) -> str:
        return (
            "A personal device is never wiped." if self.destructive and device.ownership == Ownership.PERSONAL else ""
        )

    def prepare(self, house: Any, device: Device, params: Mapping[str, Any], command_id: str) -> Prepared:
        if "bad" in params:
            raise Unprocessable("bad is not a parameter.")
        return Prepared(Secret(f"{self.request_type} {command_id}".encode()), secret=self.secret)


@dataclass
class PlainPlatform:
    name: str = "apple"
    systems: frozenset[str] = frozenset({"ios", "macos", "ipados"})
    woken: list[str] = field(default_factory=list)
    refusal: PushRefused | None = None
    catalogue: Mapping[str, PlainAction] = field(
        default_factory=lambda: {
            "ping": PlainAction("ping", "Ping"),
            "urgent": PlainAction("urgent", "Urgent", priority=0),
            "whisper": PlainAction("whisper", "Whisper", secret=True),
            "configure": PlainAction("configure", "Configure", "command.configure"),
            "erase": PlainAction("erase", "Erase", "command.destructive", parks=True, priority=0),
        }
    )

    def action(self, name: str) -> PlainAction | None:
        return self.catalogue.get(name)

    def actions(self) -> Sequence[str]:
        return sorted(self.catalogue)

    def removal(self, house: Any, device: Device, command_id: str) -> tuple[str, bytes] | None:
        return "RemoveProfile", command_id.encode()

    def wake(self, house: Any, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
        self.woken += [enrollment.id for enrollment in enrollments]
        return {enrollment.id: self.refusal for enrollment in enrollments}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform() -> PlainPlatform:
    return PlainPlatform()


@pytest.fixture
def house(clock: Clock, platform: PlainPlatform) -> House:
    return memory_house(clock=clock, platforms={"apple": platform})


def certificate(mark: str) -> IssuedCertificate:
    return IssuedCertificate(f"der {mark}".encode(), f"fp-{mark}", "0a", 2_000_000_000)


def issued(house: House, mark: str = "1", **invitation: Any) -> str:
    """An enrollment id with a certificate whose fingerprint is fp-<mark>."""
    options = {"ownership": Ownership.CORPORATE, **invitation}
    _, code = invitations.create(house, ADMIN, **options)
    offer = invitations.offer(house, code)
    enrollment.issue(house, offer.challenge.reveal(), f"tx-{mark}", f"key-{mark}", lambda _: certificate(mark))
    return offer.enrollment_id


def hello(udid: str = "UDID-1", serial: str = "SERIAL-1", **more: Any) -> Hello:
    identifiers = {kind: value for kind, value in (("udid", udid), ("serial", serial)) if value}
    return Hello(Platform.IOS, udid, identifiers, model="iPhone16,1", os_version="18.1", **more)


def enroll(house: House, mark: str = "1", udid: str = "UDID-1", serial: str = "SERIAL-1", **invitation: Any) -> Device:
    enrollment_id = issued(house, mark, **invitation)
    poll = enrollment.recognise(house, enrollment_id, f"fp-{mark}")
    arrival.authenticate(house, poll, hello(udid, serial))
    poll = enrollment.recognise(house, enrollment_id, f"fp-{mark}")
    channel = channels.enable(house, poll, push={"topic": "com.apple.mgmt.x", "token": "ab", "magic": "magic"})
    return house.store.get(Device, channel.device_id)
