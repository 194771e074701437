"""Asks what a PC is (DevInfo and DevDetail CSP)."""

from chalicelib.platforms.windows.actions.action import Action
from chalicelib.platforms.windows.actions.asking import Asking

ASKING = Asking("device")

ACTION = Action(
    name="device-information",
    permission="command.request",
    request_type="DeviceInformation",
    title="Ask for model, system, memory, storage and the like.",
    build=ASKING.build,
    read=ASKING.read,
    more=ASKING.more,
    priority=7,
)
