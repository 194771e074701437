"""What every part of a simulated device stands on: its state, its connection, its knobs."""

from __future__ import annotations

import os
import plistlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from xml.parsers.expat import ExpatError

from tests.devices.apple import hardware
from tests.devices.apple.birth import born
from tests.devices.apple.checkin import Messenger
from tests.devices.apple.complaints import Complaint, MessageRefused
from tests.devices.apple.hardware import MODELS
from tests.devices.apple.identity import Identity
from tests.devices.apple.knobs import Knobs
from tests.devices.apple.state import DeviceState, User
from tests.devices.apple.transport import HttpsTransport, Transport


class Handled(tuple[str, str]):
    """(request_type, status) as a pair; uuid and the report that was sent on top."""

    uuid: str
    reply: Mapping[str, Any]

    def __new__(cls, request_type: str, status: str, uuid: str, reply: Mapping[str, Any]) -> Handled:
        handled = super().__new__(cls, (request_type, status))
        handled.uuid, handled.reply = uuid, reply
        return handled

    @property
    def request_type(self) -> str:
        return self[0]

    @property
    def status(self) -> str:
        return self[1]


@dataclass(frozen=True)
class Received:
    """One delivery of a command, repetitions included."""

    uuid: str
    request_type: str
    payload: Mapping[str, Any]
    user: str | None


class DeviceBase:
    """state, knobs, received, handled and complaints are there for tests to look at and to set."""

    def __init__(
        self,
        kind: str = "iphone",
        *,
        ca_file: str | os.PathLike[str] | None = None,
        state_dir: str | os.PathLike[str] | None = None,
        seed: int | str | None = None,
        supervised: bool = True,
        user_enrollment: bool = False,
        identity: str = "signature",
        passcode: str | None = "135790",
        name: str | None = None,
        users: Sequence[User] | None = None,
        os_version: str | None = None,
        transport: Transport | None = None,
        state: DeviceState | None = None,
    ) -> None:
        self.state = state or born(kind, random.Random(seed) if seed is not None else random.SystemRandom())
        if state is None:
            self.state.supervised, self.state.user_enrollment, self.state.passcode = (
                supervised,
                user_enrollment,
                passcode,
            )
            self.state.name, self.state.os_version = name or self.state.name, os_version or self.state.os_version
            self.state.users = list(users) if users is not None else self.state.users
        self.transport: Transport = transport or HttpsTransport(ca_file)
        self.knobs = Knobs()
        self.mode = identity
        self.messenger = Messenger(self.state, self.transport, self.knobs, identity)
        self.received: list[Received] = []
        self.handled: list[Handled] = []
        self.complaints: list[str] = []
        self._folder = Path(state_dir) if state_dir else None
        self.save()

    @classmethod
    def load(cls, path: str | os.PathLike[str], **options: Any) -> Self:
        """A device from its file, trusting again what it trusted."""
        device = cls(state=DeviceState.from_json(Path(path).read_text()), state_dir=Path(path).parent, **options)
        if isinstance(device.transport, HttpsTransport):
            device.transport.trust_all(device.state.roots)
        return device

    def save(self) -> None:
        if self._folder is not None:
            self.state.save(self._folder)

    def keep_in(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)
        self.save()

    udid = property(lambda self: self.state.udid)
    serial = property(lambda self: self.state.serial)
    name = property(lambda self: self.state.name)
    kind = property(lambda self: self.state.kind)
    enrolled = property(lambda self: self.state.enrolled)
    token = property(lambda self: self.state.token)
    magic = property(lambda self: self.state.magic)
    certificate = property(lambda self: self.state.certificate)
    users = property(lambda self: self.state.users)

    @property
    def model(self) -> hardware.Model:
        return MODELS[self.state.kind]

    @property
    def platform(self) -> str:
        return self.model.platform

    @property
    def topic(self) -> str:
        return str(self.state.mdm["Topic"])

    @property
    def identity(self) -> Identity:
        if self.messenger.identity is None:
            raise Complaint(f"{self.serial} has no identity")
        return self.messenger.identity


def plist(raw: bytes) -> dict[str, Any]:
    try:
        content = plistlib.loads(raw)
    except (ValueError, OverflowError, ExpatError) as error:
        raise MessageRefused(f"the reply is not a property list: {raw[:120]!r}") from error
    if not isinstance(content, dict):
        raise MessageRefused("the reply is not a dictionary")
    return content
