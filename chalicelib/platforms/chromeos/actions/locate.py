"""Not on ChromeOS: the reason, for whoever asks."""

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.errands import Errand
from chalicelib.platforms.parameters import NoParameters

NEVER = (
    "Google does not tell where a Chromebook is: it has no command for it, and the last known network addresses are "
    "not a place."
)


def build(params: NoParameters) -> Errand:
    raise Unprocessable(NEVER)


ACTION = Action(name="locate", request_type="Locate", title="Not on ChromeOS.", build=build, never=NEVER)
