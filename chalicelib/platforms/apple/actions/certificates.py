"""Asks which certificates the device has (Apple mdm/commands/certificate.list.yaml)."""

from pydantic import Field

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import queries, wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import MACOS, TVOS, VISIONOS, Since, mobile
from chalicelib.platforms.parameters import Parameters


class Params(Parameters):
    managed_only: bool = Field(
        False, description="Only what was installed by management; always so on personal devices."
    )


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    return wire.prepared(queries.certificates(device, command_id, managed_only=params.managed_only), params.shown())


ACTION = Action(
    name="certificates",
    permission="command.request",
    request_type="CertificateList",
    title="Ask for the installed certificates.",
    systems={
        **mobile("4.0", user_enrollment=True),
        MACOS: Since("10.7", user_enrollment=True),
        TVOS: Since("9.0"),
        VISIONOS: Since("1.1", user_enrollment=True),
    },
    params=Params,
    build=build,
    priority=7,
)
