"""Asks which kinds of remote session are possible just now (FETCH_CRD_AVAILABILITY_INFO)."""

from chalicelib.platforms.chromeos.actions.action import Action, device_command

ACTION = Action(
    name="crd-availability",
    request_type="FETCH_CRD_AVAILABILITY_INFO",
    title="Ask which remote sessions are possible, and since when nobody used the device.",
    build=device_command("FETCH_CRD_AVAILABILITY_INFO"),
    priority=1,
    personal="Since when nobody used a personal device is its owner's matter.",
)
