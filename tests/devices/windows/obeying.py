"""How a PC obeys within a session: items, pieces of large objects, Sequence and Atomic (OMA-TS-DM_RepPro 1.2, 6.6)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.devices.windows import management, syncml
from tests.devices.windows.complaints import Complaint
from tests.devices.windows.syncml import Command, Heard, Item, Part

if TYPE_CHECKING:
    from tests.devices.windows.device import WindowsPC

NEXT_MESSAGE, NO_END_OF_DATA = "1222", "1225"
UNSUPPORTED = ("Copy", "Search", "Sync", "Map", "Put")  # commands of SyncML that a PC knows of and does not do


@dataclass
class Pieces:
    """A large object of the server's on its way."""

    verb: str
    item: Item
    data: str

    def holds(self, command: Command) -> bool:
        return command.verb == self.verb and [one.target for one in command.items] == [self.item.target]


class Obeying:
    """One message of commands in, statuses and results out."""

    def __init__(self, pc: WindowsPC) -> None:
        self.pc, self.state, self.knobs = pc, pc.state, pc.knobs
        self.pieces: Pieces | None = None
        self.reporting = False  # what is sent next tells of commands

    def _complain(self, text: str) -> None:
        self.pc.complaints.append(text)
        if self.knobs.strict:
            raise Complaint(text)

    def _obey(self, heard: Heard) -> list[Part]:
        parts = []
        if self.pieces and not any(self.pieces.holds(one) for one in heard.commands):
            self._complain(f"the rest of {self.pieces.item.target} does not come")
            parts.append(syncml.alert(NO_END_OF_DATA))
            self.pieces = None
        for command in heard.commands:
            parts += self._command(heard.msg_id, command)
        self.reporting = bool(heard.commands)
        if not heard.final:
            parts.append(syncml.alert(NEXT_MESSAGE))
        return parts

    def _command(self, msg_id: str, command: Command) -> list[Part]:
        if command.verb in syncml.GROUPS:
            return self._group(msg_id, command)
        if command.verb == "Alert":
            return [syncml.status(msg_id, command.cmd_id, "Alert", 200)]
        if command.verb not in management.VERBS or not command.cmd_id or not command.items:
            code = 406 if command.verb in UNSUPPORTED and command.cmd_id else 400
            return [syncml.status(msg_id, command.cmd_id, command.verb, code)]
        parts: list[Part] = []
        for item in command.items:
            parts += self._item(msg_id, command, item)
        return parts

    def _item(self, msg_id: str, command: Command, item: Item) -> list[Part]:
        target = item.target if len(command.items) > 1 else ""
        whole, code = self._assemble(command, item)
        if whole is None:
            return [syncml.status(msg_id, command.cmd_id, command.verb, code)]
        self.pc.note_received(command.verb, whole, command.cmd_id)
        outcome = management.act(self.pc, command.verb, whole)
        self.pc.note_handled(command.verb, whole, command.cmd_id, outcome.code)
        parts = [syncml.status(msg_id, command.cmd_id, command.verb, outcome.code, target=target)]
        if outcome.result is not None:
            parts.append(syncml.results(msg_id, command.cmd_id, item.target, *outcome.result))
        if outcome.listed:
            parts.append(syncml.listing(msg_id, command.cmd_id, outcome.listed))
        return parts

    def _assemble(self, command: Command, item: Item) -> tuple[Item | None, int]:
        """The item once it is whole; else the status for the piece."""
        mine = self.pieces is not None and self.pieces.holds(command)
        if item.more and not mine:
            if item.size is None:
                self._complain(f"the first piece of {item.target} has no Size")
            self.pieces = Pieces(command.verb, item, item.data)
            return None, 213
        if not mine or self.pieces is None:
            return item, 0
        self.pieces.data += item.data
        if item.more:
            return None, 213
        pieces, self.pieces = self.pieces, None
        size = len(pieces.data.encode())
        if size != pieces.item.size:
            self.pc.complaints.append(f"{item.target} has {size} bytes, its Size was {pieces.item.size}")
            return None, 424
        return Item(item.target, pieces.item.form or item.form, pieces.item.kind, pieces.data), 0

    def _group(self, msg_id: str, group: Command) -> list[Part]:
        if group.verb == "Sequence":
            inner = [part for child in group.children for part in self._command(msg_id, child)]
            return [syncml.status(msg_id, group.cmd_id, "Sequence", 200), *inner]
        return self._atomic(msg_id, group)

    def _atomic(self, msg_id: str, group: Command) -> list[Part]:
        """All or nothing: 507 for the whole; 216 for what was undone, 215 for what was not begun."""
        before, alerts = copy.deepcopy(vars(self.state)), self.pc.ending
        done: list[tuple[Command, list[Part]]] = []
        failed: Command | None = None
        for child in group.children:
            parts = self._within(msg_id, child, [one for one, _ in done])
            done.append((child, parts))
            if not all(200 <= _code(part) < 300 for part in parts if part.verb == "Status"):
                failed = child
                break
        if failed is None:
            return [
                syncml.status(msg_id, group.cmd_id, "Atomic", 200), *(part for _, parts in done for part in parts)
            ]  # fmt: skip
        vars(self.state).update(before)
        self.pc.ending = alerts
        statuses = [syncml.status(msg_id, group.cmd_id, "Atomic", 507)]
        for child in group.children:
            mine = [parts for one, parts in done if one is child]
            if child is failed:
                statuses += mine[0]
            else:
                self.pc.correct_handled(child.cmd_id, 216 if mine else 215)
                statuses.append(syncml.status(msg_id, child.cmd_id, child.verb, 216 if mine else 215))
        return statuses

    def _within(self, msg_id: str, child: Command, earlier: Sequence[Command]) -> list[Part]:
        """What Windows does not take inside an Atomic answers 500."""
        if child.verb in ("Atomic", "Get"):
            self._complain(f"{child.verb} inside an Atomic")
            return [syncml.status(msg_id, child.cmd_id, child.verb, 500)]
        added = {item.target for one in earlier if one.verb == "Add" for item in one.items}
        if child.verb == "Replace" and added & {item.target for item in child.items}:
            self._complain(f"Replace after Add of {child.items[0].target} inside an Atomic")
            return [syncml.status(msg_id, child.cmd_id, child.verb, 500)]
        return self._command(msg_id, child)


def _code(part: Part) -> int:
    return int(dict(part.fields)["Data"])
