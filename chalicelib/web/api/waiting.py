"""What an open command waits for, and whether the push service reaches a device: one sentence each."""

from chalicelib.core.house import House
from chalicelib.core.report_kinds.kind import moment
from chalicelib.model.command import Command, CommandState
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus

QUEUED = "the device is being woken"  # the moment it was asked for: nothing is known yet, and nothing is read for it
PARKED = "parked, for the device enrolled again meanwhile: decide, cancel it and ask again if it is still wanted"
APPROVAL = "somebody else's approval"
NOT_NOW = "the device said NotNow; it is offered again when the device next checks in"
ENDED = "nothing: its channel is not enrolled any more"
EARLIER = "an earlier command: the device takes one after the other"


def push(channel: Enrollment | None) -> str:
    if channel is None or channel.status is not EnrollmentStatus.ENABLED or not channel.push:
        return "none"
    return f"unreachable since {moment(channel.push_failed_at)}" if channel.push_failed_at else "ok"


def channels_of(house: House, commands: tuple[Command, ...]) -> dict[str, Enrollment]:
    """The channels of the open ones among them, with one read."""
    wanted = {command.enrollment_id for command in commands if command.open}
    return {channel.id: channel for channel in house.store.get_many(Enrollment, *wanted)} if wanted else {}


def waiting_for(command: Command, channel: Enrollment | None) -> str:
    """Empty once the command has ended."""
    if not command.open:
        return ""
    if command.state is CommandState.PARKED:
        return PARKED
    if command.state is CommandState.AWAITING_APPROVAL:
        return APPROVAL
    if channel is None or channel.status is not EnrollmentStatus.ENABLED:
        return ENDED
    return NOT_NOW if command.deferred else _silence(command, channel)


def _silence(command: Command, channel: Enrollment) -> str:
    if channel.push_failed_at:
        since = moment(channel.push_failed_at)
        return f"the push service does not reach the device since {since}; it will come when it checks in by itself"
    if command.state is CommandState.SENT:
        return f"the device has not answered since it was sent at {moment(command.sent_at)}"
    if channel.seen_at > command.created_at:
        return EARLIER
    return f"the device has not checked in since {moment(max(channel.seen_at, command.created_at))}"
