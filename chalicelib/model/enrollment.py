"""How a device comes in: invitation, challenge, enrollment, certificate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.model.device import Ownership


@dataclass(frozen=True, slots=True)
class Invitation:
    """Allows `max_uses` devices to enroll until `expires_at`. `id` is derived from the code, which is not kept."""

    id: str
    ownership: Ownership
    created_at: int
    expires_at: int
    created_by: str
    max_uses: int = 1
    uses: int = 0
    user: str = ""
    groups: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()  # empty: any serial
    replaces: str = ""  # device id whose live enrollment this invitation may take over
    revoked: bool = False
    note: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many invitations somebody was given for having signed in, until it begins anew at `expires_at`."""

    who: str  # SHA-256 of the actor
    expires_at: int
    given: int = 1
    version: int = 0


class ChallengePurpose(StrEnum):
    SCEP = "scep"
    OTA = "ota"  # handed out in the "Profile Service" payload of over-the-air enrollment
    OTA_IDENTITY = "ota-identity"  # SCEP for the passing identity of over-the-air enrollment: consumes no use


@dataclass(frozen=True, slots=True)
class Challenge:
    """A one-time secret handed out in a profile; `digest` is its SHA-256, the secret itself is not kept."""

    digest: str
    enrollment_id: str
    invitation_id: str
    expires_at: int
    purpose: ChallengePurpose = ChallengePurpose.SCEP
    transaction_id: str = ""  # set when consumed: a repeat of the same transaction gets the same certificate
    key_digest: str = ""  # SHA-256 of the SubjectPublicKeyInfo that consumed it
    certificate: bytes = b""  # issued, DER
    version: int = 0


@dataclass(frozen=True, slots=True)
class Certificate:
    """An identity certificate that we issued; the key is the SHA-256 of its DER."""

    fingerprint: str
    enrollment_id: str
    serial: str
    not_after: int
    issued_at: int
    revoked_at: int = 0
    revocation_reason: str = ""
    renews: str = ""  # the fingerprint of the certificate that asked for it
    version: int = 0

    @property
    def revoked(self) -> bool:
        return self.revoked_at > 0


class EnrollmentStatus(StrEnum):
    ISSUED = "issued"  # certificate handed out, no Authenticate yet
    AUTHENTICATED = "authenticated"  # not yet enrolled: no push, no command
    ENABLED = "enabled"
    DISABLED = "disabled"  # checked out, erased, retired or replaced


@dataclass(frozen=True, slots=True)
class Enrollment:
    """The binding row of one channel (device or user): read with the queue in the one call of an idle poll.

    `id` of a user channel is "<device channel id>:<user id>". `hardware_id` is what the device calls itself:
    a UDID, or an EnrollmentID in User Enrollment. `fingerprints` are the certificates that may speak for it.
    """

    id: str
    status: EnrollmentStatus
    platform: str  # registry name of the platform that speaks with it: apple, windows …
    fingerprints: tuple[str, ...]
    invitation_id: str
    created_at: int
    device_id: str = ""
    hardware_id: str = ""
    user_id: str = ""
    user_name: str = ""
    user_channels: tuple[str, ...] = ()  # on a device channel: ids of its user channels
    push: Mapping[str, str] = field(default_factory=dict)  # where to push to, in the platform's terms; at (when told)
    push_failed_at: int = 0  # the push service refused the token; revived by the next TokenUpdate
    awaiting_configuration: bool = False
    declarative: bool = False  # declarative management is enabled on the device
    declarations_token: str = ""  # last DeclarationsToken that the device was told of
    inventory_due: int = 0  # when the next inventory query may be asked, epoch seconds
    seen_at: int = 0  # last contact, written at most three times a day
    fresh: bool = False  # enabled and not heard of since: the outbox wakes it
    session: Mapping[str, Any] = field(default_factory=dict)  # what the platform remembers of the conversation; small
    refused_at: int = 0  # the last refused arrival that was written down
    settled: str = ""  # the newest fingerprint once it has spoken: the one before it cannot be renewed any more
    ended_at: int = 0
    ended_reason: str = ""
    version: int = 0

    @property
    def device_channel(self) -> str:
        return self.id.partition(":")[0]

    @property
    def live(self) -> bool:
        return self.status in (EnrollmentStatus.AUTHENTICATED, EnrollmentStatus.ENABLED)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration meant for one device; the payload is JSON, the server token hashes all of it."""

    device_id: str
    identifier: str
    kind: str  # configuration, activation, asset, management
    type: str
    payload: Mapping[str, Any]
    server_token: str
    version: int = 0
