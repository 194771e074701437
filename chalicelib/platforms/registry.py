"""Every platform that Muster speaks with; each is a thin front that imports the rest where it is used."""

from collections.abc import Mapping

from chalicelib.core.ports import PlatformPort
from chalicelib.platforms.apple.platform import Apple
from chalicelib.platforms.windows.platform import Windows

PLATFORMS: Mapping[str, PlatformPort] = {
    "apple": Apple(),
    "windows": Windows(),
}
