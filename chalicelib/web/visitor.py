"""What the enrollment page shows to whom: the visitor's system, told from its User-Agent, and the steps for it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guide:
    """The steps after the download on one kind of device."""

    device: str
    steps: tuple[str, ...]


_PHONE_STEPS = (
    "Tap the button. Allow the download when Safari asks.",
    "Open the Settings app and tap “Profile Downloaded” near the top. (Not there? General → VPN & Device Management.)",
    "Tap Install, enter your passcode, and confirm with Install and Trust.",
    "Wait for “Profile Installed”, then tap Done.",
)
_MAC_STEPS = (
    "Click the button. The file “enroll.mobileconfig” is downloaded.",
    "Open the file in your Downloads folder. The Mac says that the profile waits for review.",
    "Open System Settings → General → Device Management (on macOS 13 and 14: Privacy & Security → Profiles).",
    "Double-click the profile, choose Install or Enroll, and enter your password.",
)
IPHONE = Guide("iPhone", _PHONE_STEPS)
IPAD = Guide("iPad", _PHONE_STEPS)
MAC = Guide("Mac", _MAC_STEPS)

_OTHER_BROWSERS = ("CriOS/", "FxiOS/", "EdgiOS/", "OPiOS/", "GSA/", "FBAN/", "Instagram")


@dataclass(frozen=True, slots=True)
class Visitor:
    """`guides` are the devices that it may be; none: it cannot enroll here, so it is shown the QR code."""

    system: str
    guides: tuple[Guide, ...] = ()
    needs_safari: bool = False


def recognise(user_agent: str) -> Visitor:
    if "iPhone" in user_agent or "iPod" in user_agent:
        return Visitor("iPhone", (IPHONE,), _not_safari(user_agent))
    if "iPad" in user_agent:
        return Visitor("iPad", (IPAD,), _not_safari(user_agent))
    if "Macintosh" in user_agent:  # iPadOS calls itself so, too
        return Visitor("Mac or iPad", (MAC, IPAD))
    systems = {"Android": "Android device", "CrOS": "Chromebook", "Windows": "Windows PC", "Linux": "Linux computer"}
    return Visitor(next((name for mark, name in systems.items() if mark in user_agent), "this device"))


def _not_safari(user_agent: str) -> bool:
    return any(mark in user_agent for mark in _OTHER_BROWSERS)


@dataclass(frozen=True, slots=True)
class Privacy:
    """What the organisation gains by an enrollment, and what stays out of its reach."""

    sees: tuple[str, ...]
    may: tuple[str, ...]
    never: tuple[str, ...]


_PRIVATE = (
    "read messages, mail, calls or contacts",
    "see photos, documents or notes",
    "see what you browse",
    "learn passwords or your passcode",
)

PRIVACY: Mapping[str, Privacy] = {
    "corporate": Privacy(
        sees=(
            "model, serial number and name",
            "system version and free storage",
            "installed apps, profiles and certificates",
            "whether a passcode is set and the disk is encrypted",
        ),
        may=(
            "install settings and system updates",
            "lock the device or clear its passcode",
            "erase it, if it is lost or returned",
            "locate it, but only while it is in Lost Mode",
        ),
        never=_PRIVATE,
    ),
    "personal": Privacy(
        sees=(
            "model, serial number and name",
            "system version and free storage",
            "profiles and certificates",
            "whether a passcode is set and the disk is encrypted",
        ),
        may=("install settings for work and system updates", "lock or restart the device", "clear its passcode"),
        never=(*_PRIVATE, "see your personal apps", "locate the device", "erase the whole device"),
    ),
}
