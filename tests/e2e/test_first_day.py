"""A first day with Muster, as a person with a shell and a device has it."""

import csv
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.devices.apple import AppleDevice
from tests.e2e.conftest import Shell, printed
from tests.e2e.world import World


@contextmanager
def alive(world: World, device: AppleDevice) -> Iterator[None]:
    """The device asks for commands when it is pushed, and at no other time."""
    over, after = threading.Event(), world.pushes()

    def live() -> None:
        position = after
        while not over.is_set():
            found = world.fetch("GET", f"{world.push_control}/pushes?after={position}&wait=1").json
            position = found["next"]
            if device.token.hex() in [push["token"] for push in found["pushes"]]:
                device.poll()

    with ThreadPoolExecutor(1) as pool:
        life = pool.submit(live)
        try:
            yield
        finally:
            over.set()
        life.result(30)


def test_from_the_invitation_to_the_proof(world: World, shell: Shell, tmp_path: Path) -> None:
    made = printed(shell("enroll", "--user", "ada@example.com", "--json"))
    assert made["link"].startswith(world.stack.console_url + "/enroll/")
    assert made["qr_svg"].startswith("<")

    iphone = AppleDevice("iphone", ca_file=world.stack.ca_file)
    iphone.enroll(made["link"])
    world.settle(iphone)

    listed = {one["serial"]: one for one in printed(shell("devices", "list", "--json"))}
    assert listed[iphone.serial]["status"] == "enrolled"
    assert listed[iphone.serial]["owner"] == "ada@example.com"
    assert listed[iphone.serial]["os_version"] == "18.1"

    with alive(world, iphone):
        locked = printed(shell("device", "lock", iphone.serial, "--message", "Back soon", "--wait", "--json"))
    assert locked["state"] == "acknowledged"
    assert iphone.state.locked == {"message": "Back soon"}

    report = tmp_path / "inventory.csv"
    assert shell("reports", "run", "inventory", "--output", str(report)).returncode == 0
    with report.open(newline="") as rows:
        found = [row for row in csv.DictReader(rows) if iphone.serial in row.values()]
    assert len(found) == 1
    assert {iphone.udid, "ada@example.com", "18.1"} <= set(found[0].values())

    assert iphone.complaints == []


def test_the_trail_is_verified_and_one_changed_byte_is_named(world: World, shell: Shell, tmp_path: Path) -> None:
    world.device()
    fresh = printed(shell("audit", "verify", "--json"))
    assert fresh["verified"] is True

    trail = tmp_path / "audit.jsonl"
    assert shell("audit", "export", "--output", str(trail)).returncode == 0
    intact = printed(shell("audit", "verify", str(trail), "--json"))
    assert intact["verified"] is True
    assert intact["entries"] >= fresh["entries"] > 0

    lines = trail.read_bytes().splitlines(keepends=True)
    position = len(lines) // 2
    victim = json.loads(lines[position])
    place = lines[position].index(victim["action"].encode())
    changed = bytearray(lines[position])
    changed[place] ^= 1  # one byte, still JSON
    trail.write_bytes(b"".join([*lines[:position], bytes(changed), *lines[position + 1 :]]))

    refused = shell("audit", "verify", str(trail))
    assert refused.returncode == 1
    assert f"Entry {victim['sequence']} of shard {victim['shard']} was changed" in refused.stderr


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda lines: lines[1:], "entry is missing"),
        (lambda lines: [lines[0], *lines[2:]], "missing"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "out of order"),
        (lambda lines: lines[:-1], "cut off"),
        (lambda lines: [*lines[:-2], lines[-1]], "the signed head names entry"),
    ],
    ids=["first-removed", "second-removed", "swapped", "heads-removed", "last-removed"],
)
def test_a_trail_with_entries_removed_or_reordered_does_not_verify(
    world: World, shell: Shell, tmp_path: Path, spoil: Any, says: str
) -> None:
    """In the first shard that has three entries at least, so that there is an order to disturb."""
    answer = world.api("GET", "/audit/export")
    lines = answer.body.splitlines(keepends=True)
    shards = [json.loads(line)["shard"] for line in lines[:-1]]
    start = next(place for place, shard in enumerate(shards) if shards[place : place + 3] == [shard] * 3)
    rest = lines[:start] + spoil(lines[start:])
    trail = tmp_path / "spoiled.jsonl"
    trail.write_bytes(b"".join(rest))
    refused = shell("audit", "verify", str(trail))
    assert refused.returncode == 1
    assert "does not verify" in refused.stderr
    assert says in refused.stderr
