"""Takes a picture of a kiosk's screen, which the device uploads to Google (TAKE_A_SCREENSHOT)."""

from chalicelib.platforms.chromeos.actions.action import KIOSKS, Action, device_command

ACTION = Action(
    name="screenshot",
    request_type="TAKE_A_SCREENSHOT",
    title="Take a picture of a kiosk's screen; Google keeps it, and its administrators can open it.",
    build=device_command("TAKE_A_SCREENSHOT"),
    only=KIOSKS,
    personal="The screen of a personal device is its owner's.",
)
