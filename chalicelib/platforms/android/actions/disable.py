"""Makes a device, or its work profile, useless until it is enabled again (devices.patch, state)."""

from pydantic import Field

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.android.actions import wire
from chalicelib.platforms.android.actions.action import Action
from chalicelib.platforms.parameters import Parameters, Text


class Params(Parameters):
    reason: Text | None = Field(None, max_length=500, description="Android: shown on the device.")


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    return wire.prepared(command_id, wire.state("DISABLED", params.reason), params.shown())


ACTION = Action(
    name="disable",
    request_type="Disable",
    title="Make the device, or the work profile of a personal one, useless until it is enabled again; its data stays.",
    build=build,
    params=Params,
    parks=True,
    priority=0,
)
