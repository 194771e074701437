"""The sweep over all devices, a shard and a page at a time, so that it can stop and go on anywhere."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.core import channels, commands, posture
from chalicelib.core.devices import Seen
from chalicelib.core.house import House
from chalicelib.core.ports import Message, Poll
from chalicelib.model.device import Device, DeviceStatus

SHARDS = 256
PAGE = 100
SILENT_AFTER = 4 * 3600  # a device with waiting commands that was not heard of for so long is woken again
MANAGED = frozenset({DeviceStatus.ENROLLED, DeviceStatus.RETIRED})  # a retired one is still asked to leave


@dataclass(frozen=True, slots=True)
class Swept:
    devices: int
    opened: int = 0
    resolved: int = 0
    woken: int = 0
    expired: int = 0
    cursor: str = ""


def start_posture(house: House) -> None:
    """One message a shard; the rules travel along, so that one sweep judges all devices alike."""
    _start(house, {"rules": asdict(posture.rules_of(house))})


def start_wake(house: House) -> None:
    """The short sweep: only expiry and devices that are silent while commands wait."""
    _start(house, {})


def _start(house: House, body: Mapping[str, Any]) -> None:
    house.sweeps.send(*(Message({"shard": shard, "cursor": "", **body}) for shard in range(SHARDS)))


def sweep_page(house: House, shard: int, cursor: str, rules: posture.Rules | None) -> Swept:
    """One page of a shard; repeated, it changes nothing more. `Swept.cursor` is where to go on."""
    page = house.store.shard(shard, limit=PAGE, cursor=cursor)
    found = house.store.get_many(Device, *page.items) if page.items else ()
    opened = resolved = expired = 0
    to_wake: list[str] = []
    for device in found:
        poll = house.store.poll(device.enrollment_id)
        if rules is not None:
            news = posture.assess(house, Seen(device, poll.enrollment if poll else None), rules)
            opened, resolved = opened + news[0], resolved + news[1]
        if poll is not None and device.status is DeviceStatus.RETIRED and not _still_asked(poll):
            channels.leave(house, poll.enrollment, "retired")
        elif poll is not None and device.status in MANAGED:
            count, silent = _tend(house, poll, nightly=rules is not None)
            expired += count
            to_wake += silent
    if to_wake:
        house.wakes.send(Message({"enrollments": to_wake}))
    return Swept(len(found), opened, resolved, len(to_wake), expired, page.cursor)


def _still_asked(poll: Poll) -> bool:
    """A retired device is asked to leave first; when that has ended, however it did, its certificate is revoked."""
    return any(command.action == commands.RETIRE for command in poll.queue) and poll.enrollment.live


def _tend(house: House, poll: Poll, nightly: bool) -> tuple[int, list[str]]:
    """Expires what is overdue. Returns the channels to wake: silent ones and, nightly, those due for inventory."""
    users = (house.store.poll(channel_id) for channel_id in poll.enrollment.user_channels)
    expired, silent, now = 0, [], house.clock()
    for channel in (poll, *(user for user in users if user is not None)):
        if any(command.expires_at <= now for command in channel.queue):
            expired += commands.expire(house, channel.enrollment.id)
        waiting = bool(channel.queue) and now - channel.enrollment.seen_at >= SILENT_AFTER
        if waiting or (nightly and 0 < channel.enrollment.inventory_due <= now):
            silent.append(channel.enrollment.id)
    return expired, silent
