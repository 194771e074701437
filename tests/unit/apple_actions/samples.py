"""Devices, houses and parameters that the tests of Apple's actions share."""

import base64
import plistlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.core import escrow
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple.actions import registry
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import SHARED_IPAD
from chalicelib.storage.memory.house import memory_house

NOW = int(datetime(2024, 11, 1, 12, tzinfo=UTC).timestamp())
APPLE = (Platform.IOS, Platform.IPADOS, Platform.MACOS, Platform.TVOS, Platform.VISIONOS)
NEWEST = {
    Platform.IOS: "18.1",
    Platform.IPADOS: "18.1",
    Platform.MACOS: "15.1",
    Platform.TVOS: "18.1",
    Platform.VISIONOS: "2.1",
}
SCHEMA_OS = {
    Platform.IOS: "iOS",
    Platform.IPADOS: "iOS",
    Platform.MACOS: "macOS",
    Platform.TVOS: "tvOS",
    Platform.VISIONOS: "visionOS",
}
TOKEN, RECOVERY_KEY, RECOVERY_LOCK = b"unlock token", "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF", "present-recovery-lock"
COMMAND = "501JBKANARY"


def device(platform: Platform, *, supervised: bool = True, **changes: Any) -> Device:
    made = Device(
        id=f"device-{platform}",
        platform=platform,
        identifiers={"udid": f"udid-{platform}", "serial": "C02"},
        ownership=Ownership.CORPORATE,
        status=DeviceStatus.ENROLLED,
        enrollment_id="enrollment",
        created_at=NOW,
        os_version=NEWEST[platform],
        supervised=supervised,
    )
    return replace(made, **changes)


def suitable(action: Action, platform: Platform) -> Device:
    """The newest device of this platform, under the management that the action asks for."""
    return device(platform, capabilities=(SHARED_IPAD,) if action.shared_only else ())


def stocked_house() -> House:
    """Holds the secrets that actions need, for a device of each platform."""
    house = memory_house(lambda: NOW)
    for platform in APPLE:
        owner = device(platform).id
        escrow.put(house, owner, "unlock_token", Secret(TOKEN))
        escrow.put(house, owner, "filevault_key", Secret(RECOVERY_KEY.encode()))
        escrow.put(house, owner, "recovery_lock", Secret(RECOVERY_LOCK.encode()))
    return house


def prepare(name: str, subject: Device, params: dict[str, Any] | None = None, house: House | None = None) -> Prepared:
    return get(name).prepare(house or stocked_house(), subject, params or {}, COMMAND)


def get(name: str) -> Action:
    action = registry.action(name)
    assert action is not None
    return action


def command(prepared: Prepared) -> dict[str, Any]:
    """The Command dictionary that the device gets."""
    frame = plistlib.loads(prepared.payload.reveal())
    assert set(frame) == {"CommandUUID", "Command"}
    assert frame["CommandUUID"] == COMMAND
    return dict(frame["Command"])


def profile(**keys: Any) -> bytes:
    common = {"PayloadUUID": "3E4B8C5F-8A11-4E3D-9C56-4B0E4E4C7D10", "PayloadVersion": 1}
    clip = {**common, "PayloadType": "com.apple.webClip.managed", "PayloadIdentifier": "org.example.clip"}
    clip |= {"URL": "https://example.org", "Label": "Example"}
    top = {
        **common,
        "PayloadType": "Configuration",
        "PayloadIdentifier": "org.example",
        "PayloadDisplayName": "Example",
    }
    return plistlib.dumps({**top, "PayloadContent": [clip], **keys})


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


NEEDED: dict[str, dict[str, Any]] = {
    "lost-mode-on": {"message": "Please call"},
    "install-profile": {"profile": text(profile())},
    "remove-profile": {"identifier": "org.example"},
    "set-device-name": {"name": "Reception"},
    "os-update": {"version": "99.1", "deadline": "2030-01-31T18:00:00"},
}
"""The least that an action asks for."""

FULL: dict[str, dict[str, Any]] = {
    "lock": {"message": "Locked\nby the help desk", "phone_number": "+49 30 1234"},
    "erase": {
        "preserve_data_plan": True,
        "obliteration": "DoNotObliterate",
        "return_to_service": {"wifi_profile": text(profile()), "enrollment_profile": text(profile())},
    },
    "restart": {"notify_user": True},
    "lost-mode-on": {"message": "Please call", "phone_number": "+49 30 1234", "footnote": "Reward"},
    "installed-apps": {"managed_only": True},
    "certificates": {"managed_only": True},
    "profiles": {"managed_only": True},
    "install-profile": {"profile": text(profile()), "user": "F0E1"},
    "remove-profile": {"identifier": "org.example", "user": "F0E1"},
    "rotate-filevault-key": {"current": "a FileVault user's password"},
    "set-recovery-lock": {"clear": True},
    "set-device-name": {"name": "Reception"},
    "os-update": {
        "version": "99.1.2",
        "deadline": "2030-01-31T18:00:00",
        "build": "22B83a",
        "details_url": "https://example.org/update",
    },
}
"""Everything that an action takes; what a platform does not know is left out by `known`."""


def known(action: Action, platform: Platform, params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if platform in action.since.get(name, {platform: ""})}
