"""What a report is made of, and what all rows about devices begin with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.core.devices import Seen, with_enrollments
from chalicelib.core.house import House
from chalicelib.model.device import Device

PAGE = 100
IDENTITY = ("id", "serial", "name", "platform", "owner", "ownership", "status")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """`columns` name the fields of a row in the order of the CSV file."""

    title: str
    columns: Sequence[str]
    rows: Callable[[House], Iterator[Row]]


def fleet(house: House) -> Iterator[Seen]:
    """Every device with its enrollment, in pages."""
    cursor = ""
    while True:
        page = house.store.listing(Device, limit=PAGE, cursor=cursor)
        yield from with_enrollments(house, page.items)
        if not (cursor := page.cursor):
            return


def identity(seen: Seen) -> dict[str, Any]:
    device = seen.device
    return {
        "id": device.id,
        "serial": device.serial,
        "name": device.name,
        "platform": device.platform.value,
        "owner": device.owner,
        "ownership": device.ownership.value,
        "status": device.status.value,
    }


def moment(seconds: int) -> str:
    """UTC, RFC 3339; empty for never."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""
