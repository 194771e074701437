"""The declarations of a device: the base set that each gets, and its own (Apple declarative/declarations)."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from chalicelib.core.house import House
from chalicelib.model.device import Device, Platform
from chalicelib.model.enrollment import Declaration
from chalicelib.platforms.apple.actions import declarations as build

SINCE: Mapping[Platform, str] = {
    Platform.IOS: "15.0",
    Platform.IPADOS: "15.0",
    Platform.MACOS: "13.0",
    Platform.TVOS: "16.0",
    Platform.VISIONOS: "1.1",
}
_MOST = 200  # declarations of one device

# Status item → (iOS and iPadOS, macOS, tvOS, visionOS) since which version, "" where there is none; and whether
# it is also there in User Enrollment. Apple declarative/status/*.yaml
_ALL = ("15.0", "13.0", "16.0", "1.1")
_SUPPLEMENTAL = ("16.1", "13.0", "16.1", "1.1")
_MOBILE = ("16.0", "", "", "1.1")
_UPDATES = ("17.0", "14.0", "", "")
STATUS_ITEMS: Mapping[str, tuple[tuple[str, str, str, str], bool]] = {
    "device.model.identifier": (_ALL, True),
    "device.model.marketing-name": (_ALL, True),
    "device.operating-system.family": (_ALL, True),
    "device.operating-system.version": (_ALL, True),
    "device.operating-system.build-version": (_ALL, True),
    "device.operating-system.supplemental.build-version": (_SUPPLEMENTAL, True),
    "device.operating-system.supplemental.extra-version": (_SUPPLEMENTAL, True),
    "device.power.battery-health": (("17.0", "14.4", "", ""), False),
    "diskmanagement.filevault.enabled": (("", "14.0", "", ""), False),
    "management.client-capabilities": (_ALL, True),
    "management.declarations": (_ALL, True),
    "passcode.is-compliant": (_MOBILE, True),
    "passcode.is-present": (_MOBILE, True),
    "softwareupdate.failure-reason": (_UPDATES, False),
    "softwareupdate.install-reason": (_UPDATES, False),
    "softwareupdate.install-state": (_UPDATES, False),
    "softwareupdate.pending-version": (_UPDATES, False),
    "mdm.app": (("16.0", "", "16.0", "1.1"), True),
    "app.managed.list": (("17.2", "", "", ""), True),
}
_COLUMN = {Platform.IOS: 0, Platform.IPADOS: 0, Platform.MACOS: 1, Platform.TVOS: 2, Platform.VISIONOS: 3}


def capable(device: Device) -> bool:
    since = SINCE.get(device.platform, "")
    return _reached(device.os_version, since)


def _reached(version: str, since: str) -> bool:
    return bool(since and version) and _number(version) >= _number(since)


def _number(version: str) -> tuple[int, ...]:
    parts = (int(part) if part.isascii() and part.isdigit() else 0 for part in version.split(" ")[0].split(".")[:3])
    number = (*parts, 0, 0, 0)[:3]
    return number


def status_items(device: Device) -> list[str]:
    """What this device can be subscribed to."""
    column = _COLUMN[device.platform]
    return [
        name
        for name, (since, in_user_enrollment) in STATUS_ITEMS.items()
        if _reached(device.os_version, since[column]) and (in_user_enrollment or not device.user_enrollment)
    ]


def base_set(device: Device, organization: str) -> list[Declaration]:
    items = [{"Name": name} for name in status_items(device)]
    subscriptions = "com.apple.configuration.management.status-subscriptions"
    made = (
        ("muster.organization", "management", "com.apple.management.organization-info", {"Name": organization}),
        ("muster.status", "configuration", subscriptions, {"StatusItems": items}),
        ("muster.base", "activation", "com.apple.activation.simple", {"StandardConfigurations": ["muster.status"]}),
    )
    return [build.declaration(device.id, identifier, kind, type_, payload) for identifier, kind, type_, payload in made]


def of_device(house: House, device: Device) -> list[Declaration]:
    own = house.store.collect(Declaration, device.id, limit=_MOST).items
    return [*base_set(device, house.settings.organization), *own]


def token(declarations: Sequence[Declaration]) -> str:
    """Changes with any change of any declaration: it hashes the server tokens, each of which hashes all content."""
    lines = sorted(f"{d.kind} {d.identifier} {d.server_token}" for d in declarations)
    return sha256("\n".join(lines).encode()).hexdigest()
