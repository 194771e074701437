"""Names a device (Apple mdm/commands/settings.yaml, DeviceName)."""

from pydantic import Field

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import MACOS, TVOS, VISIONOS, Since, mobile
from chalicelib.platforms.parameters import Line, Parameters


class Params(Parameters):
    name: Line = Field(max_length=63, description="The device's new name.")


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    setting = {"Item": "DeviceName", "DeviceName": params.name}
    return wire.prepared(wire.payload(command_id, ACTION.request_type, Settings=[setting]), params.shown())


ACTION = Action(
    name="set-device-name",
    request_type="Settings",
    title="Give the device a name.",
    systems={
        **mobile("5.0", supervised=True),
        MACOS: Since("10.10"),
        TVOS: Since("9.0"),
        VISIONOS: Since("2.0", supervised=True),
    },
    params=Params,
    build=build,
)
