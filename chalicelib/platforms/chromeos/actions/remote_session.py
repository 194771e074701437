"""Opens a Chrome Remote Desktop session (DEVICE_START_CRD_SESSION).

Google: "Remotely connect to ChromeOS devices" (answer 9547497): shared from ChromeOS 96, on kiosks from 78, private
from 132 and with nobody signed in. The address that comes back opens for one Google account only, the administrator in
whose name Muster asks. Why, and who agreed, is asked for and goes into the audit trail with the command.
"""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.model.device import Device
from chalicelib.platforms.chromeos import errands
from chalicelib.platforms.chromeos.actions.action import Action, outdated
from chalicelib.platforms.chromeos.errands import Errand
from chalicelib.platforms.parameters import Line, Parameters

PRIVATE_SINCE = 132


class Params(Parameters):
    consent: Annotated[Line, Field(min_length=8, max_length=500)] = Field(
        description="Who agreed to it and why it is needed; it goes into the audit trail."
    )
    session: Literal["shared", "private"] = Field(
        "shared", description="shared: the user sees it and has to accept; private: only while nobody is signed in."
    )
    user_present: bool = Field(
        False, strict=True, description="True: somebody is known to use the device, and may be interrupted."
    )


def refine(device: Device, params: Params) -> str:
    if params.session == "shared":
        return ""
    if params.user_present:
        return "session: a private session is for a device that nobody uses; ask for a shared one."
    reason = outdated(device, PRIVATE_SINCE)
    return f"session: {reason}" if reason else ""


def build(params: Params) -> Errand:
    told = {"ackedUserPresence": params.user_present, "crdSessionType": params.session}
    return errands.for_device("DEVICE_START_CRD_SESSION", told)


ACTION = Action(
    name="remote-session",
    request_type="DEVICE_START_CRD_SESSION",
    title="Open a remote session; its address opens for Google's administrator only, and with the user's consent.",
    build=build,
    params=Params,
    refine=refine,
    since=96,
    kiosk_since=78,
    once=True,
    priority=1,
    personal="Nobody looks into a personal device from afar.",
)
