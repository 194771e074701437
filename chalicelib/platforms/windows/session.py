"""One message of a session, from what the device says to what it is told (OMA-TS-DM_Protocol-V1_2_1 §8; MS-MDM §3).

Everything is kept before the reply goes out. An idle session is one message: a read, and where TLS proves the device,
nothing else.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from chalicelib.core import channels, delivery, inventory
from chalicelib.core.commands import RETIRE
from chalicelib.core.errors import BadRequest, NotManaged, Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.core.queue import end
from chalicelib.core.retry import retry_stale
from chalicelib.model.command import Command, CommandState
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.platforms.windows import (
    arrivals,
    compose,
    credentials,
    dispatch,
    outcomes,
    packages,
    replies,
    reports,
    sections,
    syncml,
    words,
)
from chalicelib.platforms.windows.conversation import Conversation
from chalicelib.platforms.windows.dispatch import OVERHEAD, Outbox
from chalicelib.platforms.windows.identity import DIGEST, Peer
from chalicelib.platforms.windows.packages import Package
from chalicelib.platforms.windows.reports import Reports
from chalicelib.platforms.windows.syncml import Alert, Credential, Header, Message, Meta, Part, Status

SECTION = "devinfo"
NEXT, NO_END = "next", "no-end"  # CmdIDs of our alerts
LOOKED_UP = 10  # commands of a package that are looked for, where the head of the queue does not hold them


@dataclass(frozen=True, slots=True)
class Reply:
    message: Message
    log: Mapping[str, str | int]


def answer(house: House, peer: Peer, message: Message, body: bytes) -> Reply:
    bound, digest = peer.poll.enrollment, hashlib.sha256(body).hexdigest()[:32]
    before = Conversation.of(bound.session)
    repeated = before.sent > 0 and before.answered == digest  # not by its numbers: some devices use those twice
    talk = before if repeated else before.heard(message.header)
    if bound.status is not EnrollmentStatus.ENABLED and packages.goes_on(message):
        raise BadRequest("A device that has not arrived yet says what it has to say in one message.")
    if repeated and packages.goes_on(message):
        package = Package(message.body, complete=False)
    else:
        package = packages.receive(house, bound.id, talk, message, body)
    number = talk.sent if repeated else talk.next_message(message.header)
    talk = replace(talk, answered=digest)
    statuses = replies.of(message, peer, package.codes)
    turn = _Turn(house, peer.poll, talk, number, reports.of(package.parts), statuses)
    if not package.complete:
        turn.wait(repeated, len(body))
    elif repeated:
        turn.repeat()
    else:
        turn.take(package)
    return turn.reply(message)


class _Turn:
    """What one message changes, and what is said to it."""

    def __init__(
        self, house: House, poll: Poll, talk: Conversation, number: int, told: Reports, statuses: list[Status]
    ) -> None:
        self.house, self.poll, self.talk, self.number, self.reports = house, poll, talk, number, told
        self.statuses, self.repeated = statuses, False
        self.parts: list[Part] = []
        self.log: dict[str, str | int] = {"enrollment": poll.enrollment.id}
        self.gone = False

    def wait(self, repeated: bool, size: int) -> None:
        """The package goes on: the device is asked for its next message."""
        self.parts.append(Alert(NEXT, syncml.NEXT_MESSAGE))
        if not repeated:
            self.talk = replace(self.talk, parts=self.talk.parts + 1, held=self.talk.held + size)

    def repeat(self) -> None:
        self.repeated = True
        out = self._outbox()
        dispatch.again(out)
        asked = sections.again(self.house, self.poll, self.talk, out.room)
        self.talk = asked.remembered(self.talk)
        self.parts = [*out.parts, *asked.parts]

    def take(self, package: Package) -> None:
        alerts = [part for part in package.parts if isinstance(part, Alert)]
        if words.leaves(alerts):
            self._leave()
            return
        self.talk = replace(self.talk, user=words.user_is_there(alerts, self.talk.user), parts=0, held=0)
        if words.aborts(alerts):
            return
        if self.poll.enrollment.status is not EnrollmentStatus.ENABLED and not self._arrive():
            return
        self._touch()
        self._keep_device_info(package.parts)
        self._work()
        if package.broken:
            self.parts.append(Alert(NO_END, syncml.NO_END_OF_DATA))

    def _leave(self) -> None:
        for command in self.poll.queue:
            if command.action == RETIRE and command.state is CommandState.SENT:
                _ended(self.house, command)
        channels.leave(self.house, self.poll.enrollment, "unenrolled")
        self.gone = True

    def _arrive(self) -> bool:
        """False where the device has yet to say who it is."""
        answers = sections.answers(self.talk, self.reports) if self.talk.asked == sections.HELLO else None
        if answers is None:
            asked = sections.hello(self.talk.room)
            self.parts += asked.parts
            self.talk = asked.remembered(self.talk)
            return False
        self.poll = arrivals.arrive(self.house, self.poll, self.talk, answers)
        # Of what the enrollment request said, a renewal needs the store that the certificate lies in.
        kept = {name: value for name, value in self.talk.hello.items() if name == "type"}
        self.talk = replace(sections.Asked().remembered(self.talk), hello=kept)
        return True

    def _touch(self) -> None:
        try:
            self.poll = inventory.touch(self.house, self.poll)
        except Stale:  # a parallel request noted the contact: this one is answered all the same
            return

    def _keep_device_info(self, parts: Iterable[Part]) -> None:
        told = words.device_info(parts)
        digest = hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()[:16]
        if told and digest != self.talk.device_info:
            inventory.record(self.house, self.poll.enrollment.device_id, SECTION, told)
            self.talk = replace(self.talk, device_info=digest)

    def _work(self) -> None:
        self._alert_foreign()
        taken = outcomes.take(self.house, self.poll, self.talk, self.reports)
        self.poll, self.gone = taken.poll, taken.gone
        if self.gone:
            return
        out = self._outbox()
        if self.reports.challenge is not None:
            dispatch.again(out, refused=True)
        dispatch.go_on(out, taken.following)
        dispatch.send_waiting(out)
        self.parts, self.poll = out.parts, out.poll
        self._ask(out)
        if out.commands:
            self.log["command"] = out.commands[0]

    def _alert_foreign(self) -> None:
        """A command behind the head of the queue is read; what is not found at all was never sent to this device."""
        told = [
            each
            for each in self.reports.owners()
            if each not in (NEXT, NO_END) and not each.startswith(sections.PREFIX)
        ]
        for reference in told[:LOOKED_UP]:
            known = delivery.recognise(self.house, self.poll, reference)
            self.poll = known or self.poll
            if known is None:
                self.log["alert"] = delivery.FOREIGN_REPORT

    def _ask(self, out: Outbox) -> None:
        """The inventory, once nothing else is to be done."""
        answers, asked = sections.answers(self.talk, self.reports), sections.Asked()
        if answers is not None:
            self.poll, asked = sections.go_on(self.house, self.poll, self.talk, answers, out.room)
        elif not self.talk.asked and not out.parts:  # what was not answered is asked for in the next session
            self.poll, asked = sections.begin(self.house, self.poll, out.room)
        self.parts += asked.parts
        self.talk = asked.remembered(self.talk)

    def _outbox(self) -> Outbox:
        room = self.talk.room - OVERHEAD - compose.size(self.statuses)
        return Outbox(self.house, self.poll, self.talk, self.number, max(room, 0))

    def reply(self, message: Message) -> Reply:
        if not self.gone and not (self.repeated and not self.parts):
            self._remember()
        header, parts = self._header(message.header), (*self.statuses, *self.parts)
        return Reply(Message(header, parts, final=not _goes_on(self.parts)), self.log)

    def _remember(self) -> None:
        """Not where the session ends with this reply and left nothing new."""
        talk = replace(self.talk, sent=self.number)
        before = Conversation.of(self.poll.enrollment.session)
        if not self.parts:
            talk = Conversation(nonce=talk.nonce, hello=talk.hello, device_info=talk.device_info)
            before = Conversation(nonce=before.nonce, hello=before.hello, device_info=before.device_info)
        if talk != before:
            retry_stale(lambda: self._save(talk))

    def _save(self, talk: Conversation) -> None:
        bound = self.poll.enrollment
        spent = max(talk.nonce, Conversation.of(bound.session).nonce)  # a parallel request may have used the next one
        try:
            saved = self.house.store.replace(replace(bound, session=replace(talk, nonce=spent).stored()))
        except Stale:
            current = self.house.store.get(Enrollment, bound.id)
            if current.status is EnrollmentStatus.DISABLED:
                raise NotManaged("The enrollment has ended.") from None
            self.poll = replace(self.poll, enrollment=current)
            raise
        self.poll = replace(self.poll, enrollment=saved)

    def _header(self, heard: Header) -> Header:
        credential = None
        if self.reports.challenge is not None:
            credential = _own_proof(self.house, self.poll.enrollment.id, self.reports.challenge)
        return Header(heard.session, self.number, heard.source, heard.target, credential=credential)


def _ended(house: House, command: Command) -> None:
    try:
        end(house, command, CommandState.ACKNOWLEDGED, actor=f"device:{command.device_id}")
    except Stale:
        return


def _own_proof(house: House, enrollment_id: str, challenge: Meta) -> Credential:
    try:
        nonce = base64.b64decode(challenge.next_nonce, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("The nonce of the challenge is not base64.") from error
    told = credentials.digest(credentials.SERVER, credentials.server_password(house, enrollment_id), nonce)
    return Credential(Meta(format="b64", type=DIGEST), told)


def _goes_on(parts: Iterable[Part]) -> bool:
    return any(item.more for part in parts if isinstance(part, syncml.Command) for item in part.items)
