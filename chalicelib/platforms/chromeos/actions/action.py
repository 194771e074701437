"""What all actions on ChromeOS have in common: which devices can do them and why not; how they become an errand.

Source: admin.directory_v1, DirectoryChromeosdevicesIssueCommandRequest. Some commands are for kiosks only, or for
kiosks and managed guest sessions. No field of the Directory says which of these a device is, so only one that is known
to be a user's is refused; of the others the device itself says no.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device, Ownership
from chalicelib.platforms import parameters
from chalicelib.platforms.chromeos import errands
from chalicelib.platforms.chromeos.errands import Errand
from chalicelib.platforms.chromeos.readings import KIOSK, USERS
from chalicelib.platforms.parameters import NoParameters, Parameters

KIOSKS = "kiosks"
KIOSKS_AND_GUESTS = "kiosks and managed guest sessions"


@dataclass(frozen=True, slots=True)
class Action:
    """Fulfils core.ports.ActionSpec. The rules are data, so that the README's table and the tests can read them."""

    name: str
    request_type: str  # CommandType, or what the Directory is called for
    title: str
    build: Callable[[Any], Errand]
    params: type[Parameters] = NoParameters
    since: int = 0  # milestone of ChromeOS; 0: none is documented
    kiosk_since: int = 0  # the same on a kiosk
    refine: Callable[[Device, Any], str] | None = None  # why not with these parameters
    only: str = ""  # KIOSKS, KIOSKS_AND_GUESTS: where Google allows it; "" everywhere
    permission: str = "command.request"
    once: bool = False
    parks: bool = False
    priority: int = 5
    personal: str = ""  # why not on a personal device
    never: str = ""  # why not on any device

    @property
    def destructive(self) -> bool:
        return self.permission == "command.destructive"

    def refusal(self, device: Device) -> str:
        """Why this device cannot do it and what would make it possible; "" if it can."""
        if self.never:
            return self.never
        if self.personal and device.ownership is Ownership.PERSONAL:
            return self.personal
        if self.only and USERS in device.capabilities:
            return f"Google allows it on {self.only} only, and people sign in to this device."
        return outdated(device, self.kiosk_since if KIOSK in device.capabilities else self.since)

    def prepare(self, house: House, device: Device, params: Mapping[str, Any], command_id: str) -> Prepared:
        """The command, ready to be queued. Unprocessable with what is wrong with the parameters."""
        asked = parameters.read(self.params, params)
        if self.refine and (reason := self.refine(device, asked)):
            raise Unprocessable(reason)
        return errands.prepared(command_id, self.build(asked), asked.shown())


def outdated(device: Device, since: int) -> str:
    """Why this device is too old, or ""; one that does not tell its version will refuse by itself."""
    milestone = re.match(r"[0-9]{1,6}", device.os_version)
    if not since or milestone is None or int(milestone.group()) >= since:
        return ""
    return f"It needs ChromeOS {since} or later, and this device runs {device.os_version}; update it first."


def device_command(command_type: str) -> Callable[[Any], Errand]:
    """For a command without parameters."""
    return lambda params: errands.for_device(command_type)
