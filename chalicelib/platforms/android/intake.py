"""A report of a device is taken in: the device arrives, tells news of itself, or has left.

Reports come late, twice and out of order: the time that the device itself set decides, and it is kept in the same
transaction as what follows from it. A report without news costs one read.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from chalicelib.core import admission, arrival, channels, delivery, inventory
from chalicelib.core.arrival import Hello
from chalicelib.core.delivery import Outcome
from chalicelib.core.errors import Forbidden, Gone, NotFound, NotManaged
from chalicelib.core.house import House
from chalicelib.core.inventory import Marks
from chalicelib.core.ports import Poll, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.audit import AuditEvent
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device, Platform
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.platforms.android import names, outcomes
from chalicelib.platforms.android.reports import Report

PLATFORM = "android"
ROW_LIMIT = 700  # bytes of a section that lie in its row; more goes to the blob store: a write unit is 1 KB
MESSAGES = 4  # ids of messages that are remembered for each device


def take(house: House, report: Report, message: str = "") -> str:
    """What became of it: arrived, refused, stale, unchanged, changed, left, ended. `message` is the push's id."""

    tries = count()

    def attempt() -> str:
        first = next(tries) == 0
        poll = house.store.poll(names.enrollment_id(report.name), delivery.HEAD)
        if poll is None:
            return _arrive(house, report, message)
        enrollment = poll.enrollment
        if enrollment.status is not EnrollmentStatus.ENABLED:
            return _resume(house, poll, report, message)
        known = enrollment.session
        if message in known.get("messages", ()) or report.at < int(known.get("at", 0)):
            return "stale"
        if report.state == "DELETED":
            _settle(house, poll, lambda command: command.request_type in outcomes.ENDS)
            channels.leave(house, enrollment, "the device has left Google's management")
            return "left"
        said = {"appliedState": report.applied_state}
        _settle(house, poll, lambda command: command.progress.get("until") == said)
        return _update(house, poll, report, message, believe_marks=first)

    return retry_stale(attempt)


def _arrive(house: House, report: Report, message: str) -> str:
    if report.state == "DELETED" or not report.token_data:
        return "refused"
    enrollment_id = names.enrollment_id(report.name)
    try:
        poll = admission.vouched(house, report.token_data, enrollment_id, platform=PLATFORM, hardware_id=report.name)
    except (NotFound, Gone):
        return "refused"
    return _resume(house, poll, report, message)


def _resume(house: House, poll: Poll, report: Report, message: str) -> str:
    """An arrival goes on where it stopped; an enrollment that has ended stays so."""
    if poll.enrollment.status is EnrollmentStatus.DISABLED:
        return "ended"
    try:
        if poll.enrollment.status is EnrollmentStatus.ISSUED:
            arrival.authenticate(house, poll, _hello(report))
        enabled = channels.enable(house, poll, {})
    except (Forbidden, NotManaged):
        return "refused"
    _update(house, Poll(enabled, ()), report, message)
    return "arrived"


def _hello(report: Report) -> Hello:
    attributes = report.reading.attributes
    return Hello(
        platform=Platform.ANDROID,
        hardware_id=report.name,
        identifiers=report.identifiers,
        model=attributes.get("model", ""),
        model_name=attributes.get("model_name", ""),
        os_version=attributes.get("os_version", ""),
        os_build=attributes.get("os_build", ""),
        ownership=report.ownership,
        capabilities=(report.mode,),
        formerly=report.formerly,
    )


def _update(house: House, poll: Poll, report: Report, message: str, *, believe_marks: bool = True) -> str:
    enrollment = poll.enrollment
    known, told = enrollment.session, _told(enrollment, report)
    # Where somebody else wrote a row as well, its mark is wrong and the commit stale: then the rows are asked.
    marks = _marks(house, enrollment) if believe_marks else Marks.of(house, enrollment.device_id)
    changes, held = inventory.replacing(house, enrollment.device_id, report.reading.sections, marks, ROW_LIMIT)
    digest = _digest(told)
    news, what = _news(house, enrollment, told) if known.get("told") != digest else (None, None)
    if news is not None:
        changes.append(Replace(news))
    if not changes and known.get("told") == digest:
        inventory.touch(house, poll)
        return "unchanged"
    session = {
        **known,
        "at": report.at,
        "messages": [message, *known.get("messages", ())][:MESSAGES] if message else known.get("messages", []),
        "sections": {name: list(mark) for name, mark in held.held.items()},
        "told": digest,
    }
    seen = replace(enrollment, session=session, seen_at=house.clock(), fresh=False, inventory_due=0)
    house.store.commit(Replace(seen), *changes, audit=what)
    return "changed"


def _marks(house: House, enrollment: Enrollment) -> Marks:
    held = enrollment.session.get("sections")
    if held is None:
        return Marks.of(house, enrollment.device_id)
    return Marks({name: (str(digest), int(version)) for name, (digest, version) in held.items()})


def _told(enrollment: Enrollment, report: Report) -> dict[str, Any]:
    """What the device's record has of a report: fields and facts."""
    facts = dict(report.reading.facts)
    if (verdict := _policy(enrollment, report)) is not None:
        facts["policy"] = verdict
    numbers = {kind: value for kind, value in report.identifiers.items() if kind not in arrival.UNIQUE}
    return {"attributes": dict(report.reading.attributes), "facts": facts, "identifiers": numbers}


def _policy(enrollment: Enrollment, report: Report) -> str | None:
    """None while nobody knows: before a policy is given, and until the device has applied the version we mean."""
    wanted: Mapping[str, Any] = enrollment.session.get("policy", {})
    if not wanted:
        return None
    if report.applied_policy != wanted["name"] or report.applied_version < int(wanted["version"]):
        return "pending"
    return "applied" if not report.failures else "failed: " + ", ".join(report.failures)[:400]


def _digest(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _news(house: House, enrollment: Enrollment, told: Mapping[str, Any]) -> tuple[Device | None, AuditEvent | None]:
    device = house.store.get(Device, enrollment.device_id)
    fields = {name: value for name, value in told["attributes"].items() if getattr(device, name) != value}
    facts = {name: value for name, value in told["facts"].items() if device.facts.get(name) != value}
    numbers = {**device.identifiers, **told["identifiers"]}
    if numbers != device.identifiers:
        fields["identifiers"] = numbers
    if not fields and not facts:
        return None, None
    who = f"device:{device.id}"
    changed = replace(device, **fields, facts={**device.facts, **facts}, facts_at=house.clock())
    return changed, event(house, who, "device.changed", who, fields=sorted((*fields, *facts)))


def _settle(house: House, poll: Poll, done: Callable[[Command], bool]) -> None:
    """Ends the commands of which the report says by itself that they are done."""
    for command in poll.queue:
        if command.state is CommandState.SENT and done(command):
            delivery.finish(house, poll, command.id, Outcome(CommandState.ACKNOWLEDGED))
