"""Restarts a Chromebook (REBOOT; with "user_session_delay_seconds")."""

from pydantic import Field

from chalicelib.platforms.chromeos import errands
from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.errands import Errand
from chalicelib.platforms.parameters import Parameters


class Params(Parameters):
    delay: int = Field(
        0, ge=0, le=300, strict=True, description="Seconds that a signed-in user gets; a kiosk restarts at once."
    )


def build(params: Params) -> Errand:
    return errands.for_device("REBOOT", {"user_session_delay_seconds": params.delay} if params.delay else None)


ACTION = Action(
    name="restart",
    request_type="REBOOT",
    title="Restart the device; a signed-in user may be given up to five minutes.",
    build=build,
    params=Params,
    since=113,
    once=True,
    priority=3,
)
