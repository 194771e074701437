"""The command channel: a report in, the next command out. The queue is the truth, so a lost reply is sent again.

NotNow keeps the command, and skips it in the reply to a NotNow; any other report makes it eligible again. So each
session is finite: every reply either ends a command or defers one.
"""

from chalicelib.core import delivery, inventory
from chalicelib.core.errors import Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.enrollment import EnrollmentStatus
from chalicelib.platforms.apple import upkeep
from chalicelib.platforms.apple.report import Report, Status
from chalicelib.platforms.http import Response

PLIST_TYPE = "application/xml"
_SPEAKS_OF_A_COMMAND = (Status.ACKNOWLEDGED, Status.ERROR, Status.FORMAT_ERROR, Status.NOT_NOW)


def answer(house: House, poll: Poll, report: Report) -> Response:
    log = _facts(poll, report)
    if poll.enrollment.status is not EnrollmentStatus.ENABLED or report.status is Status.UNKNOWN:
        return Response(log=log)
    taken = _take(house, _touch(house, poll), report, log)
    if taken is None:
        return Response(log=log)
    return _next(house, taken, report, log)


def answer_unknown_user(poll: Poll, report: Report) -> Response:
    """A user that never sent a token has nothing to be told, and was never asked anything."""
    foreign = {"alert": delivery.FOREIGN_REPORT} if report.status in _SPEAKS_OF_A_COMMAND else {}
    return Response(log=_facts(poll, report) | foreign)


def _facts(poll: Poll, report: Report) -> dict[str, str]:
    return {"enrollment": poll.enrollment.id, "report": report.status.name, "reported": report.command_id}


def _touch(house: House, poll: Poll) -> Poll:
    try:
        return inventory.touch(house, poll)
    except Stale:  # a parallel request noted the contact, or changed the enrollment: this one is answered all the same
        return poll


def _take(house: House, poll: Poll, report: Report, log: dict[str, str]) -> Poll | None:
    """What the report changes. None where the device is gone after it."""
    if section := upkeep.section_of(report.command_id):
        return upkeep.take(house, poll, report, section)
    if report.status not in _SPEAKS_OF_A_COMMAND:
        return poll
    known = delivery.recognise(house, poll, report.command_id)
    if known is None:
        log["alert"] = delivery.FOREIGN_REPORT
        return poll
    if report.status is Status.NOT_NOW:
        return delivery.defer(house, known, report.command_id) or poll
    from chalicelib.platforms.apple import results  # an idle poll does not need it

    return results.take(house, known, report)


def _next(house: House, poll: Poll, report: Report, log: dict[str, str]) -> Response:
    found = delivery.next_command(house, poll, skip_deferred=report.status is Status.NOT_NOW)
    if found is not None:
        command, payload = found
        log |= {"command": command.id, "request_type": command.request_type}
        return Response(body=payload, content_type=PLIST_TYPE, log=log)
    query = upkeep.next_query(house, poll, report)
    if query is not None:
        log |= {"command": query.id}
        return Response(body=query.payload, content_type=PLIST_TYPE, log=log)
    return Response(log=log)
