"""Check-in messages: a property list in, a frozen value out, also of an unknown type (Apple mdm/checkin/*.yaml)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chalicelib.core.errors import BadRequest
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple import message as wire
from chalicelib.platforms.apple.message import Channel, Plist

_TOKEN_BYTES = 256  # today's push tokens have 32


@dataclass(frozen=True, slots=True)
class Message:
    channel: Channel


@dataclass(frozen=True, slots=True)
class Authenticate(Message):
    topic: str
    model: str = ""
    model_name: str = ""
    name: str = ""
    os_version: str = ""
    os_build: str = ""
    identifiers: Mapping[str, str] = field(default_factory=dict)  # serial, imei, meid: not in User Enrollment


@dataclass(frozen=True, slots=True)
class TokenUpdate(Message):
    topic: str
    token: bytes
    magic: str
    unlock_token: Secret[bytes] | None = None  # absent: keep what is known
    awaiting_configuration: bool | None = None  # absent: keep what is known


@dataclass(frozen=True, slots=True)
class CheckOut(Message):
    pass


@dataclass(frozen=True, slots=True)
class UserAuthenticate(Message):
    pass


@dataclass(frozen=True, slots=True)
class SetBootstrapToken(Message):
    token: Secret[bytes] | None  # absent or empty: delete


@dataclass(frozen=True, slots=True)
class GetBootstrapToken(Message):
    pass


@dataclass(frozen=True, slots=True)
class DeclarativeManagement(Message):
    endpoint: str
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class GetToken(Message):
    service: str


@dataclass(frozen=True, slots=True)
class Unknown(Message):
    type: str


def parse(plist: Plist) -> Message:
    """BadRequest where a known message lacks what it must have."""
    kind = wire.required(plist, "MessageType", str)
    channel = wire.channel(plist)
    reader = _READERS.get(kind)
    return reader(plist, channel) if reader else Unknown(channel, kind[:64])


def _authenticate(plist: Plist, channel: Channel) -> Message:
    if channel.user_id:
        raise BadRequest("A user does not authenticate like a device.")
    identifiers = {} if channel.user_enrollment else _identifiers(plist)
    return Authenticate(
        channel, wire.required(plist, "Topic", str), wire.name(plist, "ProductName") or wire.name(plist, "Model"),
        wire.name(plist, "ModelName"), wire.name(plist, "DeviceName"), wire.name(plist, "OSVersion"),
        wire.name(plist, "BuildVersion"), identifiers,
    )  # fmt: skip


def _identifiers(plist: Plist) -> dict[str, str]:
    found = {kind: wire.identifier(plist, key) for kind, key in _IDENTIFIERS.items()}
    return {kind: value for kind, value in found.items() if value}


_IDENTIFIERS = {"serial": "SerialNumber", "imei": "IMEI", "meid": "MEID"}


def _token_update(plist: Plist, channel: Channel) -> Message:
    token = wire.required(plist, "Token", bytes)
    if not 0 < len(token) <= _TOKEN_BYTES:
        raise BadRequest("Token is not a push token.")
    unlock_token = wire.field(plist, "UnlockToken", bytes, b"")
    awaiting = wire.field(plist, "AwaitingConfiguration", bool, False) if "AwaitingConfiguration" in plist else None
    topic, magic = wire.required(plist, "Topic", str), wire.required(plist, "PushMagic", str)
    if not magic or len(magic) > 256 or len(topic) > 256:
        raise BadRequest("Topic or PushMagic is not acceptable.")
    return TokenUpdate(channel, topic, token, magic, Secret(unlock_token) if unlock_token else None, awaiting)


def _set_bootstrap_token(plist: Plist, channel: Channel) -> Message:
    token = wire.field(plist, "BootstrapToken", bytes, b"")
    return SetBootstrapToken(channel, Secret(token) if token else None)


def _declarative_management(plist: Plist, channel: Channel) -> Message:
    return DeclarativeManagement(channel, wire.required(plist, "Endpoint", str), wire.field(plist, "Data", bytes, b""))


def _get_token(plist: Plist, channel: Channel) -> Message:
    return GetToken(channel, wire.required(plist, "TokenServiceType", str))


_READERS: Mapping[str, Callable[[Plist, Channel], Message]] = {
    "Authenticate": _authenticate,
    "TokenUpdate": _token_update,
    "CheckOut": lambda plist, channel: CheckOut(channel),
    "UserAuthenticate": lambda plist, channel: UserAuthenticate(channel),
    "SetBootstrapToken": _set_bootstrap_token,
    "GetBootstrapToken": lambda plist, channel: GetBootstrapToken(channel),
    "DeclarativeManagement": _declarative_management,
    "GetToken": _get_token,
}
