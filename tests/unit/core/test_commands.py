"""The life of a command, and the invariants that hold whatever a device answers."""

from dataclasses import replace

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chalicelib.core import commands, delivery, devices, enrollment
from chalicelib.core.delivery import Outcome
from chalicelib.core.errors import Conflict, Corrupt, Forbidden, Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.command import TERMINAL, TRANSITIONS, Command, CommandState
from chalicelib.model.device import Device
from chalicelib.storage.memory.house import memory_house
from tests.unit.core.conftest import ADMIN, AUDITOR, HELPDESK, TOKEN, Clock, PlainPlatform, enroll

DONE = Outcome(CommandState.ACKNOWLEDGED)


def polled(house: House, device: Device) -> Poll:
    return enrollment.recognise(house, device.enrollment_id, "fp-1")


def delivered(house: House, device: Device, skip_deferred: bool = False) -> Command | None:
    answer = delivery.next_command(house, polled(house, device), skip_deferred=skip_deferred)
    return answer[0] if answer else None


def test_queued_sent_acknowledged(house: House) -> None:
    device = enroll(house)
    asked = commands.request(house, HELPDESK, device.id, "ping", {})
    command, payload = delivery.next_command(house, polled(house, device), skip_deferred=False) or pytest.fail("none")
    assert (command.id, payload) == (asked.id, f"Ping {asked.id}".encode())
    assert delivery.finish(house, polled(house, device), asked.id, DONE)
    done = commands.get(house, device.id, asked.id)
    assert (done.state, done.payload, polled(house, device).queue) == (CommandState.ACKNOWLEDGED, b"", ())


def test_priority_then_age(house: House, clock: Clock) -> None:
    device = enroll(house)
    first = commands.request(house, ADMIN, device.id, "ping", {})
    clock.forward(1)
    second = commands.request(house, ADMIN, device.id, "ping", {})
    clock.forward(1)
    urgent = commands.request(house, ADMIN, device.id, "urgent", {})
    order = []
    while command := delivered(house, device):
        order.append(command.id)
        delivery.finish(house, polled(house, device), command.id, DONE)
    assert order == [urgent.id, first.id, second.id]


def test_a_lost_reply_means_the_same_command_again(house: House) -> None:
    device = enroll(house)
    commands.request(house, ADMIN, device.id, "ping", {})
    assert delivered(house, device) is not None
    again = delivered(house, device)
    assert again is not None
    assert again.deliveries == 2


def test_a_destructive_command_is_delivered_once(house: House) -> None:
    device = enroll(house)
    erase = commands.request(house, ADMIN, device.id, "erase", {})
    assert delivered(house, device) is not None
    assert delivered(house, device) is None
    failed = commands.get(house, device.id, erase.id)
    assert failed.state is CommandState.FAILED
    assert "without answering" in failed.detail


def test_a_command_that_is_never_answered_is_given_up(house: House) -> None:
    device = enroll(house)
    asked = commands.request(house, ADMIN, device.id, "ping", {})
    for _ in range(delivery.MAX_DELIVERIES):
        assert delivered(house, device) is not None
    assert delivered(house, device) is None
    assert commands.get(house, device.id, asked.id).state is CommandState.FAILED


def test_not_now_is_skipped_in_its_session_and_offered_in_the_next(house: House) -> None:
    device = enroll(house)
    asked = commands.request(house, ADMIN, device.id, "ping", {})
    assert delivered(house, device) is not None
    poll = delivery.defer(house, polled(house, device), asked.id)
    assert poll is not None
    assert delivery.next_command(house, poll, skip_deferred=True) is None
    again = delivered(house, device)
    assert again is not None
    assert (again.id, again.deferrals) == (asked.id, 1)


def test_deferred_commands_do_not_hide_the_ones_behind_them(house: House, clock: Clock) -> None:
    device = enroll(house)
    for _ in range(delivery.HEAD + 5):
        clock.forward(1)
        commands.request(house, ADMIN, device.id, "ping", {})
    seen = []
    while command := delivered(house, device, skip_deferred=True):
        seen.append(command.id)
        delivery.defer(house, polled(house, device), command.id)
    assert len(set(seen)) == delivery.HEAD + 5


def test_results_of_unknown_unsent_or_finished_commands_change_nothing(house: House) -> None:
    device = enroll(house)
    asked = commands.request(house, ADMIN, device.id, "ping", {})
    house.store.meter.reset()
    for command_id in ("5UNKNOWN", asked.id):
        assert delivery.finish(house, polled(house, device), command_id, DONE) is None
    assert delivered(house, device)
    delivery.finish(house, polled(house, device), asked.id, DONE)
    house.store.meter.reset()
    late = Outcome(CommandState.FAILED, "late")
    assert delivery.finish(house, polled(house, device), asked.id, late) is None
    assert house.store.meter.total("dynamodb").write_units == 0
    assert commands.get(house, device.id, asked.id).state is CommandState.ACKNOWLEDGED


def test_a_device_cannot_report_on_a_foreign_command(house: House) -> None:
    device, other = enroll(house), enroll(house, "2", "UDID-2", "SERIAL-2")
    asked = commands.request(house, ADMIN, device.id, "ping", {})
    delivered(house, device)
    foreign = enrollment.recognise(house, other.enrollment_id, "fp-2")
    assert delivery.finish(house, foreign, asked.id, DONE) is None
    assert commands.get(house, device.id, asked.id).state is CommandState.SENT


def test_a_report_tells_a_repeat_from_a_foreign_command(house: House, clock: Clock) -> None:
    device, other = enroll(house), enroll(house, "2", "UDID-2", "SERIAL-2")
    asked = commands.request(house, ADMIN, device.id, "ping", {})
    delivered(house, device)
    foreign = enrollment.recognise(house, other.enrollment_id, "fp-2")
    poll = polled(house, device)
    house.store.meter.reset()
    assert delivery.recognise(house, poll, asked.id) == poll
    assert house.store.meter.total().calls == 0  # it is in the head of the queue, as nearly always
    assert delivery.recognise(house, foreign, asked.id) is None
    delivery.finish(house, poll, asked.id, DONE)
    after = polled(house, device)
    assert delivery.recognise(house, after, asked.id) == after
    invented = [f"{int(asked.id[0]) - 1}{asked.id[1:]}", asked.id[:-1] + "_", "", "x", "\N{GRINNING FACE}" * 256]
    assert [delivery.recognise(house, after, each) for each in invented] == [None] * 5


def test_a_command_behind_the_head_of_the_queue_is_reported_on(house: House, clock: Clock) -> None:
    device = enroll(house)
    for _ in range(delivery.HEAD + 1):
        clock.forward(1)
        last = commands.request(house, ADMIN, device.id, "ping", {})
    house.store.replace(replace(house.store.get(Command, last.enrollment_id, last.id), state=CommandState.SENT))
    poll = delivery.recognise(house, polled(house, device), last.id)
    assert poll is not None
    assert poll.queue[-1].id == last.id
    assert delivery.finish(house, poll, last.id, DONE) is not None
    assert commands.get(house, device.id, last.id).state is CommandState.ACKNOWLEDGED


def test_cancelled_before_it_is_sent_is_never_delivered(house: House) -> None:
    device = enroll(house)
    asked = commands.request(house, ADMIN, device.id, "ping", {})
    stale = polled(house, device)
    commands.cancel(house, ADMIN, device.id, asked.id)
    assert delivery.next_command(house, stale, skip_deferred=False) is None
    with pytest.raises(Conflict):
        commands.cancel(house, ADMIN, device.id, asked.id)


def test_only_an_administrator_cancels_an_erase_or_a_removal(house: House) -> None:
    device = enroll(house)
    erase = commands.request(house, ADMIN, device.id, "erase", {})
    for principal in (HELPDESK, TOKEN):
        with pytest.raises(Forbidden):
            commands.cancel(house, principal, device.id, erase.id)
    commands.cancel(house, ADMIN, device.id, erase.id)
    devices.retire(house, ADMIN, device.id)
    (removal,) = polled(house, device).queue
    with pytest.raises(Forbidden):
        commands.cancel(house, HELPDESK, device.id, removal.id)


def test_a_sent_command_cannot_be_cancelled(house: House) -> None:
    device = enroll(house)
    asked = commands.request(house, ADMIN, device.id, "ping", {})
    delivered(house, device)
    with pytest.raises(Conflict, match="sent"):
        commands.cancel(house, ADMIN, device.id, asked.id)


def test_expired_commands_are_not_delivered_and_end(house: House, clock: Clock) -> None:
    device = enroll(house)
    asked = commands.request(house, ADMIN, device.id, "ping", {})
    clock.forward(commands.LIFE)
    assert delivered(house, device) is None
    assert commands.expire(house, device.enrollment_id) == 1
    assert commands.expire(house, device.enrollment_id) == 0
    assert commands.get(house, device.id, asked.id).state is CommandState.EXPIRED


def test_a_secret_payload_is_sealed_at_rest_and_plain_on_the_wire(house: House) -> None:
    device = enroll(house)
    asked = commands.request(house, ADMIN, device.id, "whisper", {})
    assert b"Whisper" not in house.store.get(Command, device.enrollment_id, asked.id).payload
    command, payload = delivery.next_command(house, polled(house, device), skip_deferred=False) or pytest.fail("none")
    assert payload == f"Whisper {asked.id}".encode()
    moved = replace(command, enrollment_id="another")
    with pytest.raises(Corrupt):
        delivery.payload(house, moved)


def test_who_may_ask_for_what(house: House) -> None:
    device = enroll(house)
    for principal, action in (
        (AUDITOR, "ping"),
        (HELPDESK, "configure"),
        (HELPDESK, "erase"),
        (TOKEN, "erase"),
    ):
        with pytest.raises(Forbidden):
            commands.request(house, principal, device.id, action, {})
    assert polled(house, device).queue == ()


def test_refusals_say_why(house: House) -> None:
    from chalicelib.model.device import Ownership

    device = enroll(house, ownership=Ownership.PERSONAL)
    with pytest.raises(Unprocessable, match="personal"):
        commands.request(house, ADMIN, device.id, "erase", {})
    with pytest.raises(Unprocessable, match="known: configure, erase"):
        commands.request(house, ADMIN, device.id, "explode", {})
    with pytest.raises(Unprocessable, match="bad"):
        commands.request(house, ADMIN, device.id, "ping", {"bad": 1})


def test_the_queue_is_bounded(house: House) -> None:
    device = enroll(house)
    for _ in range(commands.MAX_OPEN):
        commands.request(house, ADMIN, device.id, "ping", {})
    with pytest.raises(Conflict, match="wait for this device"):
        commands.request(house, ADMIN, device.id, "ping", {})


def test_every_state_change_follows_the_table(house: House) -> None:
    assert {s for s in CommandState if not TRANSITIONS[s]} == TERMINAL
    assert {CommandState.ACKNOWLEDGED, CommandState.FAILED, CommandState.EXPIRED, CommandState.CANCELLED} == TERMINAL
    assert set(TRANSITIONS) == set(CommandState)


class CommandLife(RuleBasedStateMachine):
    """Any order of requests, polls, lost replies, reports, cancels and time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.house = memory_house(clock=self.clock, platforms={"apple": PlainPlatform()})
        self.device = enroll(self.house)
        self.asked: dict[str, CommandState] = {}
        self.cancelled_unsent: set[str] = set()
        self.erases: dict[str, int] = {}

    @rule(action=st.sampled_from(["ping", "urgent", "whisper", "erase"]))
    def request(self, action: str) -> None:
        if len(self.asked) < 30:
            command = commands.request(self.house, ADMIN, self.device.id, action, {})
            self.asked[command.id] = CommandState.QUEUED

    @rule(skip=st.booleans(), answer=st.sampled_from(["lost", "done", "error", "later", "twice"]))
    def session(self, skip: bool, answer: str) -> None:
        command = delivered(self.house, self.device, skip)
        if command is None:
            return
        assert command.id not in self.cancelled_unsent
        if command.destructive:
            self.erases[command.id] = self.erases.get(command.id, 0) + 1
        poll = polled(self.house, self.device)
        if answer == "later":
            delivery.defer(self.house, poll, command.id)
            self.erases.pop(command.id, None)
        for _ in range({"done": 1, "error": 1, "twice": 2}.get(answer, 0)):
            state = CommandState.FAILED if answer == "error" else CommandState.ACKNOWLEDGED
            delivery.finish(self.house, poll, command.id, Outcome(state))

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.asked:
            command_id = data.draw(st.sampled_from(sorted(self.asked)))
            try:
                ended = commands.cancel(self.house, ADMIN, self.device.id, command_id)
            except Conflict:
                return
            if not ended.deliveries:
                self.cancelled_unsent.add(command_id)

    @rule(seconds=st.sampled_from([60, 86_400, commands.LIFE]))
    def wait(self, seconds: int) -> None:
        self.clock.forward(seconds)
        commands.expire(self.house, self.device.enrollment_id)

    @invariant()
    def nothing_is_lost_and_the_end_is_final(self) -> None:
        for command_id, before in self.asked.items():
            state = commands.get(self.house, self.device.id, command_id).state
            assert before not in TERMINAL or state is before
            self.asked[command_id] = state
        assert all(count <= 1 for count in self.erases.values())


TestCommandLife = CommandLife.TestCase
TestCommandLife.settings = hypothesis_settings(max_examples=40, stateful_step_count=25, deadline=None)
