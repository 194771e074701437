"""What all actions on Windows have in common: who can do them and why not, how they become a job, when it is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device, Ownership
from chalicelib.platforms import parameters
from chalicelib.platforms.parameters import NoParameters, Parameters
from chalicelib.platforms.reading import Reading
from chalicelib.platforms.windows.actions import versions

Build = Callable[[House, Device, Any, str], Prepared]
Values = Mapping[str, str]  # LocURI → value; "" where there is none (404), missing where it was not answered

OLDEST = "10.0.10586"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Verdict:
    state: Literal["done", "failed", "waiting"]
    detail: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """When a job is done: not where the PC took it, but where its nodes say so.

    `nodes` are asked for once all steps succeeded, at once and in each later session, until `judge` decides or
    `patience` seconds are over. Its second argument is what was shown as the parameters of the command, and the values
    that Get steps of the job itself brought. Without nodes it decides at once.
    """

    nodes: tuple[str, ...]
    judge: Callable[[Values, Mapping[str, Any]], Verdict]
    patience: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    """Fulfils core.ports.ActionSpec. The rules are data, so that the README's table and the tests can read them."""

    name: str
    request_type: str
    title: str
    build: Build
    params: type[Parameters] = NoParameters
    since: str = OLDEST  # MSFT:OsBuildVersion
    variants: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)  # parameter → its value → since
    permission: str = "command.configure"
    once: bool = False  # delivered at most once: what comes of it twice is not what was asked for
    parks: bool = False
    priority: int = 5
    personal: str = ""  # why not on a personal device
    never: str = ""  # why not on any PC
    watch: Watch | None = None
    meanings: Mapping[int, str] = field(default_factory=dict)  # status code of a step → the start of a sentence
    read: Callable[[Device, Values], Reading] | None = None  # of an action that asks
    more: Callable[[Values], tuple[str, ...]] | None = None  # its next nodes to Get; () where `read` has all

    @property
    def destructive(self) -> bool:
        return self.permission == "command.destructive"

    def refusal(self, device: Device) -> str:
        """Why this device cannot do it and what would make it possible; "" if it can."""
        if self.never:
            return self.never
        if self.personal and device.ownership is Ownership.PERSONAL:
            return self.personal
        return versions.outdated(device, self.since)

    def prepare(self, house: House, device: Device, params: Mapping[str, Any], command_id: str) -> Prepared:
        """The command, ready to be queued. Unprocessable with what is wrong with the parameters."""
        asked = parameters.read(self.params, params)
        for name, since in self.variants.items():
            if reason := versions.outdated(device, since.get(getattr(asked, name), OLDEST)):
                raise Unprocessable(f"{name}: {reason}")
        return self.build(house, device, asked, command_id)


def saying(detail: str) -> Watch:
    """For what no node tells the end of: done where the PC took it, and the detail says no more than that."""
    return Watch((), lambda values, remembered: Verdict("done", detail))


def whole(value: str) -> int | None:
    """The number that a node holds; decimal as OMA-DM writes it, 0x… as some error nodes do."""
    try:
        return int(value.strip(), 0)
    except ValueError:
        return None


def hresult(code: int) -> str:
    """-2147024891 → 0x80070005, which is what the documentation of Windows lists."""
    return f"0x{code & 0xFFFFFFFF:08X}"
