"""Makes a lost or stolen Chromebook useless: it stays managed and shows whose it is (batchChangeStatus)."""

from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.directory import Change
from chalicelib.platforms.chromeos.errands import STATUS, Errand
from chalicelib.platforms.parameters import NoParameters


def build(params: NoParameters) -> Errand:
    return Errand(STATUS, {"change": Change.DISABLE.value})


ACTION = Action(
    name="disable",
    request_type="Disable",
    title="Make a lost or stolen device useless until it is enabled again; its data stays.",
    build=build,
    parks=True,
    priority=0,
)
