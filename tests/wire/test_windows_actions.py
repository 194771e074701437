"""Every node that an action, the inventory or the first session touches, against Microsoft's DDF files."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.platforms.windows import jobs, lists, upkeep
from chalicelib.platforms.windows.actions import registry
from chalicelib.platforms.windows.actions.action import OLDEST
from chalicelib.platforms.windows.nodes import Step
from chalicelib.storage.memory.house import memory_house
from tests.unit.windows.action_samples import COMMAND, action, asked, pc
from tests.wire.windows_ddf import ROOT, DdfError, check_step, describe, needs_ddf

pytestmark = needs_ddf

ASKED = list(asked())
FAMILY = "Microsoft.WindowsCalculator_8wekyb3d8bbwe"
PRODUCT = "%7B23170F69-40C1-2702-1900-000001000000%7D"


def steps(name: str, params: dict[str, Any]) -> tuple[Step, ...]:
    return jobs.read(action(name).prepare(memory_house(), pc(), params, COMMAND).payload.reveal()).steps


def test_every_action_is_asked_for() -> None:
    assert {name for name, _ in ASKED} == {name for name in registry.names() if not action(name).never}


@pytest.mark.parametrize(("name", "params"), ASKED)
def test_each_step_is_one_that_windows_knows(name: str, params: dict[str, Any]) -> None:
    found = steps(name, params)
    assert found
    for step in found:
        assert check_step(step) is not None


@pytest.mark.parametrize("name", registry.names())
def test_what_is_watched_is_there_to_be_read(name: str) -> None:
    watch = action(name).watch
    for node in watch.nodes if watch else ():
        check_step(Step("Get", node))
        assert min(describe(node).builds) <= _builds(action(name).since)[0]


@pytest.mark.parametrize(("name", "params"), ASKED)
def test_an_action_asks_for_the_build_that_brought_its_nodes(name: str, params: dict[str, Any]) -> None:
    found = action(name)
    if found.read:  # what an older PC does not know, it leaves out
        return
    given = found.params.model_validate(params)
    named = [since.get(getattr(given, parameter), OLDEST) for parameter, since in found.variants.items()]
    newest = max((describe(step.uri).builds for step in steps(name, params)), key=max)
    assert sorted(newest) == max(map(_builds, [found.since, *named]), key=max)


def _builds(since: str) -> list[int]:
    return sorted(int(entry.split(".")[2]) for entry in since.split(","))


def questions() -> Iterator[str]:
    yield from upkeep.HELLO
    stages = {
        "apps": {lists.MSI: PRODUCT, **dict.fromkeys(lists.PACKAGES, FAMILY)},
        "certificates": dict.fromkeys(lists.STORES, "AB" * 20),
    }
    for name, section in upkeep.SECTIONS.items():
        yield from section.ask(pc())
        more = section.more(stages.get(name, {}))
        assert bool(more) is (name in stages)
        yield from more


@pytest.mark.parametrize("node", sorted(set(questions())))
def test_each_question_has_a_node(node: str) -> None:
    check_step(Step("Get", node))


def test_the_ddf_lists_desktop_editions_for_the_lock() -> None:
    """So it is offered; that Microsoft once documented it for phones only is why it claims so little."""
    text = (ROOT / "RemoteLock.xml").read_text()
    editions = re.findall(r"EditionAllowList>([^<]+)<", text)[0].split(";")
    enterprise, professional, education = "0x4", "0x30", "0x79"  # GetProductInfo
    assert {enterprise, professional, education} <= set(editions)


def test_remote_find_is_in_no_ddf() -> None:
    with pytest.raises(DdfError):
        describe("./Vendor/MSFT/RemoteFind/Location/Latitude")
