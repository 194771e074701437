"""A PC arrives: in its first session it says who it is, and becomes a device that can be commanded."""

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.core import arrival, channels
from chalicelib.core.arrival import Hello
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.device import Platform
from chalicelib.platforms.reading import LONGEST_NAME, tidy
from chalicelib.platforms.windows import readings, upkeep
from chalicelib.platforms.windows.conversation import Conversation


def arrive(house: House, poll: Poll, talk: Conversation, answers: Mapping[str, str]) -> Poll:
    """The device record is made, or found again by its serial number or device id. NotManaged where it is refused."""
    told, said = upkeep.hello(answers), _said(talk.hello)
    identifiers = {"device_id": poll.enrollment.hardware_id}
    if told["serial"]:
        identifiers["serial"] = told["serial"]
    hello = Hello(
        platform=Platform.WINDOWS, hardware_id=poll.enrollment.hardware_id, identifiers=identifiers,
        model=told["model"], model_name=told["model_name"], name=told["name"] or said["name"],
        os_version=told["os_version"] or said["os_version"], os_build=told["os_build"],
    )  # fmt: skip
    arrival.authenticate(house, poll, hello)
    return replace(poll, enrollment=channels.enable(house, poll, {}))


def _said(request: Mapping[str, str]) -> dict[str, str]:
    """From the enrollment request, which PCs that are on their way may have sent before it was looked at."""
    return {
        "name": tidy(request.get("name", ""), LONGEST_NAME),
        "os_version": readings.release(request.get("os_version", "")),
    }
