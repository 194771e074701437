"""What the server asks by itself once the queue is empty: a section of the inventory a message, all of them once a day.

Nothing of it is queued. The conversation remembers which section was asked, and one write a day closes the cycle.
"""

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.core.errors import Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.device import Device
from chalicelib.platforms.windows import compose, outcomes, upkeep
from chalicelib.platforms.windows.conversation import Conversation
from chalicelib.platforms.windows.reports import Reports
from chalicelib.platforms.windows.syncml import Part

EVERY = 86_400
HELLO = "hello"
PREFIX = "ask."
_LONGEST = 400  # nodes of one message


def reference(section: str, number: int) -> str:
    return f"{PREFIX}{section}.{number}"


def ask(section: str, nodes: tuple[str, ...]) -> list[Part]:
    return compose.questions({reference(section, number): uri for number, uri in enumerate(nodes[:_LONGEST])})


def answers(talk: Conversation, reports: Reports) -> dict[str, str] | None:
    """LocURI → value of the section that our last message asked for; None where the device does not speak of it."""
    mine = [each for number, each in {*reports.codes, *reports.values} if number == talk.sent]
    asked = {each for each in mine if each.startswith(f"{PREFIX}{talk.asked}.")} if talk.asked else set()
    return reports.answers(talk.sent, dict.fromkeys(sorted(asked), "")) if asked else None


def take(house: House, poll: Poll, talk: Conversation, told: Mapping[str, str]) -> tuple[Poll, tuple[str, ...]]:
    """Keeps what a section brought; or the nodes that have to be asked for next."""
    section = upkeep.SECTIONS.get(talk.asked)
    if section is None or poll.enrollment.inventory_due > house.clock():
        return poll, ()
    if nodes := section.more(told):
        return poll, nodes
    device = poll.device or house.store.get(Device, poll.enrollment.device_id)
    outcomes.keep(house, device, section.read(told, device))
    return replace(poll, device=house.store.get(Device, device.id)), ()


def following(house: House, poll: Poll, after: str) -> tuple[Poll, str, tuple[str, ...]]:
    """The next section and its nodes; none where the inventory is not due, or was just completed."""
    if poll.enrollment.inventory_due > house.clock():
        return poll, "", ()
    device = poll.device or house.store.get(Device, poll.enrollment.device_id)
    names = tuple(upkeep.SECTIONS)
    for name in names[names.index(after) + 1 if after in names else 0 :]:
        if nodes := upkeep.SECTIONS[name].ask(device):
            return replace(poll, device=device), name, nodes
    return _close(house, poll), "", ()


def _close(house: House, poll: Poll) -> Poll:
    due = house.clock() + EVERY
    try:
        return replace(poll, enrollment=house.store.replace(replace(poll.enrollment, inventory_due=due)))
    except Stale:  # a parallel request was faster; the next session decides again
        return poll
