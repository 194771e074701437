"""What a PC says of its own accord: who is logged in, what it is, that it leaves (MS-MDM §3.2; DevInfo CSP)."""

from collections.abc import Iterable

from chalicelib.platforms.reading import tidy
from chalicelib.platforms.windows import syncml
from chalicelib.platforms.windows.syncml import Alert, Part

LOGIN_STATUS = "com.microsoft/MDM/LoginStatus"
UNENROLLMENT = "com.microsoft:mdm.unenrollment.userrequest"
_DEVINFO = "./devinfo/"
_INFO = ("DevId", "Man", "Mod", "DmV", "Lang")
_LONGEST_VALUE = 256


def leaves(alerts: Iterable[Alert]) -> bool:
    return any(
        alert.code == syncml.GENERIC and any(item.meta.type == UNENROLLMENT for item in alert.items) for alert in alerts
    )


def aborts(alerts: Iterable[Alert]) -> bool:
    return any(alert.code == syncml.ABORT for alert in alerts)


def user_is_there(alerts: Iterable[Alert], before: bool) -> bool:
    """The person who enrolled, or the one the device is for; `before` where nothing is said."""
    there = before
    for alert in alerts:
        for item in alert.items:
            if alert.code == syncml.CLIENT_EVENT and item.meta.type == LOGIN_STATUS:
                there = (item.data or "").strip().lower() == "user"
    return there


def device_info(parts: Iterable[Part]) -> dict[str, str]:
    """What every session begins with: DevInfo, by the names of its nodes."""
    found: dict[str, str] = {}
    for part in parts:
        if isinstance(part, syncml.Command) and part.verb == syncml.REPLACE:
            for item in part.items:
                name = item.uri[len(_DEVINFO) :]
                if item.uri.lower().startswith(_DEVINFO) and name in _INFO and item.data is not None:
                    found[name] = tidy(item.data[:_LONGEST_VALUE])
    return found
