"""Asks which certificates a PC has (CertificateStore CSP)."""

from chalicelib.platforms.windows.actions.action import Action
from chalicelib.platforms.windows.actions.asking import Asking

ASKING = Asking("certificates")

ACTION = Action(
    name="certificates",
    permission="command.request",
    request_type="Certificates",
    title="Ask for the certificates of the PC.",
    build=ASKING.build,
    read=ASKING.read,
    more=ASKING.more,
    priority=7,
    personal=(
        "Windows does not tell the certificates that management installed from those of the owner, so a personal "
        "device is not asked; set its ownership to corporate if it belongs to the organisation."
    ),
)
