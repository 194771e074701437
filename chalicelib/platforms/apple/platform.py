"""What the Apple folder offers to the core: actions, removal, wake-up. Imports the rest where it is used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from chalicelib.core.ports import ActionSpec, PushRefused
from chalicelib.model.device import Device, Platform
from chalicelib.model.enrollment import Enrollment

MDM_PROFILE = "org.muster.enrollment"  # the PayloadIdentifier of the enrollment profile, the same on every device
_SYSTEMS = (Platform.IOS, Platform.IPADOS, Platform.MACOS, Platform.TVOS, Platform.VISIONOS)


@dataclass(frozen=True, slots=True)
class Apple:
    name: str = "apple"
    systems: frozenset[str] = frozenset(_SYSTEMS)

    def action(self, name: str) -> ActionSpec | None:
        from chalicelib.platforms.apple.actions import registry

        return registry.action(name)

    def actions(self) -> Sequence[str]:
        from chalicelib.platforms.apple.actions import registry

        return registry.names()

    def removal(self, house: Any, device: Device, command_id: str) -> tuple[str, bytes] | None:
        """The device removes the enrollment profile, all it brought goes with it, and a CheckOut follows."""
        from chalicelib.platforms.apple.actions import wire

        return "RemoveProfile", wire.payload(command_id, "RemoveProfile", Identifier=MDM_PROFILE)

    @property
    def push_certificates(self) -> ModuleType:
        """How the API asks for, uploads and shows the push certificate without knowing this folder."""
        from chalicelib.platforms.apple import push_certificate

        return push_certificate

    @property
    def ade(self) -> ModuleType:
        """How the API makes a key for Apple's device enrollment, and links the organisation's server there."""
        from chalicelib.platforms.apple import ade

        return ade

    def wake(self, house: Any, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
        from chalicelib.platforms.apple import apns

        return apns.push(house, enrollments)
