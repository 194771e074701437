"""Has a Chromebook upload an archive for support to Google (FETCH_SUPPORT_PACKET)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from chalicelib.platforms.chromeos import errands
from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.errands import Errand
from chalicelib.platforms.parameters import Line, Parameters

Collector = Literal[
    "system-information", "crash-ids", "memory", "ui-hierarchy", "platform-logs", "device-event", "intel-wifi",
    "touch-events", "lacros", "lacros-system-information", "flex-logs", "dbus", "network-routes", "shill-logs",
    "policies", "system-state", "system-logs", "user-logs", "bluetooth", "input-devices", "traffic-counters",
    "virtual-keyboard", "network-health",
]  # fmt: skip
NUMBERS: Mapping[str, int] = {name: number for number, name in enumerate(get_args(Collector), 1)}


class Params(Parameters):
    case: Annotated[Line, Field(max_length=100)] = Field("", description="Number of the support case.")
    description: Annotated[Line, Field(max_length=500)] = Field("", description="What is wrong, for whoever reads it.")
    collect: tuple[Collector, ...] = Field((), max_length=23, description="What to put into it; else what is usual.")


def build(params: Params) -> Errand:
    details: dict[str, Any] = {}
    if params.case:
        details["issueCaseId"] = params.case
    if params.description:
        details["issueDescription"] = params.description
    if params.collect:
        details["requestedDataCollectors"] = sorted({NUMBERS[name] for name in params.collect})
    return errands.for_device("FETCH_SUPPORT_PACKET", {"supportPacketDetails": details} if details else None)


ACTION = Action(
    name="support-packet",
    request_type="FETCH_SUPPORT_PACKET",
    title="Have the device upload an archive of logs and states to Google.",
    build=build,
    params=Params,
    permission="command.configure",
    personal="The logs of a personal device tell what its owner does with it.",
)
