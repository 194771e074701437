"""Has a kiosk upload its logs to Google (CAPTURE_LOGS)."""

from chalicelib.platforms.chromeos.actions.action import KIOSKS, Action, device_command

ACTION = Action(
    name="collect-logs",
    request_type="CAPTURE_LOGS",
    title="Have a kiosk upload its logs to Google; of other devices see support-packet.",
    build=device_command("CAPTURE_LOGS"),
    only=KIOSKS,
    permission="command.configure",
    personal="The logs of a personal device tell what its owner does with it.",
)
