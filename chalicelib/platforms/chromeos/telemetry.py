"""What Chromebooks measured, by page or by device (chromemanagement.v1: customers.telemetry.devices)."""

from chalicelib.core.house import House
from chalicelib.platforms.chromeos import addresses
from chalicelib.platforms.chromeos.measured import READ_MASK, Measured, read
from chalicelib.platforms.google.client import CHROME_MANAGEMENT, GoogleRefused, call, page

PAGE = 200  # Google allows 1,000; so an answer stays below what is read


def devices(house: House, token: str = "", since: int = 0) -> tuple[list[Measured], str]:
    """One page. `since` in epoch seconds: reports that are newer, else the recent ones, as Google sees it."""
    query: dict[str, str | int] = {"readMask": READ_MASK, "pageSize": PAGE}
    if since:
        query["filter"] = f"reports_timestamp>={since * 1000}"
    found, following = page(house, CHROME_MANAGEMENT, addresses.telemetry(house), query, "devices", token)
    return [read(one) for one in found], following


def device(house: House, device_id: str) -> Measured | None:
    """None where it measured nothing, and where telemetry is switched off, not delegated or not in the licence."""
    try:
        query = {"readMask": READ_MASK}
        return read(call(house, CHROME_MANAGEMENT, "GET", addresses.telemetry(house, device_id), query))
    except GoogleRefused:
        return None
