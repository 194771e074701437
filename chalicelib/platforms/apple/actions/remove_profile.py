"""Removes a configuration profile (Apple mdm/commands/profile.remove.yaml)."""

from pydantic import Field

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import IPADOS, MACOS, TVOS, VISIONOS, Since, mobile
from chalicelib.platforms.apple.platform import MDM_PROFILE
from chalicelib.platforms.parameters import Line, Parameters


class Params(Parameters):
    identifier: Line = Field(max_length=255, description="The profile's PayloadIdentifier.")
    user: Line | None = Field(
        None, max_length=128, description="Remove it from this user (id of the user channel), not from the device."
    )


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    if params.identifier == MDM_PROFILE:
        raise Unprocessable("identifier: this is the enrollment itself; retire the device instead.")
    payload = wire.payload(command_id, ACTION.request_type, Identifier=params.identifier)
    return wire.prepared(payload, params.shown(), user_channel=params.user or "")


ACTION = Action(
    name="remove-profile",
    request_type="RemoveProfile",
    title="Remove a configuration profile.",
    systems={
        **mobile("4.0", user_enrollment=True),
        MACOS: Since("10.7", user_enrollment=True),
        TVOS: Since("9.0"),
        VISIONOS: Since("1.1", user_enrollment=True),
    },
    params=Params,
    build=build,
    since={"user": {MACOS: "10.7", IPADOS: "9.3"}},
)
