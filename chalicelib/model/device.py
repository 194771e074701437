"""A managed device: who it is, whose it is, what it last told us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Platform(StrEnum):
    IOS = "ios"
    IPADOS = "ipados"
    MACOS = "macos"
    TVOS = "tvos"
    VISIONOS = "visionos"
    WINDOWS = "windows"
    ANDROID = "android"
    CHROMEOS = "chromeos"


class Ownership(StrEnum):
    CORPORATE = "corporate"
    PERSONAL = "personal"


class DeviceStatus(StrEnum):
    PENDING = "pending"  # authenticated, not yet enrolled: no push, no command
    ENROLLED = "enrolled"
    UNENROLLED = "unenrolled"  # the device or its user left
    RETIRED = "retired"  # an administrator ended the management


@dataclass(frozen=True, slots=True)
class Device:
    """One device, kept over re-enrollments. Times are epoch seconds (UTC)."""

    id: str
    platform: Platform
    identifiers: Mapping[str, str]  # kind → value: udid, enrollment_id, serial, imei …
    ownership: Ownership
    status: DeviceStatus
    enrollment_id: str  # the current or the last one
    created_at: int
    former_enrollments: tuple[str, ...] = ()  # newest first: their commands remain in the device's history
    bound_at: int = 0  # since when the current enrollment may speak for it; older secrets are not sent to it
    enrolled_at: int = 0
    name: str = ""
    model: str = ""  # product identifier: iPhone16,1
    model_name: str = ""
    os_version: str = ""
    os_build: str = ""
    owner: str = ""  # user the device is assigned to, an email address as a rule
    groups: tuple[str, ...] = ()
    supervised: bool = False
    user_enrollment: bool = False  # Apple User Enrollment: the work part of a personal device
    capabilities: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)  # posture facts: passcode_set, encrypted, firewall …
    facts_at: int = 0
    inventory_hash: str = ""
    version: int = 0

    @property
    def personal_by_nature(self) -> bool:
        """The management sees a work part only, which the device keeps apart from all else."""
        return self.user_enrollment or "work-profile" in self.capabilities

    @property
    def serial(self) -> str:
        return self.identifiers.get("serial", "")


@dataclass(frozen=True, slots=True)
class Identifier:
    """Points from an identifier (serial, UDID …) to the device that holds it; unique by its key."""

    kind: str
    value: str
    device_id: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Inventory:
    """The last full inventory of one section; large bodies lie in the blob store under `blob`."""

    device_id: str
    section: str  # device, security, apps, certificates, profiles, status
    at: int
    digest: str
    body: bytes = b""  # zlib-compressed JSON, up to 8 KB
    blob: str = ""
    version: int = 0
