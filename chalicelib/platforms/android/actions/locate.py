"""Not by itself on Android: the reason, for whoever asks."""

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.android.actions.action import Action
from chalicelib.platforms.parameters import NoParameters

NEVER = (
    "Google has no command that asks an Android device where it is: a company-owned device tells it by itself while "
    "it is in lost mode, so turn that on with `lost-mode-on`."
)


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    raise Unprocessable(NEVER)


ACTION = Action(
    name="locate", request_type="Locate", title="Not on Android; see lost-mode-on.", build=build, never=NEVER
)
