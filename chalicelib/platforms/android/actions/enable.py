"""Makes a disabled device, or its work profile, usable again (devices.patch, state)."""

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.android.actions import wire
from chalicelib.platforms.android.actions.action import Action
from chalicelib.platforms.parameters import NoParameters


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    return wire.prepared(command_id, wire.state("ACTIVE"), {})


ACTION = Action(
    name="enable",
    request_type="Enable",
    title="Make a disabled device, or its work profile, usable again.",
    build=build,
    priority=1,
)
