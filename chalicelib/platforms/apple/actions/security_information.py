"""Asks how the device is protected (Apple mdm/commands/information.security.yaml)."""

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import queries, wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import MACOS, TVOS, VISIONOS, Since, mobile
from chalicelib.platforms.parameters import NoParameters


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    return wire.prepared(queries.security_information(device, command_id), {})


ACTION = Action(
    name="security-information",
    permission="command.request",
    request_type="SecurityInfo",
    title="Ask for passcode, encryption, firewall and the like.",
    systems={
        **mobile("4.0", user_enrollment=True),
        MACOS: Since("10.7", user_enrollment=True),
        TVOS: Since("9.0"),
        VISIONOS: Since("1.1", user_enrollment=True),
    },
    build=build,
    priority=7,
)
