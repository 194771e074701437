"""Addresses inside Windows that a page hands over to: the app that asked for it, never one of the web.

MS-MDE2 §3.2 (`appru`: ms-app://string) and Microsoft: "Microsoft Entra integration with MDM" (`redirect_uri`:
ms-appx-web://App/ToUResponse).
"""

import re
from dataclasses import dataclass

from chalicelib.core.errors import BadRequest

APP, WEB_APP = "ms-app", "ms-appx-web"
LONGEST = 600
_ADDRESS = re.compile(
    r"(?P<scheme>[A-Za-z-]+)://[A-Za-z0-9][A-Za-z0-9._~-]{0,127}(/[A-Za-z0-9._~/-]{0,255})?"
    r"(?P<query>\?[A-Za-z0-9._~%=&-]{0,255})?"
)


@dataclass(frozen=True, slots=True)
class AppAddress:
    """`text` as Windows wrote it, without a character that could end an attribute or a header."""

    text: str
    scheme: str
    has_query: bool


def read(text: str, *schemes: str) -> AppAddress:
    """BadRequest where it is anything but an app's address with one of these schemes."""
    found = _ADDRESS.fullmatch(text) if len(text) <= LONGEST else None
    if found is None or found["scheme"].lower() not in schemes:
        raise BadRequest("This page is opened by Windows while a PC enrolls; start in Settings, Accounts.")
    return AppAddress(text, found["scheme"].lower(), found["query"] is not None)
