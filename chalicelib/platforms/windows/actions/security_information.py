"""Asks how a PC is protected (DeviceStatus, BitLocker and Defender CSP)."""

from chalicelib.platforms.windows.actions.action import Action
from chalicelib.platforms.windows.actions.asking import Asking

ASKING = Asking("status", "defender")

ACTION = Action(
    name="security-information",
    permission="command.request",
    request_type="SecurityInformation",
    title="Ask for encryption, firewall, antivirus, secure boot and the like.",
    build=ASKING.build,
    read=ASKING.read,
    more=ASKING.more,
    priority=7,
)
