"""Which system can do what since when, and the sentence that says why a device cannot."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.model.device import Device, Platform

IOS, IPADOS, MACOS, TVOS, VISIONOS = Platform.IOS, Platform.IPADOS, Platform.MACOS, Platform.TVOS, Platform.VISIONOS
APPLE = (IOS, IPADOS, MACOS, TVOS, VISIONOS)

# Device.capabilities that the device information sets
SHARED_IPAD, APPLE_SILICON, INTEL = "shared-ipad", "apple-silicon", "intel"

SYSTEMS: Mapping[Platform, str] = {IOS: "iOS", IPADOS: "iPadOS", MACOS: "macOS", TVOS: "tvOS", VISIONOS: "visionOS"}
DEVICES: Mapping[Platform, str] = {
    IOS: "iPhone",
    IPADOS: "iPad",
    MACOS: "Mac",
    TVOS: "Apple TV",
    VISIONOS: "Apple Vision Pro",
}


@dataclass(frozen=True, slots=True)
class Since:
    """From which version on a system can do it, and under which management."""

    version: str
    supervised: bool = False  # only a supervised device
    user_enrollment: bool = False  # also where only the work part of a personal device is managed


def mobile(version: str, *, supervised: bool = False, user_enrollment: bool = False) -> dict[Platform, Since]:
    """iPhone and iPad: Apple's schema counts them as one."""
    since = Since(version, supervised, user_enrollment)
    return {IOS: since, IPADOS: since}


def number(version: str) -> tuple[int, ...]:
    """ "17.6.1 (a)" → (17, 6, 1); without trailing zeros, so that 17 equals 17.0."""
    parts = [int(part) for part in re.findall(r"\d+", version.split("(")[0])]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def older(device: Device, version: str) -> bool:
    """False where the device has not told its version: it will refuse by itself."""
    return bool(device.os_version) and number(device.os_version) < number(version)


def outdated(device: Device, version: str) -> str:
    return (
        f"It needs {SYSTEMS[device.platform]} {version} or later, and this {DEVICES[device.platform]} runs "
        f"{device.os_version}; update it first."
    )


def on_devices(platforms: Iterable[Platform]) -> str:
    names = [DEVICES[platform] for platform in APPLE if platform in set(platforms)]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def unsupported(device: Device, systems: Mapping[Platform, Since]) -> str:
    """Why the device cannot do what these systems can, or ""."""
    since = systems.get(device.platform)
    if since is None:
        name = DEVICES.get(device.platform, device.platform.value)
        return f"Apple does not offer it on {name}, only on {on_devices(systems)}."
    if device.user_enrollment and not since.user_enrollment:
        return (
            "Apple does not allow it under User Enrollment, where only the work part of a personal device is managed; "
            "it would take a device enrollment."
        )
    if since.supervised and not device.supervised:
        return (
            f"It needs a supervised {DEVICES[device.platform]}: supervise it through Apple Business Manager or "
            "Apple Configurator, then ask again."
        )
    return outdated(device, since.version) if older(device, since.version) else ""
