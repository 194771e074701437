"""Not on ChromeOS: the reason, for whoever asks."""

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.errands import Errand
from chalicelib.platforms.parameters import NoParameters

NEVER = (
    "Google has no command that locks the screen of a Chromebook. For a lost or stolen device there is `disable`: "
    "nobody can use it until it is enabled again."
)


def build(params: NoParameters) -> Errand:
    raise Unprocessable(NEVER)


ACTION = Action(name="lock", request_type="Lock", title="Not on ChromeOS; see disable.", build=build, never=NEVER)
