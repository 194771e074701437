"""Asks which apps a PC has (EnterpriseDesktopAppManagement and EnterpriseModernAppManagement CSP)."""

from chalicelib.platforms.windows.actions.action import Action
from chalicelib.platforms.windows.actions.asking import Asking

ASKING = Asking("apps")

ACTION = Action(
    name="installed-apps",
    permission="command.request",
    request_type="InstalledApps",
    title="Ask for the installed apps, MSI and MSIX.",
    build=ASKING.build,
    read=ASKING.read,
    more=ASKING.more,
    priority=7,
    personal=(
        "Windows does not tell the apps that management installed from those of the owner, so a personal device is not "
        "asked; set its ownership to corporate if it belongs to the organisation."
    ),
)
