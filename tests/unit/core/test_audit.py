"""The audit trail: gap-free, and every change of an exported trail is found and named."""

import json
import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core import audit, commands
from chalicelib.core.errors import Forbidden
from chalicelib.core.house import House
from chalicelib.storage.memory.house import memory_house
from tests.unit.core.conftest import ADMIN, HELPDESK, Clock, PlainPlatform, enroll


def trail(house: House) -> list[str]:
    device = enroll(house)
    for _ in range(6):
        commands.request(house, ADMIN, device.id, "ping", {})
    return list(audit.export(house))


@pytest.fixture(scope="module")
def exported() -> list[str]:
    return trail(memory_house(clock=Clock(), platforms={"apple": PlainPlatform()}))


def test_an_untouched_trail_verifies(house: House) -> None:
    lines = trail(house)
    verified = audit.verify(lines, house.evidence_key.public_key_der)
    assert verified.entries == len(lines) - 1 >= 9
    assert (verified.organization, verified.at) == (house.settings.organization, house.clock())


def test_another_signer_is_refused(house: House, exported: list[str]) -> None:
    foreign = memory_house().ca_key.public_key_der
    with pytest.raises(audit.Broken, match="do not trust"):
        audit.verify(exported, foreign)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_found(exported: list[str], data: st.DataObject) -> None:
    body = bytearray("\n".join(exported).encode())
    position = data.draw(st.integers(0, len(body) - 1))
    replacement = data.draw(st.integers(0, 255).filter(lambda value: value != body[position]))
    body[position] = replacement
    if body[position : position + 1].isspace() and chr(replacement) in "\r\n":
        return  # a line end for a line end: the entries are the same
    with pytest.raises(audit.Broken):
        audit.verify(body.decode(errors="replace").split("\n"))


@pytest.mark.parametrize("replacement", ["/", "A", "0"])
def test_any_changed_character_of_the_signed_line_is_found(exported: list[str], replacement: str) -> None:
    """Some make the key one of an algorithm that nobody supports."""
    *entries, signed = exported
    for position, character in enumerate(signed):
        if character != replacement:
            with pytest.raises(audit.Broken):
                audit.verify([*entries, signed[:position] + replacement + signed[position + 1 :]])


def test_the_changed_entry_is_named(exported: list[str]) -> None:
    index = next(i for i, line in enumerate(exported) if "command.queued" in line)
    row = json.loads(exported[index])
    lines = [*exported[:index], exported[index].replace("ping", "pong"), *exported[index + 1 :]]
    with pytest.raises(audit.Broken, match=f"Entry {row['sequence']} of shard {row['shard']} was changed"):
        audit.verify(lines)


def rehashed(line: str) -> str:
    """The line with other details and a hash that fits them: what an insider with the code could write."""
    entry = audit._parse(json.loads(line) | {"details": {"forged": True}})
    return audit.entry_line(replace(entry, hash=entry.digest()))


def test_a_rehashed_entry_breaks_the_next_link(exported: list[str]) -> None:
    row = longest_shard(exported)[0]
    lines = [*exported[:row], rehashed(exported[row]), *exported[row + 1 :]]
    with pytest.raises(audit.Broken, match="does not continue the chain"):
        audit.verify(lines)


def test_the_lines_are_as_they_were_exported(exported: list[str]) -> None:
    lines = [json.dumps(json.loads(exported[0])), *exported[1:]]
    with pytest.raises(audit.Broken, match="was changed"):
        audit.verify(lines)


def longest_shard(lines: list[str]) -> list[int]:
    shards: dict[int, list[int]] = {}
    for index, line in enumerate(lines[:-1]):
        shards.setdefault(json.loads(line)["shard"], []).append(index)
    return max(shards.values(), key=len)


def test_delete_reorder_truncate_and_append_are_found(exported: list[str]) -> None:
    rows = longest_shard(exported)
    first, second, last = rows[0], rows[1], rows[-1]
    without = lambda i: exported[:i] + exported[i + 1 :]  # noqa: E731
    swapped = list(exported)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    for changed, words in (
        (without(second), "missing, repeated or out of order"),
        (swapped, "missing, repeated or out of order"),
        (without(last), "signed head names"),
        (exported[:-1], "heads are missing"),
        ([*exported, exported[0]], "follows the signed heads"),
    ):
        with pytest.raises(audit.Broken, match=words):
            audit.verify(changed)


def test_a_recomputed_chain_fails_at_the_signature(exported: list[str]) -> None:
    """Whoever can recompute hashes still cannot sign the heads."""
    rows = longest_shard(exported)
    heads = json.loads(exported[-1])
    heads["heads"].pop(str(json.loads(exported[rows[0]])["shard"]))
    kept = [line for index, line in enumerate(exported[:-1]) if index not in rows]
    with pytest.raises(audit.Broken, match="signature"):
        audit.verify([*kept, json.dumps(heads, sort_keys=True, separators=(",", ":"), ensure_ascii=False)])


def test_parallel_writers_leave_no_gap(house: House) -> None:
    device = enroll(house)
    threads = [threading.Thread(target=commands.request, args=(house, ADMIN, device.id, "ping", {})) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    lines = list(audit.export(house))
    assert sum('"command.queued"' in line for line in lines) == 8
    audit.verify(lines)


def test_helpdesk_does_not_read_the_trail(house: House) -> None:
    with pytest.raises(Forbidden):
        audit.recent(house, HELPDESK)
