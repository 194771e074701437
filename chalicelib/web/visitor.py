"""What the enrollment page shows to whom: the visitor's system, told from its User-Agent, and the steps for it."""

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
    """`guides` are the Apple devices that it may be; none, and no PC: it cannot enroll here, so it gets the QR code."""

    system: str
    guides: tuple[Guide, ...] = ()
    needs_safari: bool = False
    is_pc: bool = False
    needs_edge: bool = False  # to follow the link that opens the enrollment of Windows


def recognise(user_agent: str) -> Visitor:
    if "iPhone" in user_agent or "iPod" in user_agent:
        return Visitor("iPhone", (IPHONE,), _not_safari(user_agent))
    if "iPad" in user_agent:
        return Visitor("iPad", (IPAD,), _not_safari(user_agent))
    if "Macintosh" in user_agent:  # iPadOS calls itself so, too
        return Visitor("Mac or iPad", (MAC, IPAD))
    if "Windows NT" in user_agent:
        return Visitor("PC", is_pc=True, needs_edge="Edg/" not in user_agent)
    systems = {"Android": "Android device", "CrOS": "Chromebook", "Linux": "Linux computer"}
    return Visitor(next((name for mark, name in systems.items() if mark in user_agent), "this device"))


def _not_safari(user_agent: str) -> bool:
    return any(mark in user_agent for mark in _OTHER_BROWSERS)
