"""Restarts a device (REBOOT)."""

from chalicelib.platforms.android.actions.action import Action, bare
from chalicelib.platforms.android.actions.modes import WHOLE
from chalicelib.platforms.android.actions.versions import ANDROID_7

ACTION = Action(
    name="restart",
    request_type="REBOOT",
    title="Restart the device.",
    build=bare("REBOOT"),
    since=dict.fromkeys(WHOLE, ANDROID_7),
    elsewhere=(
        "Google restarts fully managed devices only, and this one has a work profile: "
        "ask its user to restart it, or reset it and enroll it as fully managed."
    ),
    once=True,
    priority=3,
)
