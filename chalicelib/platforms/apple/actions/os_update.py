"""Has a device update itself by a deadline (Apple softwareupdate.enforcement.specific.yaml, activations/simple.yaml).

The declaration is the order; the queued DeclarativeManagement command only makes the device come and look.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Prepared, Replace
from chalicelib.model.device import Device
from chalicelib.model.enrollment import Declaration
from chalicelib.platforms.apple.actions import declarations, wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import DEVICES, MACOS, Since, mobile, number
from chalicelib.platforms.parameters import Parameters

UPDATE = "com.apple.configuration.softwareupdate.enforcement.specific"
ACTIVATION = "com.apple.activation.simple"
IDENTIFIER = "muster.os-update"
WESTERNMOST = timedelta(hours=12)  # a local time is over everywhere so long after it is in UTC


def _local(at: datetime) -> datetime:
    if at.tzinfo is not None:
        raise ValueError("give the device's local time, without a zone")
    return at.replace(microsecond=0)


class Params(Parameters):
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){0,2}$")] = Field(
        description="The version to run by the deadline: 18.1."
    )
    deadline: Annotated[datetime, AfterValidator(_local)] = Field(
        description="Local time of the device, without a zone: 2031-05-01T18:00:00. Then the update is forced."
    )
    build: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}[A-Z][0-9]{1,5}[a-z]?$")] | None = Field(
        None, description="The build, where the version alone does not tell: 22B83."
    )
    details_url: Annotated[str, StringConstraints(pattern=r"^https://[\x21-\x7e]+$", max_length=500)] | None = Field(
        None, description="A page of yours about this update, https."
    )

    def payload(self) -> dict[str, Any]:
        payload = {"TargetOSVersion": self.version, "TargetLocalDateTime": self.deadline.isoformat()}
        optional = {"TargetBuildVersion": self.build, "DetailsURL": self.details_url}
        return payload | {name: value for name, value in optional.items() if value is not None}


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    if device.os_version and number(params.version) < number(device.os_version):
        name = DEVICES[device.platform]
        raise Unprocessable(f"version: this {name} runs {device.os_version} already; a device cannot go back.")
    if params.deadline.replace(tzinfo=UTC).timestamp() + WESTERNMOST.total_seconds() < house.clock():
        raise Unprocessable("deadline: it has passed; name a later one.")
    changes = (
        *_declare(house, device, IDENTIFIER, "configuration", UPDATE, params.payload()),
        *_declare(
            house,
            device,
            f"{IDENTIFIER}.activation",
            "activation",
            ACTIVATION,
            {"StandardConfigurations": [IDENTIFIER]},
        ),
    )
    return wire.prepared(wire.payload(command_id, ACTION.request_type), params.shown(), changes=changes)


def _declare(
    house: House, device: Device, identifier: str, kind: str, type_: str, payload: dict[str, Any]
) -> tuple[Change, ...]:
    """The change that makes the declaration so; none where it is so already."""
    previous = house.store.find(Declaration, device.id, kind, identifier)
    wanted = declarations.declaration(device.id, identifier, kind, type_, payload, previous)
    if previous is None:
        return (Create(wanted),)
    return () if previous.server_token == wanted.server_token else (Replace(wanted),)


ACTION = Action(
    name="os-update",
    request_type="DeclarativeManagement",
    title="Have the device update its system by a deadline.",
    systems={**mobile("17.0"), MACOS: Since("14.0", supervised=True)},
    params=Params,
    build=build,
)
