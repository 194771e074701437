"""Makes a disabled Chromebook usable again (batchChangeStatus)."""

from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.directory import Change
from chalicelib.platforms.chromeos.errands import STATUS, Errand
from chalicelib.platforms.parameters import NoParameters


def build(params: NoParameters) -> Errand:
    return Errand(STATUS, {"change": Change.REENABLE.value})


ACTION = Action(
    name="enable",
    request_type="Reenable",
    title="Make a disabled device usable again; it may take a licence.",
    build=build,
    priority=1,
)
