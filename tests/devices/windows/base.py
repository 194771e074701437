"""What every part of a simulated PC stands on: its state, its connection, its knobs."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.devices.apple.identity import Identity
from tests.devices.apple.transport import HttpsTransport, Reply, Transport
from tests.devices.windows.birth import born
from tests.devices.windows.complaints import Complaint
from tests.devices.windows.knobs import Knobs
from tests.devices.windows.state import PCState
from tests.devices.windows.tree import Leaf, canonical

Channels = Callable[[str], str]  # PFN → channel URI


class Handled(tuple[str, int]):
    """("Exec ./Device/Vendor/MSFT/Reboot/RebootNow", 200) as a pair; its CmdID and data on top."""

    cmd_id: str
    data: str

    def __new__(cls, request: str, status: int, cmd_id: str = "", data: str = "") -> Handled:
        handled = super().__new__(cls, (request, status))
        handled.cmd_id, handled.data = cmd_id, data
        return handled

    @property
    def request(self) -> str:
        return self[0]

    @property
    def status(self) -> int:
        return self[1]


@dataclass(frozen=True)
class Received:
    """One delivery of a command, repetitions included."""

    verb: str
    uri: str
    data: str
    cmd_id: str
    session: int


class PCBase:
    """state, knobs, received, handled and complaints are there for tests to look at and to set."""

    kind = "windows"
    platform = "Windows"

    def __init__(
        self,
        *,
        ca_file: str | os.PathLike[str] | None = None,
        state_dir: str | os.PathLike[str] | None = None,
        seed: int | str | None = None,
        name: str | None = None,
        upn: str | None = None,
        logged_in: str = "user",
        channels: Channels | None = None,
        transport: Transport | None = None,
        state: PCState | None = None,
    ) -> None:
        self.dice: random.Random = random.Random(seed) if seed is not None else random.SystemRandom()
        self.state = state or born(self.dice)
        if state is None:
            self.state.upn, self.state.logged_in = upn or self.state.upn, logged_in
            if name:
                self._name(name)
        self.transport: Transport = transport or HttpsTransport(ca_file)
        self.channels: Channels = channels or _channel
        self.knobs = Knobs()
        self.received: list[Received] = []
        self.handled: list[Handled] = []
        self.complaints: list[str] = []
        self.doubled: list[tuple[Reply, Reply]] = []
        self.scep_identities: list[Identity] = []
        self.archive = b""
        self.opaque_blob = ""
        self.ending = ""  # what becomes of the enrollment when the session is over
        self.first_nonce = b""
        self.last_key: rsa.RSAPrivateKey | None = None
        self._folder = Path(state_dir) if state_dir else None
        self.save()

    @classmethod
    def load(cls, path: str | os.PathLike[str], **options: Any) -> Self:
        """A PC from its file, trusting again what it trusted."""
        pc = cls(state=PCState.from_json(Path(path).read_text()), state_dir=Path(path).parent, **options)
        if isinstance(pc.transport, HttpsTransport):
            pc.transport.trust_all(pc.state.roots)
        pc.present_certificate()
        return pc

    def save(self) -> None:
        if self._folder is not None:
            self.state.save(self._folder)

    def keep_in(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)
        self.save()

    def _name(self, name: str) -> None:
        self.state.name = name
        for node in ("DeviceName", "DNSComputerName"):
            self.state.tree.put(f"./DevDetail/Ext/Microsoft/{node}", "chr", name)

    serial = property(lambda self: self.state.serial)
    device_id = property(lambda self: self.state.device_id)
    name = property(lambda self: self.state.name)
    enrolled = property(lambda self: self.state.enrolled)
    certificate = property(lambda self: self.state.certificate)

    @property
    def udid(self) -> str:
        return str(self.state.device_id)

    @property
    def identity(self) -> Identity:
        if not self.state.certificate:
            raise Complaint(f"{self.serial} has no identity")
        return Identity.from_der(self.state.certificate, self.state.key_pem)

    @property
    def nodes(self) -> Mapping[str, Leaf]:
        return self.state.tree.nodes

    def node(self, uri: str) -> str | None:
        """What a node holds; None where it is not."""
        leaf = self.state.tree.get(canonical(uri))
        return None if leaf is None else leaf[1]

    def now(self) -> datetime:
        return datetime.now(UTC)

    def present_certificate(self) -> None:
        """Shown in TLS to whoever asks, once there is one."""
        if isinstance(self.transport, HttpsTransport):
            shown = self.identity if self.state.certificate and self.knobs.client_certificate else None
            self.transport.present(shown)

    def open_channel(self, family: str) -> None:
        """A push channel for the package family that the server named."""
        holder = f"./Device/Vendor/MSFT/DMClient/Provider/{self.state.provider_id}/Push"
        self.state.tree.put(f"{holder}/ChannelURI", "chr", self.channels(family))
        self.state.tree.put(f"{holder}/Status", "int", "0")

    @property
    def channel(self) -> str:
        return self.node(f"./Device/Vendor/MSFT/DMClient/Provider/{self.state.provider_id}/Push/ChannelURI") or ""


def _channel(family: str) -> str:
    return f"https://db5p.notify.windows.com/?token={secrets.token_urlsafe(24)}"
