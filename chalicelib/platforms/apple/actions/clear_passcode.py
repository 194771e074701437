"""Removes the passcode with the escrowed unlock token (Apple mdm/commands/passcode.clear.yaml)."""

from chalicelib.core import escrow
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import VISIONOS, Since, mobile
from chalicelib.platforms.parameters import NoParameters


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    token = escrow.current(house, device.id, "unlock_token", since=device.bound_at)
    if token is None:
        raise Unprocessable(
            "No unlock token is escrowed for this device. It sends one when it enrolls and when its passcode is set; "
            "enroll it again."
        )
    return wire.prepared(wire.payload(command_id, ACTION.request_type, UnlockToken=token.reveal()), {}, secret=True)


ACTION = Action(
    name="clear-passcode",
    permission="command.request",
    request_type="ClearPasscode",
    title="Remove the passcode; the user is asked for a new one where a policy demands it.",
    systems={**mobile("4.0"), VISIONOS: Since("1.1")},
    build=build,
    priority=1,
    shared_ipad="A Shared iPad has no passcode of its own; reset the user's in Apple School or Business Manager.",
)
