"""Finding devices: by identifier with one or two reads, by filter page by page within a bound."""

from collections.abc import Callable
from typing import Protocol

from chalicelib.core import devices as fleet
from chalicelib.core.devices import Seen
from chalicelib.core.house import House
from chalicelib.model.device import Device, DeviceStatus, Identifier, Platform
from chalicelib.model.people import Principal

PAGES = 20  # read for one request at most
PAGE = 100
UNIQUE = ("serial", "udid", "enrollment_id", "device_id")


class Query(Protocol):
    """The filters of a device list; empty ones match all."""

    @property
    def limit(self) -> int: ...

    @property
    def cursor(self) -> str: ...

    @property
    def platform(self) -> Platform | None: ...

    @property
    def status(self) -> DeviceStatus | None: ...

    @property
    def q(self) -> str: ...

    @property
    def identifier(self) -> str: ...


def devices(house: House, principal: Principal, query: Query) -> tuple[list[Seen], str]:
    """The matches and the cursor to go on with."""
    matches = _filter(query)
    if query.identifier and not query.cursor and (found := _by_identifier(house, query.identifier)):
        return [seen for seen in fleet.with_enrollments(house, [found]) if matches(seen.device)], ""
    found_all: list[Seen] = []
    cursor = query.cursor
    for _ in range(PAGES):
        page = fleet.listing(house, principal, min(PAGE, query.limit - len(found_all)), cursor)
        found_all += (seen for seen in page.items if matches(seen.device))
        cursor = page.cursor
        if not cursor or len(found_all) >= query.limit:
            break
    return found_all, cursor


def _by_identifier(house: House, text: str) -> Device | None:
    if device := house.store.find(Device, text):
        return device
    for kind in UNIQUE:
        for value in dict.fromkeys((text, text.upper())):
            if pointer := house.store.find(Identifier, kind, value):
                return house.store.find(Device, pointer.device_id)
    return None


def _filter(query: Query) -> Callable[[Device], bool]:
    part, exact = query.q.casefold(), query.identifier.casefold()

    def matches(device: Device) -> bool:
        texts = (device.name, device.serial, device.model, device.model_name, device.owner)
        keys = (device.name, device.id, *device.identifiers.values())
        return (
            (query.platform is None or device.platform is query.platform)
            and (query.status is None or device.status is query.status)
            and (not part or any(part in text.casefold() for text in texts))
            and (not exact or any(exact == key.casefold() for key in keys))
        )

    return matches
