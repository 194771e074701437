"""Asks what the device is (Apple mdm/commands/information.device.yaml)."""

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import queries, wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import MACOS, TVOS, VISIONOS, Since, mobile
from chalicelib.platforms.parameters import NoParameters


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    return wire.prepared(queries.device_information(device, command_id), {})


ACTION = Action(
    name="device-information",
    permission="command.request",
    request_type="DeviceInformation",
    title="Ask for model, system, storage and the like.",
    systems={
        **mobile("4.0", user_enrollment=True),
        MACOS: Since("10.7", user_enrollment=True),
        TVOS: Since("9.0"),
        VISIONOS: Since("1.1", user_enrollment=True),
    },
    build=build,
    priority=7,
)
