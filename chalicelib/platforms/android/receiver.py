"""Where Google pushes to: what a proven message says is done once, or nothing changes."""

from collections.abc import Mapping
from typing import Any

from chalicelib.core import delivery, google_settings
from chalicelib.core.errors import BadRequest
from chalicelib.core.house import House
from chalicelib.model.command import CommandState
from chalicelib.platforms.android import intake, names, notifications, outcomes, reports
from chalicelib.platforms.android.notifications import Notification
from chalicelib.platforms.google import oidc
from chalicelib.platforms.google.lately import Lately
from chalicelib.platforms.http import Request, Response

REPORTS = frozenset({"ENROLLMENT", "STATUS_REPORT"})
COMMAND = "COMMAND"
_enterprise = Lately(lambda house: google_settings.enterprise(house) or None)
TAKEN = 204  # whatever else is answered, Pub/Sub pushes again


def serve(house: House, request: Request) -> Response:
    """Unauthenticated before the body is read; Unavailable where Google's keys cannot be had, so that it comes again.

    A message that cannot be read is taken as well: it would come back the same for a week.
    """
    oidc.verify(house, request.headers.get("authorization", ""))
    try:
        told = notifications.read(request.body)
        result = _take(house, told)
    except BadRequest as error:
        return Response(TAKEN, log={"error": type(error).__name__, "reason": str(error)})
    return Response(TAKEN, log={"message": told.kind[:32], "result": result})


def _take(house: House, told: Notification) -> str:
    if told.kind not in REPORTS | {COMMAND} or not told.body:
        return "ignored"
    said = told.body.get("name")
    name = names.device_of(said) if told.kind == COMMAND else names.device_name(said)
    if names.enterprise_of(name) != _enterprise(house):
        return "foreign"
    if told.kind == COMMAND:
        return answered(house, name, told.body)
    return intake.take(house, reports.read(told.body), told.id)


def answered(house: House, name: str, operation: Mapping[str, Any]) -> str:
    """An operation of a device ends the command that it was made for; a repeat of it changes nothing."""
    outcome = outcomes.outcome(operation)
    poll = house.store.poll(names.enrollment_id(name), delivery.HEAD)
    if outcome is None or poll is None:
        return "ignored"
    for command in poll.queue:
        if command.state is CommandState.SENT and command.progress.get("id") == operation.get("name"):
            return "finished" if delivery.finish(house, poll, command.id, outcome) else "ignored"
    return "ignored"
