"""Commands to a device: what it can do, what was asked of it, how that went."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from chalicelib.core import commands
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device
from chalicelib.web.api import waiting
from chalicelib.web.api.common import Input, Listing, Moment, View, Words, listed
from chalicelib.web.routing import Answer, Ask, Nothing


class NewCommand(Input):
    action: str = Field(max_length=64, description="A name from the device's `actions`.")
    params: dict[str, Any] = Field(default_factory=dict)
    reason: Words = Field("", description="Why; it goes into the audit trail.")


class CommandView(View):
    id: str
    device_id: str
    action: str
    request_type: str
    state: CommandState
    params: dict[str, Any]
    reason: str
    destructive: bool
    requested_by: str
    created_at: Moment
    expires_at: Moment
    sent_at: Moment
    finished_at: Moment
    deferrals: int = Field(description="How often the device answered that it cannot now.")
    deliveries: int
    detail: str
    waiting_for: str = Field(description="Why it is still open; empty once it has ended.")
    result: dict[str, Any]


class Commands(Listing):
    items: list[CommandView]


class History(Input):
    limit: int = Field(50, ge=1, le=200)


class ActionView(View):
    """An action of the device's platform; `refusal` says why this device cannot do it, and is empty if it can."""

    name: str
    title: str = ""
    request_type: str
    destructive: bool
    refusal: str


class Actions(View):
    items: list[ActionView]


def create(ask: Ask[NewCommand]) -> Answer:
    wish, device_id = ask.given, ask.path["device_id"]
    command = commands.request(
        ask.house, ask.principal, device_id, wish.action, wish.params, reason=wish.reason, remember=ask.remember
    )
    return _accepted(_queued(command))


def again(ask: Ask[NewCommand], answer: Mapping[str, Any]) -> Answer:
    """What the first request with this Idempotency-Key made, as it is now."""
    command = commands.get(ask.house, answer["device_id"], answer["command_id"])
    untouched = command.version == 1
    return _accepted(_queued(command) if untouched else _views(ask, command)[0])


def _queued(command: Command) -> CommandView:
    return CommandView.of(command, waiting_for=waiting.QUEUED)


def _accepted(view: CommandView) -> Answer:
    return Answer(view, headers={"Location": f"/api/v1/devices/{view.device_id}/commands/{view.id}"})


def _views(ask: Ask[Any], *found: Command) -> list[CommandView]:
    channels = waiting.channels_of(ask.house, found)
    reasons = [waiting.waiting_for(command, channels.get(command.enrollment_id)) for command in found]
    return [CommandView.of(command, waiting_for=reason) for command, reason in zip(found, reasons, strict=True)]


def index(ask: Ask[History]) -> Commands:
    page = commands.history(ask.house, ask.path["device_id"], ask.given.limit)
    return listed(Commands, page, _views(ask, *page.items))


def show(ask: Ask[Nothing]) -> CommandView:
    return _views(ask, commands.get(ask.house, ask.path["device_id"], ask.path["command_id"]))[0]


def cancel(ask: Ask[Nothing]) -> CommandView:
    cancelled = commands.cancel(ask.house, ask.principal, ask.path["device_id"], ask.path["command_id"])
    return _views(ask, cancelled)[0]


def actions(ask: Ask[Nothing]) -> Actions:
    device = ask.house.store.get(Device, ask.path["device_id"])
    platform = commands.platform_of(ask.house, device)
    specs = [spec for name in platform.actions() if (spec := platform.action(name))]
    return Actions(items=[ActionView.of(spec, refusal=spec.refusal(device)) for spec in specs])
