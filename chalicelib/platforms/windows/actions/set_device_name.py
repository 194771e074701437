"""Names a PC (DevDetail CSP, Ext/Microsoft/DNSComputerName). The name is in force after a restart."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import Line, Parameters
from chalicelib.platforms.windows import catalogue, jobs
from chalicelib.platforms.windows.actions.action import DAY, Action, Values, Verdict, Watch
from chalicelib.platforms.windows.jobs import Job

NAME = catalogue.DNS_COMPUTER_NAME
# A DNS label (RFC 1123 §2.1) that is not only digits, and the macros %SERIAL% and %RAND:n%
_NAME = re.compile(r"(?:[A-Za-z0-9-]|%SERIAL%|%RAND:[1-9]%)+")
_MACRO = re.compile(r"%[A-Z]+(?::\d)?%")


def _computer_name(text: str) -> str:
    if not _NAME.fullmatch(text) or text.startswith("-") or text.endswith("-") or text.isdigit():
        raise ValueError("a PC's name has letters, digits and hyphens, and is not only digits; %SERIAL% and %RAND:4%")
    return text


class Params(Parameters):
    name: Annotated[Line, AfterValidator(_computer_name)] = Field(max_length=63, description="The device's new name.")


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    return jobs.prepared(command_id, Job((NAME.replace(params.name),)), params.shown())


def judge(values: Values, asked: Mapping[str, Any]) -> Verdict:
    """Done when the PC says the new name; that it does before the restart or after it is up to Windows."""
    said, wanted = values.get(NAME.uri, ""), str(asked.get("name", ""))
    if not _says(said, wanted):
        return Verdict("waiting", "The PC took the name; it is in force after a restart: ask for one.")
    detail = f"The PC says that it is called {said[:63]}; it is in force after a restart, if that has not been yet."
    return Verdict("done", detail, {"name": said[:63]})


def _says(said: str, wanted: str) -> bool:
    """A macro stands for whatever Windows made of it."""
    pattern = "[A-Za-z0-9-]+".join(re.escape(part) for part in _MACRO.split(wanted))
    return bool(re.fullmatch(pattern, said, re.IGNORECASE))


ACTION = Action(
    name="set-device-name",
    request_type="DNSComputerName",
    title="Give the PC a name; it needs a restart.",
    since="10.0.19041",
    build=build,
    params=Params,
    watch=Watch((NAME.uri,), judge, 14 * DAY),
)
