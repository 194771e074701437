"""What all actions have in common: who can do them, why not, and how parameters become a command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device, Ownership, Platform
from chalicelib.platforms import parameters
from chalicelib.platforms.apple.actions import systems, wire
from chalicelib.platforms.apple.actions.systems import DEVICES, SHARED_IPAD, Since
from chalicelib.platforms.parameters import NoParameters, Parameters

Build = Callable[[House, Device, Any, str], Prepared]


@dataclass(frozen=True, slots=True)
class Action:
    """Fulfils core.ports.ActionSpec. The rules are data, so that the README's table and the tests can read them."""

    name: str
    request_type: str
    title: str
    systems: Mapping[Platform, Since]
    build: Build
    params: type[Parameters] = NoParameters
    permission: str = "command.configure"
    parks: bool = False
    priority: int = 5
    personal: str = ""  # why not on a personal device
    shared_ipad: str = ""  # why not on a Shared iPad
    shared_only: bool = False  # only on a Shared iPad
    lacking: Mapping[str, str] = field(default_factory=dict)  # capability → why not on a device that has it
    since: Mapping[str, Mapping[Platform, str]] = field(default_factory=dict)  # parameter → systems that know it

    @property
    def destructive(self) -> bool:
        return self.permission == "command.destructive"

    @property
    def once(self) -> bool:
        return self.destructive

    def refusal(self, device: Device) -> str:
        """Why this device cannot do it and what would make it possible; "" if it can."""
        if self.personal and device.ownership is Ownership.PERSONAL and device.platform in self.systems:
            return self.personal
        if reason := systems.unsupported(device, self.systems):
            return reason
        shared = SHARED_IPAD in device.capabilities
        if self.shared_only and not shared:
            return "It works on a Shared iPad only; if this is one, ask for its device information first."
        if shared and self.shared_ipad:
            return self.shared_ipad
        return next((why for capability, why in self.lacking.items() if capability in device.capabilities), "")

    def prepare(self, house: House, device: Device, params: Mapping[str, Any], command_id: str) -> Prepared:
        """The command, ready to be queued. Unprocessable with what is wrong with the parameters."""
        asked = parameters.read(self.params, params)
        for name in asked.model_fields_set:
            if reason := self._unknown_to(device, name):
                raise Unprocessable(f"{name}: {reason}")
        return self.build(house, device, asked, command_id)

    def _unknown_to(self, device: Device, name: str) -> str:
        known = self.since.get(name)
        if known is None:
            return ""
        if device.platform not in known:
            return f"{DEVICES[device.platform]} does not know it, only {systems.on_devices(known)}; leave it out."
        version = known[device.platform]
        return systems.outdated(device, version) if systems.older(device, version) else ""


def bare(request_type: str) -> Build:
    """Builds a command that has no keys."""

    def build(house: House, device: Device, params: Any, command_id: str) -> Prepared:
        return wire.prepared(wire.payload(command_id, request_type), {})

    return build
