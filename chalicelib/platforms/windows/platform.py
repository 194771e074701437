"""What the Windows folder offers to the core: actions, removal, wake-up. Imports the rest where it is used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.core.ports import ActionSpec, PushRefused
from chalicelib.model.device import Device, Platform
from chalicelib.model.enrollment import Enrollment


@dataclass(frozen=True, slots=True)
class Windows:
    name: str = "windows"
    systems: frozenset[str] = frozenset({Platform.WINDOWS})

    def action(self, name: str) -> ActionSpec | None:
        from chalicelib.platforms.windows.actions import registry

        return registry.action(name)

    def actions(self) -> Sequence[str]:
        from chalicelib.platforms.windows.actions import registry

        return registry.names()

    def removal(self, house: Any, device: Device, command_id: str) -> tuple[str, bytes] | None:
        """The PC ends its own management. It gives no Status, only the alert that it has left."""
        from chalicelib.platforms.windows import catalogue, jobs

        return "Unenroll", jobs.write(command_id, jobs.Job((catalogue.UNENROLL.exec(),)))

    def wake(self, house: Any, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
        from chalicelib.platforms.windows import wns

        return wns.push(house, enrollments)
