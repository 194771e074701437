"""Sets the volume of a kiosk or of a managed guest session (SET_VOLUME)."""

from pydantic import Field

from chalicelib.platforms.chromeos import errands
from chalicelib.platforms.chromeos.actions.action import KIOSKS_AND_GUESTS, Action
from chalicelib.platforms.chromeos.errands import Errand
from chalicelib.platforms.parameters import Parameters


class Params(Parameters):
    volume: int = Field(ge=0, le=100, strict=True, description="0 is silent, 100 the loudest.")


def build(params: Params) -> Errand:
    return errands.for_device("SET_VOLUME", {"volume": params.volume})


ACTION = Action(
    name="set-volume",
    request_type="SET_VOLUME",
    title="Set the volume of a kiosk or managed guest session.",
    build=build,
    params=Params,
    only=KIOSKS_AND_GUESTS,
)
