"""What the Android folder offers to the core: actions, removal, wake-up. Imports the rest where it is used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.core.ports import ActionSpec, PushRefused
from chalicelib.model.device import Device, Platform
from chalicelib.model.enrollment import Enrollment


@dataclass(frozen=True, slots=True)
class Android:
    name: str = "android"
    systems: frozenset[str] = frozenset({Platform.ANDROID})

    def action(self, name: str) -> ActionSpec | None:
        from chalicelib.platforms.android.actions import registry

        return registry.action(name)

    def actions(self) -> Sequence[str]:
        from chalicelib.platforms.android.actions import registry

        return registry.names()

    def removal(self, house: Any, device: Device, command_id: str) -> tuple[str, bytes] | None:
        """The work profile goes, and what is the user's stays. Conflict where leaving would mean erasing."""
        from chalicelib.platforms.android.actions import leaving, wire

        document = leaving.leaving(device)
        return (document["command"]["type"], wire.written(command_id, document)) if document else None

    def wake(self, house: Any, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
        from chalicelib.platforms.android import dispatch

        return dispatch.wake(house, enrollments)
