"""Windows on the device plane without a socket: the simulated PC against the handlers, with or without TLS identity."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from chalicelib.core import commands, invitations
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.command import Command
from chalicelib.model.device import Device, Ownership
from chalicelib.model.people import Principal, Role
from chalicelib.platforms.registry import PLATFORMS
from chalicelib.storage.capacity import Meter
from chalicelib.storage.memory.house import memory_house
from tests.devices.apple.transport import Reply
from tests.devices.windows import WindowsPC
from tests.wire.apple_inprocess import InProcess

ADMIN = Principal("anna", Role.ADMIN, person=True)


@dataclass
class Channel(InProcess):
    """`pc` is asked for its certificate where it is to prove itself by TLS."""

    pc: WindowsPC | None = None
    tls: bool = True
    dropped: int = 0

    def event(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        made = super().event(method, path, query, headers, body)
        if self.tls and self.pc is not None and self.pc.certificate and path == "/windows/manage":
            pem = x509.load_der_x509_certificate(self.pc.certificate).public_bytes(Encoding.PEM).decode()
            made["requestContext"]["authentication"] = {"clientCert": {"clientCertPem": pem}}
        return made


@dataclass
class Clock:
    now: int = field(default_factory=lambda: int(time.time()))  # the PC looks at its own clock

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: int) -> None:
        self.now += seconds


class World:
    """A house, a PC, and the wire between them."""

    def __init__(self, *, tls: bool = True, **settings: Any) -> None:
        self.clock = Clock()
        self._meter = Meter()
        self.house: House = memory_house(clock=self.clock, platforms=PLATFORMS, meter=self._meter)
        self.house = replace(self.house, settings=replace(self.house.settings, **settings))
        self.channel = Channel(self.house, tls=tls)

    def meter(self) -> Meter:
        """Counts from now on."""
        self._meter.reset()
        return self._meter

    def pc(self, **options: Any) -> WindowsPC:
        made = WindowsPC(transport=self.channel, **options)
        self.channel.pc = made
        return made

    def code(self, **options: Any) -> str:
        return invitations.create(self.house, ADMIN, **({"ownership": Ownership.CORPORATE} | options))[1]

    def enrolled(self, **options: Any) -> WindowsPC:
        pc = self.pc(**options)
        pc.enroll_on_premise(self.house.settings.device_url, "ada@example.com", self.code())
        return pc

    def device(self) -> Device:
        (device,) = self.house.store.listing(Device).items
        return device

    def poll(self) -> Poll:
        found = self.house.store.poll(self.device().enrollment_id)
        assert found is not None
        return found

    def ask(self, action: str, **params: Any) -> Command:
        return commands.request(self.house, ADMIN, self.device().id, action, params)

    def state(self, command: Command) -> Command:
        return commands.get(self.house, command.device_id, command.id)


def replies(world: World) -> list[Reply]:
    return [exchange.reply for exchange in world.channel.exchanges if exchange.path == "/windows/manage"]


def spoken(
    pc: WindowsPC, body: str, *, session: str = "77", number: int = 1, header: str = "", final: bool = True
) -> bytes:
    """A message by hand: what no simulated device would say."""
    return (
        '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
        f"<SessionID>{session}</SessionID><MsgID>{number}</MsgID><Target><LocURI>{pc.state.manage_url}</LocURI></Target>"
        f"<Source><LocURI>{pc.device_id}</LocURI></Source>{header}</SyncHdr>"
        f"<SyncBody>{body}{'<Final/>' if final else ''}</SyncBody></SyncML>"
    ).encode()


def status(reference: str, code: int = 200, *, message: int = 1, verb: str = "Exec", inner: str = "") -> str:
    return (
        f"<Status><CmdID>{abs(hash((reference, code, message)))}</CmdID><MsgRef>{message}</MsgRef>"
        f"<CmdRef>{reference}</CmdRef><Cmd>{verb}</Cmd>{inner}<Data>{code}</Data></Status>"
    )
