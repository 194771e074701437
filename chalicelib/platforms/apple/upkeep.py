"""What the server asks by itself once the queue is empty: release from Setup Assistant, declarations, inventory.

Nothing of it is queued. The CommandUUID says which section was asked, so the reply to one section's report is the next
section's query, and one write a day closes the cycle. A cycle that breaks off starts again at the next poll.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from chalicelib.core import ids
from chalicelib.core.errors import Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.device import Device, Inventory, Platform
from chalicelib.platforms.apple.actions import queries, wire
from chalicelib.platforms.apple.report import Report, Status

PREFIX = "inventory."
CONFIGURED = "configured"
EVERY = 86_400
AFTER_NOT_NOW = 4 * 3600
WEEK = 7  # days between two full device queries where declarative status reports the changes


@dataclass(frozen=True, slots=True)
class Query:
    id: str
    payload: bytes


def section_of(command_id: str) -> str:
    """The section that a CommandUUID of ours asked for; "" for any other."""
    parts = command_id.split(".")
    known = len(parts) == 3 and f"{parts[0]}." == PREFIX and (parts[1] in SECTIONS or parts[1] == CONFIGURED)
    return parts[1] if known else ""


def take(house: House, poll: Poll, report: Report, section: str) -> Poll | None:
    """Keeps the answer to a query. What was not asked for now is a repeat and changes nothing."""
    bound = poll.enrollment
    if section == CONFIGURED:
        return _take_configured(house, poll, report)
    if bound.user_id or bound.inventory_due > house.clock():
        return poll
    if report.status is Status.NOT_NOW:
        return _write(house, poll, inventory_due=house.clock() + AFTER_NOT_NOW)
    if report.status is Status.ACKNOWLEDGED and SECTIONS[section].request_type:
        from chalicelib.platforms.apple import results  # an idle poll does not need it

        device = results.take_section(house, bound.device_id, SECTIONS[section].request_type, report, section)
        return replace(poll, device=device)
    return poll


def _take_configured(house: House, poll: Poll, report: Report) -> Poll | None:
    if report.status is Status.ACKNOWLEDGED and poll.enrollment.awaiting_configuration:
        return _write(house, poll, awaiting_configuration=False)
    # An error is not asked again in this session: the next poll does.
    return poll if report.status is Status.NOT_NOW or not poll.enrollment.awaiting_configuration else None


def next_query(house: House, poll: Poll, report: Report) -> Query | None:
    bound, after = poll.enrollment, section_of(report.command_id)
    if bound.user_id:
        return None
    if bound.awaiting_configuration and after != CONFIGURED:  # also after a NotNow: Setup Assistant waits for it
        return _query(house, CONFIGURED, _release)
    if report.status is Status.NOT_NOW or bound.inventory_due > house.clock():
        return None
    return _continue(house, poll, after)


def _continue(house: House, poll: Poll, after: str) -> Query | None:
    device = poll.device or house.store.get(Device, poll.enrollment.device_id)
    names = tuple(SECTIONS)
    start = names.index(after) + 1 if after in SECTIONS else 0
    for name in names[start:]:
        section = SECTIONS[name]
        if section.wanted(house, poll, device):
            return _query(house, name, partial(section.ask, house, device))
    _write(house, poll, inventory_due=house.clock() + EVERY)
    return None


def _query(house: House, section: str, ask: Callable[[str], bytes]) -> Query:
    command_id = f"{PREFIX}{section}.{ids.ulid(house.clock())}"
    return Query(command_id, ask(command_id))


def _write(house: House, poll: Poll, **changes: object) -> Poll:
    try:
        return Poll(house.store.replace(replace(poll.enrollment, **changes)), poll.queue)  # type: ignore[arg-type]
    except Stale:  # a parallel request was faster; the next poll decides again
        return poll


def _release(command_id: str) -> bytes:
    return wire.payload(command_id, "DeviceConfigured")


def _unsynchronised(house: House, poll: Poll, device: Device) -> bool:
    from chalicelib.platforms.apple import declarations  # once a day: an idle poll does not need it

    bound = poll.enrollment
    if not declarations.capable(device):
        return False
    return not bound.declarative or bound.declarations_token != declarations.token(
        declarations.of_device(house, device)
    )


def _unreported(house: House, poll: Poll, device: Device) -> bool:
    """Status reports bring versions and passcode state as they change; storage and battery may be a week old then."""
    if not poll.enrollment.declarative or house.store.find(Inventory, device.id, "status") is None:
        return True
    day = house.clock() // EVERY + device.created_at
    return day % WEEK == 0 or house.store.find(Inventory, device.id, "device") is None


def _always(house: House, poll: Poll, device: Device) -> bool:
    return True


def _lists_all_apps(house: House, poll: Poll, device: Device) -> bool:
    return not queries.private(device)


def _lists_managed_apps(house: House, poll: Poll, device: Device) -> bool:
    return queries.private(device) and not (device.platform is Platform.MACOS and device.user_enrollment)


def _enable(house: House, device: Device, command_id: str) -> bytes:
    from chalicelib.platforms.apple import declarative

    return wire.payload(command_id, "DeclarativeManagement", Data=declarative.tokens(house, device))


def _ask(query: Callable[[Device, str], bytes]) -> Callable[[House, Device, str], bytes]:
    return lambda house, device, command_id: query(device, command_id)


@dataclass(frozen=True, slots=True)
class Section:
    request_type: str  # whose answer is kept; "" where the acknowledgement is all there is
    wanted: Callable[[House, Poll, Device], bool]
    ask: Callable[[House, Device, str], bytes]


SECTIONS: Mapping[str, Section] = {  # in the order of asking
    "declarative": Section("", _unsynchronised, _enable),
    "device": Section("DeviceInformation", _unreported, _ask(queries.device_information)),
    "security": Section("SecurityInfo", _always, _ask(queries.security_information)),
    "apps": Section("InstalledApplicationList", _lists_all_apps, _ask(queries.installed_apps)),
    "managed-apps": Section("InstalledApplicationList", _lists_managed_apps, _ask(queries.installed_apps)),
    "certificates": Section("CertificateList", _always, _ask(queries.certificates)),
    "profiles": Section("ProfileList", _always, _ask(queries.profiles)),
}
