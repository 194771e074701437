"""What Google counts over the whole fleet (chromemanagement.v1: customers.reports): versions, apps, ends of updates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.house import House
from chalicelib.platforms.chromeos import addresses, words
from chalicelib.platforms.chromeos.words import LONGEST_NAME
from chalicelib.platforms.google.client import CHROME_MANAGEMENT, call, page

PAGE = 100


@dataclass(frozen=True, slots=True)
class Version:
    version: str
    channel: str
    system: str
    devices: int


@dataclass(frozen=True, slots=True)
class App:
    id: str
    name: str
    kind: str
    users: int  # of ChromeOS
    browsers: int  # on other systems
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EndOfUpdates:
    """How many devices of a model get no more updates from some month on."""

    model: str
    year: int
    month: str
    devices: int
    expired: bool


def versions(house: House, token: str = "", org_unit: str = "") -> tuple[list[Version], str]:
    found, following = _page(house, "countChromeVersions", "browserVersions", token, _of(org_unit))
    return [_version(one) for one in found], following


def apps(house: House, token: str = "", org_unit: str = "") -> tuple[list[App], str]:
    """The most widespread first."""
    query = {"orderBy": "total_install_count desc", **_of(org_unit)}
    found, following = _page(house, "countInstalledApps", "installedApps", token, query)
    return [_app(one) for one in found], following


def ends_of_updates(house: House, first: str, last: str, org_unit: str = "") -> list[EndOfUpdates]:
    """Between two days, 2031-05-01; Google answers at once."""
    path = addresses.reports(house, "countChromeDevicesReachingAutoExpirationDate")
    query = {"minAueDate": first, "maxAueDate": last, **_of(org_unit)}
    told = call(house, CHROME_MANAGEMENT, "GET", path, query)
    return [_end(one) for one in words.parts(told, "deviceAueCountReports", 1_000)]


def _page(
    house: House, report: str, items: str, token: str, query: Mapping[str, str]
) -> tuple[list[Mapping[str, Any]], str]:
    asked: dict[str, str | int] = {"pageSize": PAGE, **query}
    return page(house, CHROME_MANAGEMENT, addresses.reports(house, report), asked, items, token)


def _of(org_unit: str) -> dict[str, str]:
    return {"orgUnitId": org_unit} if org_unit else {}


def _version(said: Mapping[str, Any]) -> Version:
    return Version(
        words.text(said, "version", LONGEST_NAME),
        words.text(said, "channel", LONGEST_NAME),
        words.text(said, "system", LONGEST_NAME),
        words.whole(said, "count") or 0,
    )


def _app(said: Mapping[str, Any]) -> App:
    permissions = said.get("permissions")
    return App(
        words.text(said, "appId", LONGEST_NAME),
        words.text(said, "displayName"),
        words.text(said, "appType", LONGEST_NAME),
        words.whole(said, "osUserCount") or 0,
        words.whole(said, "browserDeviceCount") or 0,
        tuple(words.tidy(one) for one in permissions[: words.MOST]) if isinstance(permissions, list) else (),
    )


def _end(said: Mapping[str, Any]) -> EndOfUpdates:
    return EndOfUpdates(
        words.text(said, "model", LONGEST_NAME),
        words.whole(said, "aueYear") or 0,
        words.text(said, "aueMonth", LONGEST_NAME),
        words.whole(said, "count") or 0,
        words.flag(said, "expired") or False,
    )
