"""Everything a simulated device remembers, and its file."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

SHARED_IPAD_USER = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"


@dataclass
class User:
    """A person on a Mac or a Shared iPad; token and magic are those of the user's own channel."""

    short_name: str
    long_name: str
    user_id: str
    password: str = "let-me-in"
    logged_in: bool = True
    token: bytes = b""
    magic: str = ""
    enrollment_user_id: str = ""
    declarations: dict[str, Any] = field(default_factory=dict)


@dataclass
class DeviceState:
    """The device as it stands; a test may set any of it, then call device.save()."""

    kind: str
    udid: str
    serial: str
    name: str
    os_version: str
    build: str
    supervised: bool = True
    user_enrollment: bool = False
    enrollment_id: str = ""
    imei: str = ""
    wifi_mac: str = ""
    bluetooth_mac: str = ""
    users: list[User] = field(default_factory=list)

    # the enrollment
    enrolled: bool = False
    certificate: bytes = b""
    key_pem: str = ""
    mdm: dict[str, Any] = field(default_factory=dict)  # the com.apple.mdm payload
    mdm_profile: str = ""  # identifier of the profile that carries it
    roots: list[bytes] = field(default_factory=list)  # DER
    token: bytes = b""
    magic: str = ""
    unlock_token: bytes = b""
    bootstrap_token: bytes = b""
    awaiting_configuration: bool = False

    # what actions change
    passcode: str | None = None
    locked: dict[str, Any] | None = None
    lost_mode: dict[str, Any] | None = None
    lost_mode_sounds: int = 0
    location: dict[str, float] = field(default_factory=dict)
    bypass_code: str | None = None
    recovery_lock: str | None = None
    filevault_enabled: bool = False
    filevault_key: str = ""
    remote_desktop: bool = False
    host_name: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)  # identifier → dictionary
    apps: list[dict[str, Any]] = field(default_factory=list)
    restarts: int = 0
    shut_down: bool = False
    erased: int = 0

    # declarative management
    declarations: dict[str, Any] = field(default_factory=dict)
    pending_update: dict[str, Any] | None = None
    update_failure: dict[str, Any] = field(default_factory=dict)

    def forget_enrollment(self) -> None:
        """What is left when the MDM profile is gone: the hardware and the people's own things."""
        managed = [name for name, profile in self.profiles.items() if profile.get("_managed")]
        for name in managed:
            del self.profiles[name]
        self.apps = [app for app in self.apps if not app.get("Managed")]
        for user in self.users:
            user.token, user.magic, user.declarations = b"", "", {}
        self.enrolled, self.certificate, self.key_pem = False, b"", ""
        self.mdm, self.mdm_profile, self.token, self.magic = {}, "", b"", ""
        self.declarations, self.pending_update, self.roots = {}, None, []
        self.bootstrap_token, self.enrollment_id = b"", ""
        self.lost_mode, self.awaiting_configuration = None, False

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, default=_pack)

    @classmethod
    def from_json(cls, text: str) -> DeviceState:
        content = json.loads(text, object_hook=_unpack)
        known = {one.name for one in fields(cls)}
        content = {name: value for name, value in content.items() if name in known}
        content["users"] = [User(**user) for user in content.get("users", [])]
        return cls(**content)

    def save(self, folder: Path) -> Path:
        """Written beside and renamed, so that a kill leaves the old file whole."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{self.serial}.json"
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(self.to_json())
        draft.replace(path)
        return path


def _pack(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"$data": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"$date": value.isoformat()}
    raise TypeError(f"a state does not hold a {type(value).__name__}")


def _unpack(content: Mapping[str, Any]) -> Any:
    if content.keys() == {"$data"}:
        return base64.b64decode(content["$data"])
    if content.keys() == {"$date"}:
        return datetime.fromisoformat(content["$date"])
    return content
