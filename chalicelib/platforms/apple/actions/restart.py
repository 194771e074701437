"""Restarts a device (Apple mdm/commands/device.restart.yaml)."""

from pydantic import Field

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import MACOS, TVOS, Since, mobile
from chalicelib.platforms.parameters import Parameters


class Params(Parameters):
    notify_user: bool | None = Field(None, description="Ask the user of a Mac to restart instead of forcing it.")


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    payload = wire.payload(command_id, ACTION.request_type, NotifyUser=params.notify_user)
    return wire.prepared(payload, params.shown())


ACTION = Action(
    name="restart",
    permission="command.request",
    request_type="RestartDevice",
    title="Restart the device.",
    systems={**mobile("10.3", supervised=True), MACOS: Since("10.13"), TVOS: Since("10.2", supervised=True)},
    params=Params,
    build=build,
    priority=3,
    since={"notify_user": {MACOS: "11.4"}},
)
