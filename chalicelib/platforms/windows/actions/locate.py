"""Not on Windows: the reason, for whoever asks (RemoteFind CSP)."""

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import NoParameters
from chalicelib.platforms.windows.actions.action import Action

NEVER = (
    "Muster does not locate PCs: RemoteFind is in none of the node descriptions (DDF) that Microsoft publishes, so "
    "that what a PC would answer cannot be checked, and it is read by a Get inside an Atomic, which OMA-DM does not "
    "know."
)


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    raise Unprocessable(NEVER)


ACTION = Action(
    name="locate",
    permission="command.request",
    request_type="RemoteFind",
    title="Not on Windows.",
    build=build,
    never=NEVER,
)
