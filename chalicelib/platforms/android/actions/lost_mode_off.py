"""Ends lost mode (STOP_LOST_MODE)."""

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.android.actions import lost, wire
from chalicelib.platforms.android.actions.action import Action
from chalicelib.platforms.parameters import NoParameters


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    return wire.prepared(command_id, wire.command("STOP_LOST_MODE", stopLostModeParams={}), {})


ACTION = Action(
    name="lost-mode-off",
    request_type="STOP_LOST_MODE",
    title="End lost mode.",
    build=build,
    since=lost.SINCE,
    elsewhere=lost.PROFILE_ONLY,
    priority=2,  # after a lost-mode-on that waits beside it
)
