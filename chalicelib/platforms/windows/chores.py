"""What the server sets on a PC by itself: the end of the enrollment page, the push package, the schedule of polls.

Sources: EnrollmentStatusTracking and DMClient CSP. A PC that has no such node says so, which changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from chalicelib.core import channels, windows_settings
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.device import Device
from chalicelib.platforms.windows import catalogue, wns
from chalicelib.platforms.windows.nodes import Step
from chalicelib.platforms.windows.provisioning import POLL

COMPLETED = 3  # of InstallationState
FIRST_DAY = 86_400
PUSHED_POLL = 480  # minutes between two polls once the PC can be woken
INTERVAL = "IntervalForRemainingScheduledRetries"


def welcome(house: House, poll: Poll, device: Device) -> tuple[Step, ...]:
    """The page that a new PC shows until its organisation has finished: nothing is held back here."""
    if house.clock() - device.enrolled_at >= FIRST_DAY:
        return ()
    finished = catalogue.FIRST_SYNC["ServerHasFinishedProvisioning"].replace(True)
    state = catalogue.STATUS_TRACKING["InstallationState"]
    return state.add(1), state.replace(COMPLETED), finished


def push(house: House, poll: Poll, device: Device) -> tuple[Step, ...]:
    """Asks for the channel anew each day: it ends after thirty. Without one that works, the PC polls as it did."""
    package, channel = windows_settings.push_package(house), poll.enrollment.push.get("channel")
    if not package and not channel:
        return ()
    works = package and channel and not poll.enrollment.push_failed_at
    interval = catalogue.POLL[INTERVAL].replace(PUSHED_POLL if works else POLL[INTERVAL])
    if not package:
        return (interval,)
    return catalogue.PUSH_PFN.replace(package), catalogue.PUSH_CHANNEL.get(), catalogue.PUSH_STATUS.get(), interval


def keep_channel(house: House, poll: Poll, answers: Mapping[str, str]) -> Poll:
    """A channel that is not Microsoft's is not kept, nor one that Microsoft said is over; the PC polls then."""
    told, bound = answers.get(catalogue.PUSH_CHANNEL.uri, "").strip(), poll.enrollment
    try:
        channel = wns.channel_of(told, house.settings.wns_domain)
    except Unprocessable:
        return poll
    if bound.push_failed_at and channel == bound.push.get("channel"):
        return poll
    return replace(poll, enrollment=channels.enable(house, poll, {"channel": channel}))


CHORES: Mapping[str, Callable[[House, Poll, Device], tuple[Step, ...]]] = {"welcome": welcome, "push": push}
