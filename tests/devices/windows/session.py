"""One management session of a PC (OMA-TS-DM_Protocol 1.2, [MS-MDM] 3): packages, statuses, pieces, proofs."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.devices.windows import syncml
from tests.devices.windows.complaints import Complaint, ReplyLost, ReportLost, SessionRefused
from tests.devices.windows.digest import basic, digest
from tests.devices.windows.obeying import NEXT_MESSAGE, Obeying
from tests.devices.windows.syncml import Command, Heard, Part, Said, Told

if TYPE_CHECKING:
    from tests.devices.windows.device import WindowsPC

CLIENT_INITIATED, SERVER_INITIATED = "1201", "1200"
MOST_MESSAGES = 400
ROOM = 1500  # of a message, for everything that is not data


class Session(Obeying):
    """run() is all of it; handled, statuses and heard stay to be looked at."""

    def __init__(self, pc: WindowsPC, code: str) -> None:
        super().__init__(pc)
        if not (self.knobs.reuse_session and self.state.session_id):
            self.state.session_id += 1
        self.session_id = str(self.state.session_id)
        self.code = code
        self.sent: dict[str, Said] = {}
        self.statuses: list[Told] = []
        self.heard: list[Heard] = []
        self.address = self.state.manage_url
        self.proven = False  # 212: no credentials are needed any more
        self.limit: int | None = None

    # -- the conversation

    def run(self) -> None:
        queue, refused = self._opening(), 0
        while True:
            said = self._compose(queue)
            heard = self._receive(said)
            code = self._header_status(heard, said)
            if code in (401, 407):
                refused += 1
                if refused > 2 or not self._challenged(heard):
                    raise SessionRefused(f"the server answers the SyncHdr with {code}", code)
                queue = [*said.parts.values(), *queue]
                continue
            if code not in (200, 212):
                raise SessionRefused(f"the server answers the SyncHdr with {code}", code)
            self._accepted(heard, code)
            self._check_statuses(heard, said)
            answer = [self._own_header_status(heard), *self._obey(heard)]
            if self.pc.ending:
                self._last_words(answer)
                return
            if not heard.commands and heard.final:
                if queue:
                    self._complain("the server ends the session in the middle of this PC's package (no Alert 1222)")
                return
            queue = [*answer, *queue]
            if len(self.sent) > MOST_MESSAGES:
                raise Complaint(f"{MOST_MESSAGES} messages in one session: it does not end")

    def _opening(self) -> list[Part]:
        state, knobs = self.state, self.knobs
        parts = [syncml.alert(self.code), syncml.alert("1224", "com.microsoft/MDM/LoginStatus", state.logged_in)]
        for one in state.alerts:
            parts.append(syncml.alert("1226", one["kind"], one["data"], form=one.get("form", ""),
                                      mark=one.get("mark", ""), source=one.get("source", "")))  # fmt: skip
        parts += [syncml.alert(code, kind, data) for code, kind, data in knobs.extra_alerts]
        parts += [Part(verb, (), ((("Target.LocURI", "./DevInfo"),),)) for verb in knobs.extra_commands]
        knobs.extra_alerts, knobs.extra_commands = [], []
        info = {
            "DevId": knobs.device_id_in_data or state.device_id, "Man": state.manufacturer, "Mod": state.model,
            "DmV": "1.3", "Lang": state.language,
        }  # fmt: skip
        return [*parts, syncml.device_info(info)]

    def _last_words(self, answer: list[Part]) -> None:
        """The statuses still leave; what the server says to them, nobody is there to hear."""
        said = self._compose(answer)
        if self.knobs.take("lose_reports"):
            return
        with contextlib.suppress(OSError, Complaint):
            self.pc.post(self.address, said.raw)

    # -- sending

    def _compose(self, queue: list[Part]) -> Said:
        """Takes from the queue what one message holds."""
        parts, whole = self._pack(queue)
        header = syncml.Header(
            self.session_id, len(self.sent) + 1, self.address, self.knobs.source or self.state.device_id,
            max_message_size=self.knobs.max_message_size,
        )  # fmt: skip
        if not self.proven and self.knobs.digest != "none":
            header.name, header.credentials = self.state.client_auth["name"], self._credentials()
        said = syncml.say(header, parts, final=whole, comments=self.knobs.comments)
        self.sent[said.msg_id] = said
        return said

    def _pack(self, queue: list[Part]) -> tuple[list[Part], bool]:
        taken: list[Part] = []
        room = self.limit - ROOM if self.limit else None
        while queue:
            part = queue.pop(0)
            size = len(part.element("1" * 4).text or "") + sum(len(one) for _, one in part.fields) + 300
            size += sum(len(value) for item in part.items for _, value in item) + len((part.data or "").encode())
            piece = self.knobs.chunk_size or (room or 0)
            if part.data is not None and piece and len(part.data.encode()) > piece:
                total = None if part.begun else len(part.data.encode())
                claimed = None if total is None else total + (7 if self.knobs.wrong_size else 0)
                first, rest = part.cut(max(piece, 16), claimed)
                queue.insert(0, rest)
                return [*taken, first], False
            if room is not None and taken and size > room:
                queue.insert(0, part)
                return taken, False
            room = None if room is None else room - size
            taken.append(part)
        return taken, True

    def _credentials(self) -> tuple[str, str]:
        auth = self.state.client_auth
        if auth["kind"] == "BASIC":
            return syncml.BASIC, basic(auth["name"], auth["secret"])
        secret = "not the secret" if self.knobs.digest == "wrong" else auth["secret"]
        if self.knobs.digest == "replay":
            self.pc.first_nonce = self.pc.first_nonce or auth["nonce"]
            return syncml.MD5, digest(auth["name"], secret, self.pc.first_nonce)
        return syncml.MD5, digest(auth["name"], secret, auth["nonce"])

    # -- hearing

    def _receive(self, said: Said) -> Heard:
        knobs = self.knobs
        if self.reporting and knobs.take("lose_reports"):
            raise ReportLost("the report got lost on its way, as the test wants it")
        reply = self.pc.post(self.address, said.raw)
        if knobs.take("duplicates"):
            first, reply = reply, self.pc.post(self.address, said.raw)
            self.pc.doubled.append((first, reply))
        if knobs.take("lose_replies"):
            raise ReplyLost("the answer got lost on its way, as the test wants it")
        heard = self.pc.heard(reply)
        if knobs.max_message_size and len(reply.body) > knobs.max_message_size:
            raise Complaint(f"{len(reply.body)} bytes for a PC that takes {knobs.max_message_size}")
        self._check_header(heard)
        self.heard.append(heard)
        self.limit = heard.max_message_size or self.limit
        if heard.respond_to:
            if urlsplit(heard.respond_to)[:2] != urlsplit(self.address)[:2]:
                raise Complaint(f"RespURI {heard.respond_to} is another server's")
            self.address = heard.respond_to
        return heard

    def _check_header(self, heard: Heard) -> None:
        if heard.session_id != self.session_id:
            raise Complaint(f"SessionID {heard.session_id} in the session {self.session_id}")
        wanted = int(self.heard[-1].msg_id) + 1 if self.heard else 1
        if heard.msg_id != str(wanted):
            raise Complaint(f"MsgID {heard.msg_id} of the server, {wanted} expected")
        if heard.target != (self.knobs.source or self.state.device_id):
            raise Complaint(f"the message is for {heard.target!r}")
        if not heard.source:
            raise Complaint("the message has no Source")
        seen: set[str] = set()
        for verb, cmd_id in [
            *(("Status", one.cmd_id) for one in heard.statuses),
            *((one.verb, one.cmd_id) for one in _flat(heard.commands)),
        ]:
            if not cmd_id or cmd_id == "0" or cmd_id in seen:
                self._complain(f"{verb} has the CmdID {cmd_id!r}, which is empty or was used before")
            seen.add(cmd_id)
        if not heard.commands and not (heard.final and all(one.final for one in self.heard[-1:])):
            self._complain("a message has no Final, and no commands follow")
        if any(_unfinished(one) for one in heard.commands[:-1]):
            self._complain("commands follow a piece of a large object in one message")

    # -- statuses for what this PC said

    def _header_status(self, heard: Heard, said: Said) -> int:
        if not heard.statuses:
            raise Complaint("a message without a Status for the SyncHdr")
        first = heard.statuses[0]
        if (first.msg_ref, first.cmd_ref, first.verb) != (said.msg_id, "0", "SyncHdr"):
            raise Complaint(
                f"the first Status is for {first.verb} {first.msg_ref}/{first.cmd_ref}, not for SyncHdr {said.msg_id}/0"
            )
        return first.code

    def _check_statuses(self, heard: Heard, said: Said) -> None:
        answered: dict[str, Told] = {}
        for told in heard.statuses[1:]:
            parts = self.sent[told.msg_ref].parts if told.msg_ref in self.sent else {}
            if told.cmd_ref not in parts or parts[told.cmd_ref].verb != told.verb:
                self._complain(f"a Status for {told.verb} {told.msg_ref}/{told.cmd_ref}, which this PC never sent")
            if told.msg_ref == said.msg_id:
                answered[told.cmd_ref] = told
        self.statuses += heard.statuses[1:]
        for cmd_id, part in said.parts.items():
            if part.wants_status and cmd_id not in answered:
                self._complain(f"no Status for {part.verb} {said.msg_id}/{cmd_id}")
            elif part.more:
                if answered[cmd_id].code != 213:
                    self._complain(f"{answered[cmd_id].code} for a piece of Results, 213 expected")
            elif part.verb == "Alert" and part.fields[0][1] == "1226" and answered[cmd_id].code < 300:
                self.state.alerts = []
        if not said.final and not any(one.verb == "Alert" and one.data == NEXT_MESSAGE for one in heard.commands):
            self._complain(f"message {said.msg_id} had no Final, and the server does not ask for the next (Alert 1222)")

    # -- proofs

    def _challenged(self, heard: Heard) -> bool:
        nonce = heard.statuses[0].next_nonce
        if nonce is None:
            return False
        if not nonce and self.state.client_auth["kind"] == "DIGEST":
            raise Complaint("a challenge with an empty NextNonce")
        self.state.client_auth["nonce"] = nonce
        return True

    def _accepted(self, heard: Heard, code: int) -> None:
        """212 holds for the session; the next nonce is for the next message, or session."""
        self.proven = self.proven or code == 212
        nonce = heard.statuses[0].next_nonce
        if nonce == self.state.client_auth["nonce"]:
            self._complain("NextNonce is the nonce that was just used")
        if nonce:
            self.state.client_auth["nonce"] = nonce

    def _own_header_status(self, heard: Heard) -> Part:
        """What this PC says to the server's SyncHdr; the server need not prove itself over TLS, but not wrongly."""
        if heard.credentials is None:
            return syncml.status(heard.msg_id, "0", "SyncHdr", 200)
        auth, (kind, data) = self.state.server_auth, heard.credentials
        right = kind == syncml.MD5 and data == digest(auth["name"], auth["secret"], auth["nonce"])
        auth["nonce"] = secrets.token_bytes(16)
        if not right:
            self._complain("the server's credentials are wrong")
        return syncml.status(heard.msg_id, "0", "SyncHdr", 212 if right else 401, nonce=auth["nonce"])


def _flat(commands: Sequence[Command]) -> list[Command]:
    return [one for command in commands for one in (command, *_flat(command.children))]


def _unfinished(command: Command) -> bool:
    return any(item.more for item in command.items)
