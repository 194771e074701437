"""What the ChromeOS folder offers to the core: actions, removal, wake-up. Imports the rest where it is used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.core.ports import ActionSpec, PushRefused
from chalicelib.model.device import Device, Platform
from chalicelib.model.enrollment import Enrollment


@dataclass(frozen=True, slots=True)
class ChromeOS:
    name: str = "chromeos"
    systems: frozenset[str] = frozenset({Platform.CHROMEOS})

    def action(self, name: str) -> ActionSpec | None:
        from chalicelib.platforms.chromeos.actions import registry

        return registry.action(name)

    def actions(self) -> Sequence[str]:
        from chalicelib.platforms.chromeos.actions import registry

        return registry.names()

    def removal(self, house: Any, device: Device, command_id: str) -> tuple[str, bytes] | None:
        """It is deprovisioned at Google: it leaves the fleet, and its data stays on it."""
        from chalicelib.platforms.chromeos import errands
        from chalicelib.platforms.chromeos.actions import deprovision

        return deprovision.ACTION.request_type, errands.write(command_id, deprovision.errand("retiring-device"))

    def wake(self, house: Any, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
        """No push: what waits is handed to Google, and what is under way is asked after."""
        from chalicelib.platforms.chromeos import dispatch

        return dispatch.wake(house, enrollments)
