"""What has to hold after any fault: checked from a table dump, an audit export and each device's own log of deliveries.

The numbers are those of the trust document: I1 commands end once, I2 ends do not change, I3 nobody else's payload,
I4 destructive ones are delivered once, I5 cancelled ones never, I6 NotNow is not lost, I7 the trail has no gaps.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.devices.apple import AppleDevice
from tests.devices.windows import WindowsPC
from tests.e2e.world import TERMINAL, Dump, World

SHARDS = 16
ENDS = {f"command.{state}" for state in TERMINAL}
OWN = "inventory."  # CommandUUIDs of what the server asks by itself and keeps no command for
COMMAND = re.compile(r"([0-9][0-9A-HJKMNP-TV-Z]{26})(\.\d+)?")  # CmdIDs of a PC that belong to a command
Device = AppleDevice | WindowsPC


@dataclass
class Run:
    """What a test asked for, and of whom."""

    devices: list[Device] = field(default_factory=list)
    accepted: list[Mapping[str, Any]] = field(default_factory=list)  # commands that were answered with 2xx
    cancelled: list[Mapping[str, Any]] = field(default_factory=list)  # cancellations that were answered with 2xx
    ended: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # rows that were seen in a terminal state

    def look(self, world: World) -> None:
        """Remembers what has ended by now."""
        for command_id, row in commands(world.tables()).items():
            if row["state"] in TERMINAL:
                self.ended.setdefault(command_id, row)

    def check(self, world: World) -> None:
        """After the drain."""
        dump = world.tables()
        rows = commands(dump)
        check_ends(rows, self.accepted)
        check_unchanged(rows, self.ended)
        for device in self.devices:
            check_targets(dump, rows, device, world.id_of(device))
        check_never_delivered(self.cancelled, self.devices)
        entries = check_trail(world)
        check_audited(rows, entries, {one["id"] for one in self.accepted})
        check_outcomes(rows, self.devices)


def commands(dump: Dump) -> dict[str, dict[str, Any]]:
    """Command id → row; a command that has two rows is a failure by itself."""
    found = [item for key, item in dump["commands"].items() if key[1][:2] in ("Q#", "R#")]
    counts = Counter(item["id"] for item in found)
    assert {name for name, count in counts.items() if count > 1} == set(), "I1: more than one row"
    return {item["id"]: {"state": "queued", **item} for item in found}


def check_ends(rows: Mapping[str, Mapping[str, Any]], accepted: Iterable[Mapping[str, Any]]) -> None:
    for command in accepted:
        row = rows.get(command["id"])
        assert row is not None, f"I1: {command['action']} {command['id']} was accepted and is gone"
        assert row["state"] in TERMINAL, f"I1, I6: {command['action']} is {row['state']} after the drain"
        assert row["sk"].startswith("R#"), f"I1: {command['action']} has ended and is still in the queue"


def check_unchanged(rows: Mapping[str, Mapping[str, Any]], ended: Mapping[str, Mapping[str, Any]]) -> None:
    for command_id, row in ended.items():
        assert rows.get(command_id) == row, f"I2: {command_id} changed after its end"


def check_targets(dump: Dump, rows: Mapping[str, Mapping[str, Any]], device: Device, device_id: str) -> None:
    for uuid, count in deliveries(device).items():
        row = rows[uuid]
        assert row["device_id"] == device_id, f"I3: {uuid} was meant for another device"
        channel = dump["commands"][(row["pk"], "#B")]
        assert channel["hardware_id"] == hardware(device), f"I3: {uuid} reached another device"
        if row.get("destructive"):
            assert count == 1, f"I4: {row['action']} was delivered {count} times"


def deliveries(device: Device) -> Counter[str]:
    """Command id → how often it arrived; of a PC's job each step counts for itself, and the most frequent one is it."""
    if isinstance(device, AppleDevice):
        return Counter(one.uuid for one in device.received if not one.uuid.startswith(OWN))
    counts: Counter[str] = Counter()
    for (cmd_id, _, _), count in Counter((one.cmd_id, one.verb, one.uri) for one in device.received).items():
        if found := COMMAND.fullmatch(cmd_id):
            counts[found[1]] = max(counts[found[1]], count)
    return counts


def answers(device: Device) -> dict[str, set[str]]:
    """Command id → what the device said to it, in Apple's words."""
    said: dict[str, set[str]] = {}
    if isinstance(device, AppleDevice):
        for one in device.handled:
            said.setdefault(one.uuid, set()).add(one.status)
        return said
    for step in device.handled:
        if found := COMMAND.fullmatch(step.cmd_id):
            said.setdefault(found[1], set()).add("Acknowledged" if step.status < 300 else "Error")
    return said


def hardware(device: Device) -> str:
    if isinstance(device, AppleDevice) and device.state.user_enrollment:
        return str(device.state.enrollment_id)
    return device.udid


def check_never_delivered(cancelled: Sequence[Mapping[str, Any]], devices: Iterable[Device]) -> None:
    delivered = {uuid for device in devices for uuid in deliveries(device)}
    assert delivered & {one["id"] for one in cancelled} == set(), "I5: delivered although it was cancelled"


def check_outcomes(rows: Mapping[str, Mapping[str, Any]], devices: Iterable[Device]) -> None:
    """I6, and no end that the device knows nothing of."""
    for device in devices:
        said = answers(device)
        for uuid, row in rows.items():
            if uuid in said and row["state"] == "acknowledged":
                assert "Acknowledged" in said[uuid], f"{uuid} is acknowledged, but the device said {said[uuid]}"
            assert said.get(uuid) != {"NotNow"} or row["state"] in ("expired", "cancelled"), f"I6: {uuid} was lost"


def check_trail(world: World) -> list[dict[str, Any]]:
    """I7, recomputed here from the format alone; the entries."""
    answer = world.api("GET", "/audit/export")
    assert answer.status == 200, answer.body
    lines = [json.loads(line) for line in answer.body.splitlines()]
    entries, heads = lines[:-1], lines[-1]["heads"]
    chains: dict[int, tuple[int, str]] = {}
    for entry in entries:
        sequence, previous = chains.get(entry["shard"], (0, "0" * 64))
        assert entry["sequence"] == sequence + 1, f"I7: a gap behind entry {sequence} of shard {entry['shard']}"
        assert entry["previous"] == previous, f"I7: entry {entry['sequence']} of shard {entry['shard']} is not linked"
        assert entry["hash"] == _hash(entry), f"I7: entry {entry['sequence']} of shard {entry['shard']} was changed"
        chains[entry["shard"]] = (entry["sequence"], entry["hash"])
    assert heads == {str(shard): list(head) for shard, head in chains.items()}
    return entries


def _hash(entry: Mapping[str, Any]) -> str:
    names = ("shard", "sequence", "previous", "actor", "action", "target", "at", "result", "ip", "details")
    text = json.dumps([entry[name] for name in names], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check_audited(
    rows: Mapping[str, Mapping[str, Any]], entries: Iterable[Mapping[str, Any]], accepted: set[str]
) -> None:
    """I8 for commands: one record of the request and one of the end, which says what the row says."""
    told: dict[str, list[str]] = {}
    for entry in entries:
        if entry["action"] == "command.queued" or entry["action"] in ENDS:
            told.setdefault(entry["details"]["command"], []).append(entry["action"])
    for command_id in accepted:
        assert told[command_id] == ["command.queued", f"command.{rows[command_id]['state']}"], f"I8: {command_id}"
