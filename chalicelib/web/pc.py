"""How a PC comes from the enrollment page into management: a link that opens the enrollment of Windows, filled in.

Microsoft: "MDM enrollment of Windows devices", section "Connect your Windows device to work using a deep link". There
is no parameter for a password, so the code is typed or pasted.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from chalicelib.core.house import House

DISCOVERY = "/EnrollmentServer/Discovery.svc"
INVITED = "invitation"  # by this name discovery knows that a code is at hand, and asks for it


@dataclass(frozen=True, slots=True)
class WayIn:
    """What Windows asks for; `link` says it all but the code."""

    username: str
    server: str

    @property
    def link(self) -> str:
        """The characters of an address stay as Microsoft's examples have them; all others are escaped."""
        return f"ms-device-enrollment:?mode=mdm&username={_escaped(self.username)}&servername={_escaped(self.server)}"


def way_in(house: House) -> WayIn:
    url = house.settings.device_url.rstrip("/")
    return WayIn(f"{INVITED}@{urlsplit(url).hostname}", url + DISCOVERY)


def _escaped(text: str) -> str:
    return quote(text, safe="@:/")
