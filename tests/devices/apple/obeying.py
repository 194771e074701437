"""The command channel of a device: Idle, obey, report, until the empty reply."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from tests.devices.apple import rules, schema
from tests.devices.apple.actions import Deed
from tests.devices.apple.base import Handled, Received, plist
from tests.devices.apple.complaints import (
    CommandMalformed,
    CommandRefused,
    Complaint,
    MessageRefused,
    ReplyLost,
    ReportLost,
    ServerRefused,
)
from tests.devices.apple.ddm import DeclarativeClient
from tests.devices.apple.enrolling import Enrolling
from tests.devices.apple.settings import ACTIONS
from tests.devices.apple.state import User
from tests.devices.apple.transport import Reply


class Obeying(Enrolling):
    """Commands are checked against the rules and, where it is at hand, Apple's schema before anything is done."""

    def poll(self, max_replies: int = 50, user: User | None = None) -> list[Handled]:
        """Idle, then commands until the empty reply; [] while silent, switched off or not enrolled."""
        handled: list[Handled] = []
        if self.knobs.silent or self.state.shut_down or not self.state.enrolled:
            return handled
        try:
            with contextlib.suppress(ReplyLost, ReportLost):
                self._session(handled, max_replies, user)
        finally:
            self.handled += handled
            self.save()
        return handled

    def _session(self, handled: list[Handled], max_replies: int, user: User | None) -> None:
        reply = self.idle(user, record=False)
        while reply.body:
            if len(handled) >= max_replies:
                raise Complaint(f"more than {max_replies} commands in one session: {handled[-3:]}")
            uuid_, command = self._command(reply, user)
            deed = Deed(self.state, command, user, renew=self.obtain_identity)
            report = self._carry_out(uuid_, deed)
            handled.append(Handled(str(command["RequestType"]), report["Status"], uuid_, report))
            try:
                reply = self.messenger.report(report, user)
            finally:
                self._afterwards(deed)
            if not self.state.enrolled or self.state.shut_down:
                return
        self._volunteer(user)

    def idle(self, user: User | None = None, *, record: bool = True) -> Reply:
        """One Idle; the command in the answer is noted, not answered."""
        keys: dict[str, Any] = {"Status": "Idle"}
        if user is not None and self.platform == "macOS":
            keys["NotOnConsole"] = not user.logged_in
        reply = self.messenger.report(keys, user)
        if record and reply.body:
            self._command(reply, user)
        return reply

    def report(self, uuid_: str, status: str, user: User | None = None, **keys: Any) -> Reply:
        return self.messenger.report({"CommandUUID": uuid_, "Status": status, **keys}, user)

    def _command(self, reply: Reply, user: User | None) -> tuple[str, Mapping[str, Any]]:
        content = plist(reply.body)
        uuid_, command = content.get("CommandUUID"), content.get("Command")
        if not isinstance(uuid_, str) or not uuid_ or content.keys() - {"CommandUUID", "Command"}:
            raise MessageRefused(f"a command has CommandUUID and Command, this has {sorted(content)}")
        if not isinstance(command, dict) or not isinstance(command.get("RequestType"), str):
            raise MessageRefused("a command has Command.RequestType")
        self.received.append(Received(uuid_, command["RequestType"], command, user.short_name if user else None))
        return uuid_, command

    def _carry_out(self, uuid_: str, deed: Deed) -> dict[str, Any]:
        """The report: Acknowledged, Error, CommandFormatError or NotNow."""
        request_type = str(deed.command["RequestType"])
        said: dict[str, Any] = {"CommandUUID": uuid_, "RequestType": request_type}
        if self.knobs.defers(request_type):
            return {"CommandUUID": uuid_, "Status": "NotNow"}
        chain = self.knobs.refuses(request_type)
        if chain is not None:
            return {**said, "Status": "Error", "ErrorChain": chain}
        try:
            rules.check(request_type, deed.command, self.state, user_channel=deed.user is not None)
            problems = schema.command(deed.command, self.platform) if schema.available() else []
            if problems:
                raise CommandMalformed("; ".join(problems))
            return {**said, "Status": "Acknowledged", **ACTIONS[request_type](deed)}
        except CommandRefused as refusal:
            return {**said, "Status": "Error", "ErrorChain": refusal.chain}
        except CommandMalformed as fault:
            self.complaints.append(str(fault))
            return {**said, "Status": "CommandFormatError", "ErrorChain": fault.chain}

    def _afterwards(self, deed: Deed) -> None:
        for deed_name in deed.after:
            if self.state.enrolled:
                getattr(self, f"_after_{deed_name.replace(' ', '_')}")(deed)

    def _after_erase(self, deed: Deed) -> None:
        self.state.forget_enrollment()
        self.state.erased += 1
        self.state.passcode, self.state.locked, self.state.recovery_lock = None, None, None
        self.state.profiles, self.state.unlock_token = {}, b""

    def _after_unenroll(self, deed: Deed) -> None:
        if self.state.mdm.get("CheckOutWhenRemoved"):
            with contextlib.suppress(ServerRefused, ReplyLost, ReportLost):  # best effort, sent once
                self.messenger.check_in("CheckOut", Topic=self.topic)
        self.state.forget_enrollment()

    def _after_shut_down(self, deed: Deed) -> None:
        self.state.shut_down = True

    def _after_declarations(self, deed: Deed) -> None:
        DeclarativeClient(self.messenger, deed.user).sync(deed.command.get("Data"))

    def _volunteer(self, user: User | None) -> None:
        """A device reports changed status items by itself."""
        client = DeclarativeClient(self.messenger, user)
        if client.enabled:
            client.send_status()
