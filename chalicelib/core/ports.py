"""What core needs from the outside: Protocols that storage and platforms fulfil."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from chalicelib.core.errors import MusterError
from chalicelib.model.audit import AuditEvent
from chalicelib.model.command import Command
from chalicelib.model.device import Device
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.people import Role
from chalicelib.model.secret import Secret

R = TypeVar("R")


class Record(Protocol):
    """Any frozen dataclass of `model` that has a `version`: 0 until stored, then raised by each write."""

    @property
    def version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Create:
    """Store a record whose key must be free."""

    record: Record


@dataclass(frozen=True, slots=True)
class Replace:
    """Overwrite a record; refused as stale unless the stored version equals `record.version`."""

    record: Record


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete a record; refused as stale unless the stored version equals `record.version`."""

    record: Record


Change = Create | Replace | Remove


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    items: tuple[R, ...]
    cursor: str = ""  # opaque; empty on the last page


@dataclass(frozen=True, slots=True)
class Poll:
    """An enrollment and the head of its queue, in order of priority and age."""

    enrollment: Enrollment
    queue: tuple[Command, ...]
    device: Device | None = None  # where the request has read it already


class Store(Protocol):
    """The records. All reads are strongly consistent but `listing` and `shard`."""

    def get(self, kind: type[R], *key: str | int) -> R:
        """The record with this key (the parts that identify it, see storage/layout.py). NotFound."""

    def find(self, kind: type[R], *key: str | int) -> R | None: ...

    def collect(
        self, kind: type[R], *partition: str, limit: int = 100, cursor: str = "", newest: bool = False
    ) -> Page[R]:
        """The records of one item collection by sort key: a device's findings, an enrollment's finished commands …"""

    def listing(self, kind: type[R], limit: int = 50, cursor: str = "") -> Page[R]:
        """All records of a listed kind (Device, Invitation, Finding while open, Report, ApiToken), oldest first."""

    def shard(self, number: int, limit: int = 100, cursor: str = "") -> Page[str]:
        """Ids of the devices in one of the 256 sweep shards."""

    def get_many(self, kind: type[R], *ids: str) -> tuple[R, ...]:
        """The records that exist among up to 100 single-part keys, in one call, in no order."""

    def poll(self, enrollment_id: str, limit: int = 10) -> Poll | None:
        """One consistent call: the enrollment and up to `limit` open commands."""

    def commit(self, *changes: Change, audit: AuditEvent | None = None) -> None:
        """All changes and the audit entry, or none; a lost response is recognised, not repeated. Stale, AlreadyExists.

        Replacing a record that is no longer open (a finished command, a resolved finding) moves it out of the way.
        """

    def replace(self, record: R) -> R:
        """Commit one Replace and return the record as stored, its version raised."""

    def read_image(self, kind: type[R], image: Mapping[str, Any]) -> R:
        """The record in a change-stream image."""


class Blobs(Protocol):
    def put(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None: ...

    def get(self, key: str) -> bytes:
        """NotFound."""

    def link(self, key: str, seconds: int, filename: str) -> str:
        """A GET-only download link for exactly this key; at most 300 seconds."""


class Evidence(Protocol):
    """Write-once storage with a retention lock."""

    def put(self, key: str, body: bytes, content_type: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Message:
    body: Mapping[str, Any]
    delay: int = 0  # seconds, at most 900


class Queue(Protocol):
    def send(self, *messages: Message) -> None:
        """Hand over all, in batches of ten; Unavailable if any was refused."""


class Vault(Protocol):
    """Envelope encryption; `context` is bound as associated data, so a swapped ciphertext does not open."""

    def seal(self, plain: Secret[bytes], context: Mapping[str, str]) -> bytes: ...

    def open(self, sealed: bytes, context: Mapping[str, str]) -> Secret[bytes]: ...


class Signer(Protocol):
    """A private key that stays where it is. RSA: PKCS #1 v1.5 with SHA-256; EC P-256: ECDSA with SHA-256, DER."""

    @property
    def public_key_der(self) -> bytes: ...

    def sign(self, data: bytes) -> bytes: ...


class Identities(Protocol):
    """The user directory (Cognito)."""

    def sign_in(self, username: str, password: Secret[str]) -> Mapping[str, Any]:
        """Tokens {access_token, id_token, refresh_token, expires_in}. Unauthenticated."""

    def refresh(self, token: Secret[str]) -> Mapping[str, Any]:
        """Tokens as of `sign_in` for a refresh token; `refresh_token` is the one to use next. Unauthenticated."""

    def verify(self, token: str) -> Mapping[str, Any]:
        """Claims of an access token after signature, issuer, client, use and expiry were checked. Unauthenticated."""

    def create_user(self, username: str, password: Secret[str], role: Role) -> None: ...

    def role_of(self, username: str) -> Role | None:
        """The widest role of an account as it is now; None where there is none, or it is disabled."""


class Clock(Protocol):
    def __call__(self) -> int:
        """Epoch seconds, UTC."""


class ActionSpec(Protocol):
    """One action on one platform. Files: platforms/<platform>/actions/<verb>.py."""

    @property
    def name(self) -> str: ...

    @property
    def request_type(self) -> str: ...

    @property
    def permission(self) -> str:
        """Which entry of core.access.PERMISSIONS it takes: command.request (support), .configure or .destructive."""

    @property
    def destructive(self) -> bool:
        """Loses data: an administrator in person."""

    @property
    def once(self) -> bool:
        """Delivered at most once: a reply that is lost leaves it to a person."""

    @property
    def parks(self) -> bool:
        """Kept for a decision rather than cancelled when the device enrolls again."""

    @property
    def priority(self) -> int:
        """0 first, 9 last; 5 is usual."""

    def refusal(self, device: Device) -> str:
        """Why this device cannot do it, or "" if it can."""

    def prepare(self, house: Any, device: Device, params: Mapping[str, Any], command_id: str) -> "Prepared":
        """Validate the parameters and build the wire payload. Unprocessable."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A payload ready to be queued. `secret` payloads are sealed; `shown` are the parameters that may be shown."""

    payload: Secret[bytes]
    secret: bool = False
    shown: Mapping[str, Any] | None = None
    changes: tuple[Change, ...] = ()  # committed with the command, e.g. an escrowed PIN
    user_channel: str = ""  # deliver to this user instead of the device


class PushRefused(MusterError):
    """The push service refused: `gone` for this device for good, `alarm` for the whole organisation, else retry."""

    status = 502
    title = "Push refused"

    def __init__(self, reason: str, *, gone: bool = False, alarm: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.gone, self.alarm = reason, gone, alarm


class PlatformPort(Protocol):
    """What a platform folder offers (platforms/registry.py lists them)."""

    @property
    def name(self) -> str: ...

    @property
    def systems(self) -> frozenset[str]:
        """The values of model.device.Platform that it speaks for."""

    def action(self, name: str) -> ActionSpec | None: ...

    def actions(self) -> Sequence[str]: ...

    def removal(self, house: Any, device: Device, command_id: str) -> tuple[str, bytes] | None:
        """Request type and payload that make the device leave by itself; None if it cannot be asked."""

    def wake(self, house: Any, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
        """Ask the devices to check in: enrollment id → None if accepted, else the refusal."""
