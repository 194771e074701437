"""Asks a device in Lost Mode where it is (Apple mdm/commands/device.lostmode.location.yaml)."""

from chalicelib.platforms.apple.actions.action import Action, bare
from chalicelib.platforms.apple.actions.systems import mobile

ACTION = Action(
    name="locate",
    permission="command.request",
    request_type="DeviceLocation",
    title="Report the device's location; it has to be in Lost Mode.",
    systems=mobile("9.3", supervised=True),
    build=bare("DeviceLocation"),
    priority=2,
    personal=(
        "A personal device is never located. Its user can find it with Find My; "
        "set its ownership to corporate if it belongs to the organisation."
    ),
)
