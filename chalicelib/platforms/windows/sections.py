"""What the server does by itself once the queue is empty, in a round a day: chores, and the whole inventory.

Nothing of it is queued. One message asks all first questions, one more what follows from the answers; the conversation
remembers which, and one write a day closes the round. A round that breaks off starts again in the next session.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from chalicelib.core.errors import Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.device import Device
from chalicelib.platforms.windows import compose, leftovers, outcomes, upkeep
from chalicelib.platforms.windows.conversation import Conversation
from chalicelib.platforms.windows.reports import Reports
from chalicelib.platforms.windows.syncml import Part

EVERY = 86_400
PREFIX = "ask."
HELLO, FIRST, SECOND = "hello", "first", "second"


@dataclass(frozen=True, slots=True)
class Asked:
    """What goes out by itself, and what the conversation has to remember of it."""

    stage: str = ""
    parts: tuple[Part, ...] = ()
    late: tuple[str, ...] = ()
    rest: bool = False

    def remembered(self, talk: Conversation) -> Conversation:
        return replace(talk, asked=self.stage, late=self.late, rest=self.rest)


def hello(room: int) -> Asked:
    return Asked(HELLO, tuple(compose.questions(_numbered(HELLO, upkeep.HELLO), room)))


def answers(talk: Conversation, reports: Reports) -> dict[str, str] | None:
    """LocURI → value of what our last message asked for; None where the device does not speak of it."""
    mine = [each for number, each in {*reports.codes, *reports.values} if number == talk.sent]
    asked = {each for each in mine if each.startswith(f"{PREFIX}{talk.asked}.")} if talk.asked else set()
    return reports.answers(talk.sent, dict.fromkeys(sorted(asked), "")) if asked else None


def begin(house: House, poll: Poll, room: int) -> tuple[Poll, Asked]:
    """All first questions, behind the chores."""
    if poll.enrollment.inventory_due > house.clock():
        return poll, Asked()
    from chalicelib.platforms.windows.chores import CHORES  # once a day: an idle session does not need it

    device = poll.device or house.store.get(Device, poll.enrollment.device_id)
    steps = [step for chore in CHORES.values() for step in chore(house, poll, device)]
    chores = tuple(compose.part_of(step, f"{PREFIX}{FIRST}.c{number}") for number, step in enumerate(steps))
    nodes = tuple(dict.fromkeys(uri for section in upkeep.SECTIONS.values() for uri in section.ask(device)))
    asked = _ask(house, poll, FIRST, nodes, room - compose.size(chores), {})
    return replace(poll, device=device), replace(asked, stage=FIRST, parts=(*chores, *asked.parts))


def go_on(house: House, poll: Poll, talk: Conversation, told: Mapping[str, str], room: int) -> tuple[Poll, Asked]:
    """Keeps what the round brought; or the questions that follow from it."""
    if talk.asked not in (FIRST, SECOND) or poll.enrollment.inventory_due > house.clock():
        return poll, Asked()
    if talk.rest:
        held = leftovers.load(house, poll.enrollment.id, talk.asked)
        told = {**held.values, **told}
        if held.nodes:
            return poll, replace(_ask(house, poll, talk.asked, held.nodes, room, told), late=talk.late)
    poll = replace(poll, device=poll.device or house.store.get(Device, poll.enrollment.device_id))
    if talk.asked == SECOND:
        return _close(house, _keep(house, poll, talk.late, told)), Asked()
    return _after_first(house, poll, told, room)


def _after_first(house: House, poll: Poll, told: Mapping[str, str], room: int) -> tuple[Poll, Asked]:
    from chalicelib.platforms.windows import chores

    more = {name: nodes for name, section in upkeep.SECTIONS.items() if (nodes := section.more(told))}
    poll = chores.keep_channel(house, poll, told)
    poll = _keep(house, poll, tuple(name for name in upkeep.SECTIONS if name not in more), told)
    if not more:
        return _close(house, poll), Asked()
    nodes = tuple(uri for each in more.values() for uri in each)
    return poll, replace(_ask(house, poll, SECOND, nodes, room, {}), late=tuple(more))


def again(house: House, poll: Poll, talk: Conversation, room: int) -> Asked:
    """Our questions were lost: the round begins anew."""
    if talk.asked == HELLO:
        return hello(room)
    return begin(house, poll, room)[1] if talk.asked else Asked()


def _ask(house: House, poll: Poll, stage: str, nodes: tuple[str, ...], room: int, known: Mapping[str, str]) -> Asked:
    """As many questions as fit; the others wait with what is known already."""
    parts = compose.questions(_numbered(stage, nodes), room)
    rest = bool(parts) and (len(parts) < len(nodes) or bool(known))
    if rest:
        leftovers.keep(house, poll.enrollment.id, stage, nodes[len(parts) :], known)
    return Asked(stage if parts else "", tuple(parts), rest=rest)


def _numbered(stage: str, nodes: tuple[str, ...]) -> dict[str, str]:
    return {f"{PREFIX}{stage}.{number}": uri for number, uri in enumerate(nodes)}


def _keep(house: House, poll: Poll, names: tuple[str, ...], told: Mapping[str, str]) -> Poll:
    for section in _known(names):
        device = poll.device or house.store.get(Device, poll.enrollment.device_id)
        if section.ask(device):
            poll = replace(poll, device=outcomes.keep(house, device, section.read(told, device)))
    return poll


def _known(names: tuple[str, ...]) -> Iterator[upkeep.Section]:
    """A conversation may be older than this release."""
    return (upkeep.SECTIONS[name] for name in names if name in upkeep.SECTIONS)


def _close(house: House, poll: Poll) -> Poll:
    due = house.clock() + EVERY
    try:
        return replace(poll, enrollment=house.store.replace(replace(poll.enrollment, inventory_due=due)))
    except Stale:  # a parallel request was faster; the next session decides again
        return poll
