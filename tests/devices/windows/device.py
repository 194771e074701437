"""A simulated Windows PC: enrolls, holds sessions, obeys, and complains loudly when the server breaks the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from tests.devices.apple.transport import Reply
from tests.devices.windows import birth, effects, syncml
from tests.devices.windows.base import Handled, Received
from tests.devices.windows.complaints import Complaint, ReplyLost, ReportLost, ServerRefused
from tests.devices.windows.effects import Unenrolled
from tests.devices.windows.enrolling import Enrolling
from tests.devices.windows.session import CLIENT_INITIATED, SERVER_INITIATED, Session
from tests.devices.windows.syncml import Heard, Item, Part
from tests.devices.windows.tree import canonical

QUERY = "mode=Maintenance&Platform=WoA"
AGENT = "MSFT OMA DM Client/1.2.0.1"
BY_USER = "com.microsoft:mdm.unenrollment.userrequest"


class WindowsPC(Enrolling):
    """What the person, the test and the attacker can do with it stands here."""

    session: Session | None = None

    # -- life

    def poll(self, *, pushed: bool = False) -> list[Handled]:
        """One session; what was done in it. A PC that is silent, or not managed, does nothing."""
        if self.knobs.silent or not self.state.enrolled:
            return []
        start = len(self.handled)
        self.present_certificate()
        self.session = Session(self, SERVER_INITIATED if pushed else CLIENT_INITIATED)
        try:
            self.session.run()
        except (ReplyLost, ReportLost):
            self.complaints.append("the session broke off, as the test wanted it")
        except Unenrolled:
            self._let_go()
        finally:
            self._between_sessions()
        return self.handled[start:]

    sync = poll

    def first_session(self) -> None:
        self.poll()

    def _between_sessions(self) -> None:
        if self.ending == "wipe":
            self.state.forget_enrollment()
            self.state.gone, self.state.apps = True, {}
        elif self.state.enrolled:
            effects.work(self)
            if self.state.restart_wanted:
                effects.restart(self)
        self.ending = ""
        self.save()

    def _let_go(self) -> None:
        """The session was cut off; the server hears of it by an Alert of a new one, once, if at all."""
        self.state.alerts.append({"kind": BY_USER, "form": "int", "data": "1"})
        self._farewell()

    def unenroll(self) -> None:
        """The person disconnects the work account: best effort, never tried again."""
        if self.state.enrolled:
            self.state.alerts.append({"kind": BY_USER, "form": "int", "data": "1"})
            self._farewell()

    def _farewell(self) -> None:
        try:
            Session(self, CLIENT_INITIATED).run()
        except (OSError, Complaint, Unenrolled) as error:
            self.complaints.append(f"farewell: {error}")
        self.forget()

    def forget(self) -> None:
        """Drops the enrollment without telling anybody."""
        self.state.forget_enrollment()
        birth.furnish(self.state)
        self.present_certificate()
        self.save()

    def set_up(self) -> None:
        """After a wipe: Windows is installed anew on the same hardware."""
        birth.reinstalled(self.state, self.dice)
        self.save()

    def restart(self) -> None:
        effects.restart(self)
        self.save()

    def let_time_pass(self) -> None:
        """What is under way gets on as between two sessions."""
        effects.work(self)
        self.save()

    def log_in(self, who: str = "user") -> None:
        """user: the person who enrolled; others; none."""
        self.state.logged_in = who
        self.save()

    def go_silent(self) -> None:
        self.knobs.silent = True

    def wake(self) -> None:
        self.knobs.silent = False

    def answer(self, uri: str, status: int, *, verb: str | None = None, times: int = 1) -> None:
        """The next commands on this node are answered so, and not done."""
        self.knobs.answers.append([canonical(uri), verb, status, times])

    def lose_next_reply(self) -> None:
        self.knobs.lose_replies += 1

    def lose_next_report(self) -> None:
        self.knobs.lose_reports += 1

    # -- raw

    def post(self, url: str, body: bytes, content_type: str = f"{syncml.CONTENT_TYPE}; charset=UTF-8") -> Reply:
        """One message to the management service, with the query that Windows appends."""
        query = urlsplit(url).query
        address = url if QUERY in query else f"{url}{'&' if query else '?'}{QUERY}"
        headers = {"Content-Type": content_type, "Accept": f"{syncml.CONTENT_TYPE}, application/octet-stream",
                   "User-Agent": AGENT}  # fmt: skip
        return self.transport("POST", address, headers, body)

    def heard(self, reply: Reply) -> Heard:
        if reply.status == 401:
            raise Complaint("HTTP 401 from the management service: Windows knows no password to try")
        if reply.status != 200:
            raise ServerRefused(f"the management service answered {reply.status}", reply.status, reply.body)
        if not reply.content_type.startswith(syncml.CONTENT_TYPE):
            raise Complaint(f"the management service answers in {reply.content_type!r}")
        return syncml.hear(reply.body)

    def message(
        self, parts: Sequence[Part], *, session_id: str = "1", msg_id: int = 1, source: str = "", final: bool = True
    ) -> bytes:
        """A message made by hand, without credentials: for post()."""
        header = syncml.Header(session_id, msg_id, self.state.manage_url, source or self.state.device_id)
        return syncml.say(header, parts, final=final).raw

    # -- what sessions note

    def note_received(self, verb: str, item: Item, cmd_id: str) -> None:
        self.received.append(Received(verb, item.target, item.data, cmd_id, self.state.session_id))

    def note_handled(self, verb: str, item: Item, cmd_id: str, code: int) -> None:
        self.handled.append(Handled(f"{verb} {item.target}", code, cmd_id, item.data))

    def correct_handled(self, cmd_id: str, code: int) -> None:
        """An Atomic failed: what was done is undone."""
        for place, one in enumerate(self.handled):
            if one.cmd_id == cmd_id:
                self.handled[place] = Handled(one.request, code, cmd_id, one.data)
