"""The sweep over all devices, a shard and a page at a time, so that it can stop and go on anywhere."""

from dataclasses import dataclass

from chalicelib.core import commands, devices, posture
from chalicelib.core.errors import AlreadyExists
from chalicelib.core.house import House
from chalicelib.core.ports import Message
from chalicelib.model.device import Device, DeviceStatus

SHARDS = 256
PAGE = 100
SILENT_AFTER = 4 * 3600  # a device with waiting commands that was not heard of for so long is woken again


@dataclass(frozen=True, slots=True)
class Swept:
    devices: int
    opened: int = 0
    resolved: int = 0
    woken: int = 0
    expired: int = 0
    cursor: str = ""


def start(house: House, mode: str) -> None:
    """One message a shard. `mode`: "posture" (everything) or "wake" (only expiry and silent devices)."""
    house.sweeps.send(*(Message({"shard": shard, "cursor": "", "mode": mode}) for shard in range(SHARDS)))


def sweep_page(house: House, shard: int, cursor: str, mode: str) -> Swept:
    """One page of a shard; repeated, it changes nothing more. `Swept.cursor` is where to go on."""
    page = house.store.shard(shard, limit=PAGE, cursor=cursor)
    found = house.store.get_many(Device, *page.items) if page.items else ()
    seen = devices.with_enrollments(house, found) if found else ()
    rules = posture.rules_of(house) if mode == "posture" and seen else posture.Rules()
    opened = resolved = expired = 0
    silent: list[str] = []
    for device in seen:
        if mode == "posture":
            news = _assess(house, device, rules)
            opened, resolved = opened + news[0], resolved + news[1]
        count, quiet = _tend(house, device, mode)
        expired += count
        silent += quiet
    if silent:
        house.wakes.send(Message({"enrollments": silent}))
    return Swept(len(seen), opened, resolved, len(silent), expired, page.cursor)


def _assess(house: House, seen: devices.Seen, rules: posture.Rules) -> tuple[int, int]:
    try:
        return posture.assess(house, seen, rules)
    except AlreadyExists:  # a duplicate message of the sweep opened the finding
        return 0, 0


def _tend(house: House, seen: devices.Seen, mode: str) -> tuple[int, list[str]]:
    """Expires what is overdue. Returns the channels to wake: silent ones and, nightly, those due for inventory."""
    enrollment = seen.enrollment
    if enrollment is None or seen.device.status not in (DeviceStatus.ENROLLED, DeviceStatus.RETIRED):
        return 0, []
    expired, silent = 0, []
    for channel_id in (enrollment.id, *enrollment.user_channels):
        poll = house.store.poll(channel_id)
        if poll is None:
            continue
        now = house.clock()
        if any(command.expires_at <= now for command in poll.queue):
            expired += commands.expire(house, channel_id)
        waiting = bool(poll.queue) and now - poll.enrollment.seen_at >= SILENT_AFTER
        if waiting or (mode == "posture" and 0 < poll.enrollment.inventory_due <= now):
            silent.append(channel_id)
    return expired, silent
