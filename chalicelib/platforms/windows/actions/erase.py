"""Erases a PC (RemoteWipe CSP). No node tells the end of it: a PC that is erased does not come back."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import Parameters
from chalicelib.platforms.windows import catalogue, jobs
from chalicelib.platforms.windows.actions.action import Action, saying
from chalicelib.platforms.windows.jobs import Job
from chalicelib.platforms.windows.nodes import Node

Variant = Literal["full", "protected", "keep-user-data", "keep-provisioning", "cloud", "cloud-keep-user-data"]
NODES: Mapping[Variant, Node] = {
    "full": catalogue.DO_WIPE,
    "protected": catalogue.DO_WIPE_PROTECTED,
    "keep-user-data": catalogue.DO_WIPE_PERSIST_USER_DATA,
    "keep-provisioning": catalogue.DO_WIPE_PERSIST_PROVISIONED_DATA,
    "cloud": catalogue.DO_WIPE_CLOUD,
    "cloud-keep-user-data": catalogue.DO_WIPE_CLOUD_PERSIST_USER_DATA,
}
SINCE: Mapping[Variant, str] = {
    "protected": "10.0.15063",
    "keep-user-data": "10.0.16299",
    "cloud": "10.0.22621",
    "cloud-keep-user-data": "10.0.22621",
}


class Params(Parameters):
    variant: Variant = Field(
        "full",
        description="protected tries again until it is done, and may leave a PC unable to start; cloud fetches Windows "
        "from Microsoft. PC only.",
    )


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    return jobs.prepared(command_id, Job((NODES[params.variant].exec(),)), {"variant": params.variant})


ACTION = Action(
    name="erase",
    request_type="RemoteWipe",
    title="Reset the PC and erase what is on it; it cannot be undone.",
    build=build,
    params=Params,
    variants={"variant": SINCE},
    permission="command.destructive",
    once=True,
    parks=True,
    priority=0,
    personal=(
        "A personal device is not erased as a whole. Retire it: that removes the organisation's settings; "
        "or set its ownership to corporate if it belongs to the organisation."
    ),
    watch=saying(
        "The PC took the request and resets itself; Windows does not report the end. "
        "If it is seen again as it was, the reset failed on the PC: see its recovery environment (reagentc /info)."
    ),
    meanings={500: "Windows refused to reset itself, most often because its recovery environment is disabled"},
)
