"""What all actions on Android have in common: which devices can do them and why not, how they become a command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device, Ownership
from chalicelib.platforms import parameters
from chalicelib.platforms.android.actions import modes, versions, wire
from chalicelib.platforms.android.actions.modes import MODES
from chalicelib.platforms.android.actions.versions import ANY
from chalicelib.platforms.parameters import NoParameters, Parameters

Build = Callable[[House, Device, Any, str], Prepared]
EVERYWHERE: Mapping[str, int] = dict.fromkeys(MODES, ANY)


@dataclass(frozen=True, slots=True)
class Action:
    """Fulfils core.ports.ActionSpec. The rules are data, so that the README's table and the tests can read them."""

    name: str
    request_type: str  # CommandType, or what is changed on the device
    title: str
    build: Build
    params: type[Parameters] = NoParameters
    since: Mapping[str, int] = field(default_factory=lambda: EVERYWHERE)  # management mode → API level
    elsewhere: str = ""  # why not in the other management modes
    refine: Callable[[Device, Any], str] | None = None  # why not with these parameters
    permission: str = "command.request"
    once: bool = False
    parks: bool = False
    priority: int = 5
    personal: str = ""  # why not on a device that is held as personal
    never: str = ""  # why not on any device

    @property
    def destructive(self) -> bool:
        return self.permission == "command.destructive"

    def refusal(self, device: Device) -> str:
        """Why this device cannot do it and what would make it possible; "" if it can."""
        if self.never:
            return self.never
        mode = modes.of(device)
        if mode and mode not in self.since:
            return self.elsewhere
        if self.personal and device.ownership is Ownership.PERSONAL:
            return self.personal
        return versions.outdated(device, self.since[mode] if mode else min(self.since.values()))

    def prepare(self, house: House, device: Device, params: Mapping[str, Any], command_id: str) -> Prepared:
        """The command, ready to be queued. Unprocessable with what is wrong with the parameters."""
        asked = parameters.read(self.params, params)
        if self.refine and (reason := self.refine(device, asked)):
            raise Unprocessable(reason)
        return self.build(house, device, asked, command_id)


def bare(kind: str) -> Build:
    """Builds a command of this CommandType that has no fields."""

    def build(house: House, device: Device, params: Any, command_id: str) -> Prepared:
        return wire.prepared(command_id, wire.command(kind), {})

    return build
