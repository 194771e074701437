"""What the server does by itself once the queue is empty: a section a message, the whole round once a day.

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
from chalicelib.platforms.windows.nodes import Step
from chalicelib.platforms.windows.reports import Reports
from chalicelib.platforms.windows.syncml import Part

EVERY = 86_400
HELLO, PUSH = "hello", "push"
PREFIX = "ask."


def reference(section: str, number: int) -> str:
    return f"{PREFIX}{section}.{number}"


def ask(section: str, nodes: tuple[str, ...], room: int) -> list[Part]:
    return compose.questions({reference(section, number): uri for number, uri in enumerate(nodes)}, room)


def answers(talk: Conversation, reports: Reports) -> dict[str, str] | None:
    """LocURI → value of the section that our last message asked for; None where the device does not speak of it."""
    mine = [each for number, each in {*reports.codes, *reports.values} if number == talk.sent]
    asked = {each for each in mine if each.startswith(f"{PREFIX}{talk.asked}.")} if talk.asked else set()
    return reports.answers(talk.sent, dict.fromkeys(sorted(asked), "")) if asked else None


def take(house: House, poll: Poll, talk: Conversation, told: Mapping[str, str], room: int) -> tuple[Poll, list[Part]]:
    """Keeps what a section brought; or the questions that follow from it."""
    section = upkeep.SECTIONS.get(talk.asked)
    if poll.enrollment.inventory_due > house.clock():
        return poll, []
    if talk.asked == PUSH:
        from chalicelib.platforms.windows import chores

        return chores.keep_channel(house, poll, told), []
    if section is None:
        return poll, []
    if nodes := section.more(told):
        return poll, ask(talk.asked, nodes, room)
    device = poll.device or house.store.get(Device, poll.enrollment.device_id)
    return replace(poll, device=outcomes.keep(house, device, section.read(told, device))), []


def following(house: House, poll: Poll, after: str, room: int) -> tuple[Poll, str, list[Part]]:
    """The next section of the round; none where it is not due, or was just completed."""
    if poll.enrollment.inventory_due > house.clock():
        return poll, "", []
    from chalicelib.platforms.windows.chores import CHORES  # once a day: an idle session does not need it

    device = poll.device or house.store.get(Device, poll.enrollment.device_id)
    names = (*CHORES, *upkeep.SECTIONS)
    for name in names[names.index(after) + 1 if after in names else 0 :]:
        if name in CHORES:
            parts = _steps(name, CHORES[name](house, poll, device))
        else:
            parts = ask(name, upkeep.SECTIONS[name].ask(device), room)
        if parts:
            return replace(poll, device=device), name, parts
    return _close(house, poll), "", []


def _steps(section: str, steps: tuple[Step, ...]) -> list[Part]:
    return [compose.part_of(step, reference(section, number)) for number, step in enumerate(steps)]


def _close(house: House, poll: Poll) -> Poll:
    due = house.clock() + EVERY
    try:
        return replace(poll, enrollment=house.store.replace(replace(poll.enrollment, inventory_due=due)))
    except Stale:  # a parallel request was faster; the next session decides again
        return poll
