"""A PC, and every action with parameters for each of its variants."""

from collections.abc import Iterator
from typing import Any

from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.platforms.windows.actions import registry
from chalicelib.platforms.windows.actions.action import Action
from chalicelib.platforms.windows.actions.erase import NODES

COMMAND = "501JCQ0000000000000000000A"
SAS = "https://logs.blob.core.windows.net/pcs?sv=2024-11-04&sr=c&sp=cw&sig=abc%2Bdef%3D"
VARIANTS: dict[str, tuple[dict[str, Any], ...]] = {
    "erase": ({}, *({"variant": variant} for variant in NODES)),
    "restart": ({}, {"at": "2031-05-01T18:00:00"}),
    "set-device-name": ({"name": "PC-%SERIAL%"}, {"name": "DESK-17"}),
    "defender-scan": ({}, {"type": "full"}),
    "collect-logs": ({"upload_url": SAS},),
}


def action(name: str) -> Action:
    found = registry.action(name)
    assert found is not None
    return found


def asked() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in registry.names():
        if not action(name).never:
            for params in VARIANTS.get(name, ({},)):
                yield name, params


def pc(version: str = "10.0.22631.4460", ownership: Ownership = Ownership.CORPORATE) -> Device:
    return Device(
        id="01D",
        platform=Platform.WINDOWS,
        identifiers={"serial": "S"},
        ownership=ownership,
        status=DeviceStatus.ENROLLED,
        enrollment_id="01E",
        created_at=1,
        os_version=version,
    )
