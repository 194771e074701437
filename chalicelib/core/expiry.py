"""What ends by itself and must not: the certificates that Muster lives on, and how urgent each has become."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.core import authority
from chalicelib.core.errors import NotFound
from chalicelib.core.house import House
from chalicelib.model.records import Setting
from chalicelib.pki import trust

LEVELS = (0, 1, 7, 14, 30, 60)  # days left from which on it is said, each more urgent than the next; 0: it is over
DAY = 86_400

Ends = Iterator[tuple[str, int]]  # subject, epoch seconds


@dataclass(frozen=True, slots=True)
class Expiry:
    subject: str
    not_after: int
    days_left: int  # rounded down: 0 on the last day, -1 after
    level: int  # of LEVELS
    detail: str  # what happens then, and what to do


def _push(house: House) -> Ends:
    if setting := house.store.find(Setting, "apple.push"):
        yield "apple-push-certificate", int(setting.value["not_after"])


def _authority(house: House) -> Ends:
    try:
        held = authority.known(house)
    except NotFound:  # it is made with the first enrollment
        return
    yield "ca", int(trust.load(held.ca).not_valid_after_utc.timestamp())
    yield "registration-authority", int(trust.load(held.ra).not_valid_after_utc.timestamp())


SOURCES: tuple[Callable[[House], Ends], ...] = (_push, _authority)

_WHAT_TO_DO: Mapping[str, str] = {
    "apple-push-certificate": (
        "The Apple push certificate {ends}: no Apple device can be woken then. Renew it with the Apple account that "
        "made it: `muster apple push-cert request`, identity.apple.com/pushcert, `muster apple push-cert upload`."
    ),
    "ca": "The certificate of the device CA {ends}: no device is believed then, and all have to enroll again.",
    "registration-authority": "The certificate that signs profiles and opens SCEP requests {ends}: none enroll then.",
}


def expiries(house: House) -> list[Expiry]:
    """What ends within 60 days, the most urgent first."""
    found = [_judged(house, subject, end) for source in SOURCES for subject, end in source(house)]
    return sorted((one for one in found if one is not None), key=lambda one: one.not_after)


def _judged(house: House, subject: str, end: int) -> Expiry | None:
    left = end - house.clock()
    level = next((level for level in LEVELS if left <= level * DAY), None)
    if level is None:
        return None
    day = f"{datetime.fromtimestamp(end, UTC):%Y-%m-%d}"
    detail = _WHAT_TO_DO[subject].format(ends=f"ends on {day}" if left > 0 else f"ended on {day}")
    return Expiry(subject, end, left // DAY, level, detail)
