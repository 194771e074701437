"""The checklists of CONTRIBUTING.md, followed to the letter in a copy of the project: what they say is enough."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.readme import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".muster", ".hypothesis", "build", "__pycache__", "*.egg-info"
)
BIN = Path(sys.executable).parent

Change = str | tuple[tuple[str, str], ...]  # a new file, or places in a file and what follows each

STOP_MIRRORING = '''"""Stops AirPlay mirroring (Apple mdm/commands/mirroring.stop.yaml)."""

from chalicelib.platforms.apple.actions.action import Action, bare
from chalicelib.platforms.apple.actions.systems import MACOS, Since, mobile

ACTION = Action(
    name="stop-mirroring",
    request_type="StopMirroring",
    title="Stop showing its screen elsewhere.",
    systems={**mobile("7.0", supervised=True), MACOS: Since("10.10")},
    build=bare("StopMirroring"),
)
'''
OBEYED = "def stop_mirroring(deed: Deed) -> Mapping[str, Any]:\n    return {}\n\n\n"
ACTION: Mapping[str, Change] = {
    "chalicelib/platforms/apple/actions/stop_mirroring.py": STOP_MIRRORING,
    "chalicelib/platforms/apple/actions/registry.py": (
        (
            '    "os-update": "os_update",\n',
            '    "stop-mirroring": "stop_mirroring",\n',
        ),
    ),
    "chalicelib/cli/verbs.py": (
        (
            '    Verb("lost-mode-off", "It was found."),\n',
            '    Verb("stop-mirroring", "Stop showing its screen elsewhere."),\n',
        ),
    ),
    "tests/devices/apple/actions.py": (("Action = Callable[[Deed], Mapping[str, Any]]\n\n\n", OBEYED),),
    "tests/devices/apple/settings.py": (
        (
            '    "ShutDownDevice": actions.shut_down_device,\n',
            '    "StopMirroring": actions.stop_mirroring,\n',
        ),
    ),
    "tests/devices/apple/rules.py": (
        (
            '    "ShutDownDevice": Rule(ios_supervised=True, right=LOCK),\n',
            '    "StopMirroring": Rule(ios_supervised=True),\n',
        ),
    ),
    "tests/unit/apple_actions/test_refusals.py": (
        (
            "os-update: ios 17.0, ipados 17.0, macos 14.0 s\n",
            "stop-mirroring: ios 7.0 s, ipados 7.0 s, macos 10.10\n",
        ),
    ),
}
ACTION_TESTS = (
    "tests/unit/apple_actions",
    "tests/unit/devices/test_rules.py",
    "tests/unit/cli/test_commands.py::test_the_verbs_are_the_actions_and_their_options_the_parameters",
    "tests/unit/docs/test_readme.py::test_the_generated_tables_are_up_to_date",
    "tests/web/test_openapi.py",
    "tests/wire/test_apple_actions.py",
    "tests/wire/test_apple_actions_obeyed.py",
    "tests/contract/platforms",
)

ROLL_BACK = '''"""Goes back to the Defender before its last update (Defender CSP, RollbackEngine)."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import Parameters
from chalicelib.platforms.windows import catalogue, jobs
from chalicelib.platforms.windows.actions.action import DAY, Action, Values, Verdict, Watch
from chalicelib.platforms.windows.jobs import Job

VERSION = catalogue.DEFENDER_HEALTH["EngineVersion"]


class Params(Parameters):
    to: Literal["last-good"] = Field(description="last-good, which is all that Defender keeps.")


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    return jobs.prepared(command_id, Job((VERSION.get(), catalogue.DEFENDER_ROLLBACK_ENGINE.exec())), params.shown())


def judge(values: Values, asked: Mapping[str, Any]) -> Verdict:
    now = values.get(VERSION.uri)
    return Verdict("waiting") if now in (None, asked.get(VERSION.uri)) else Verdict("done", f"The engine is {now}.")


ACTION = Action(
    name="roll-back-defender",
    request_type="RollbackEngine",
    title="Go back to the Defender before its last update.",
    since="10.0.17134",
    build=build,
    params=Params,
    watch=Watch((VERSION.uri,), judge, DAY),
)
'''
ROLLED_BACK = """def _roll_back(pc: WindowsPC, uri: str, data: str) -> int:
    later(pc, f"{D}/Defender/Health/EngineVersion", "chr", "1.1.24080.9")
    return 202


"""
SESSION = """def test_defender_goes_back(world: World) -> None:
    pc = world.enrolled(seed=1)
    asked = world.ask("roll-back-defender", to="last-good")
    pc.poll()
    assert ended(world, asked)[0] is CommandState.SENT
    pc.poll()
    assert ended(world, asked) == (CommandState.ACKNOWLEDGED, "The engine is 1.1.24080.9.")


"""
PC_ACTION: Mapping[str, Change] = {
    "chalicelib/platforms/windows/actions/roll_back_defender.py": ROLL_BACK,
    "chalicelib/platforms/windows/actions/registry.py": (
        (
            '    "defender-scan": "defender_scan",\n',
            '    "roll-back-defender": "roll_back_defender",\n',
        ),
    ),
    "chalicelib/platforms/windows/catalogue.py": (
        (
            'DEFENDER_OFFLINE_SCAN = Node(f"{DEVICE}/Defender/OfflineScan", "chr", RUN)\n',
            'DEFENDER_ROLLBACK_ENGINE = Node(f"{DEVICE}/Defender/RollbackEngine", "chr", RUN)\n',
        ),
    ),
    "chalicelib/cli/verbs.py": (
        (
            '    Verb("lost-mode-off", "It was found."),\n',
            '    Verb("roll-back-defender", "Undo an update.", (Option("to", "last-good", required=True),)),\n',
        ),
    ),
    "tests/devices/windows/nodes.py": (
        (
            "./Device/Vendor/MSFT/Defender/OfflineScan GX chr\n",
            "./Device/Vendor/MSFT/Defender/RollbackEngine GX chr\n",
        ),
    ),
    "tests/devices/windows/effects.py": (
        ("# -- Exec\n\n\n", ROLLED_BACK),
        ('    f"{D}/Defender/OfflineScan": _offline_scan,\n', '    f"{D}/Defender/RollbackEngine": _roll_back,\n'),
    ),
    "tests/wire/test_windows_session.py": (("# -- arrival\n\n\n", SESSION),),
    "tests/unit/windows/action_samples.py": (
        (
            '    "defender-scan": ({}, {"type": "full"}),\n',
            '    "roll-back-defender": ({"to": "last-good"},),\n',
        ),
    ),
}
PC_ACTION_TESTS = (
    "tests/unit/windows/test_actions.py",
    "tests/unit/devices/test_windows_nodes.py",
    "tests/unit/cli/test_commands.py::test_the_verbs_are_the_actions_and_their_options_the_parameters",
    "tests/unit/docs/test_readme.py::test_the_generated_tables_are_up_to_date",
    "tests/web/test_openapi.py",
    "tests/wire/test_windows_actions.py",
    "tests/wire/test_windows_nodes.py",
    "tests/wire/test_windows_session.py::test_defender_goes_back",
    "tests/contract/platforms",
)

TOASTER = '''"""Toasters: they restart, and are asked to leave by nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.core.errors import Unprocessable
from chalicelib.core.ports import ActionSpec, Prepared, PushRefused
from chalicelib.model.device import Device
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Restart:
    name: str = "restart"
    request_type: str = "Pop"
    permission: str = "command.request"
    destructive: bool = False
    parks: bool = False
    priority: int = 5

    def refusal(self, device: Device) -> str:
        return ""

    def prepare(self, house: Any, device: Device, params: Mapping[str, Any], command_id: str) -> Prepared:
        if params:
            raise Unprocessable("A toaster takes no parameters.")
        return Prepared(Secret(command_id.encode()))


@dataclass(frozen=True, slots=True)
class Toaster:
    name: str = "toaster"
    systems: frozenset[str] = frozenset({"chromeos"})

    def action(self, name: str) -> ActionSpec | None:
        return Restart() if name == "restart" else None

    def actions(self) -> Sequence[str]:
        return ("restart",)

    def removal(self, house: Any, device: Device, command_id: str) -> tuple[str, bytes] | None:
        return None

    def wake(self, house: Any, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
        return {each.id: None for each in enrollments}
'''
TOASTER_ROUTE = """  ToasterRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref DeviceApi, RouteKey: ANY /toaster, Target: !Sub "integrations/${GatewayIntegration}"}
"""
PLATFORM: Mapping[str, Change] = {
    "chalicelib/platforms/toaster/__init__.py": '"""Toasters."""\n',
    "chalicelib/platforms/toaster/platform.py": TOASTER,
    "chalicelib/platforms/registry.py": (
        (
            "from chalicelib.platforms.apple.platform import Apple\n",
            "from chalicelib.platforms.toaster.platform import Toaster\n",
        ),
        ('    "apple": Apple(),\n', '    "toaster": Toaster(),\n'),
    ),
    "pyproject.toml": (('layers = ["registry", "apple', " | toaster"),),
    "chalicelib/gateway/handler.py": (("ROUTES = {\n", '    "/toaster": Route(_apple, KIBIBYTE),\n'),),
    "infra/core.yaml": (('GET /crl, Target: !Sub "integrations/${SignerIntegration}"}\n', TOASTER_ROUTE),),
    "tests/unit/infra/test_templates.py": (
        (
            '        "ANY /apple/connect": "Gateway",\n',
            '        "ANY /toaster": "Gateway",\n',
        ),
    ),
    "tests/devices/toaster.py": '"""A toaster."""\n',
}
PLATFORM_TESTS = (
    "tests/contract/platforms",
    "tests/web/test_openapi.py",
    "tests/unit/gateway",
    "tests/unit/infra/test_templates.py::test_every_device_route_reaches_the_right_function",
)

WORDS = '''"""Words."""

from collections.abc import Iterator

from chalicelib.core.house import House
from chalicelib.core.report_kinds.kind import Kind, Row


def rows(house: House) -> Iterator[Row]:
    yield {"word": "=hello"}


KIND = Kind("Words", ("word",), rows)
'''
REPORT: Mapping[str, Change] = {
    "chalicelib/core/report_kinds/words.py": WORDS,
    "chalicelib/core/report_kinds/__init__.py": (
        (
            "from chalicelib.core.report_kinds.kind import Kind\n",
            "from chalicelib.core.report_kinds.words import KIND as WORDS\n",
        ),
        ("REPORTS: Mapping[str, Kind] = {\n", '    "words": WORDS,\n'),
    ),
    "README.md": (
        ("| Report | A row for | Formats |\n| --- | --- | --- |\n", "| `words` | each word | CSV, JSON Lines |\n"),
    ),
}
REPORT_TESTS = (
    "tests/unit/docs/test_readme.py::test_every_report_is_described",
    "tests/unit/workers",
    "tests/web/test_openapi.py",
    "tests/unit/core/test_probe.py",
)
PROBE = """
from chalicelib.core import reports
from chalicelib.storage.memory.house import memory_house
from tests.unit.core.conftest import AUDITOR

def test_it_is_written_in_both_formats():
    house = memory_house(platforms={})
    built = reports.build(house, reports.request(house, AUDITOR, "words").id)
    assert sorted(built.files) == ["csv", "jsonl"]
    assert house.blobs.files[built.files["csv"]][0] == b"word\\r\\n\'=hello\\r\\n"
"""

ADDED = (("an action", ACTION), ("an action", PC_ACTION), ("a platform", PLATFORM), ("a report", REPORT))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    shutil.copytree(ROOT, project, ignore=LEFT_OUT)
    if (ROOT.parent / "shared").exists():
        (tmp_path / "shared").symlink_to(ROOT.parent / "shared")
    return project


def steps(title: str) -> str:
    return GUIDE.split(f"## Add {title}\n")[1].split("\n## ")[0]


def named(path: str, text: str) -> bool:
    """By itself, or by its folder."""
    places = re.findall(r"`([\w./-]+)`", text)
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


def follow(project: Path, title: str, changes: Mapping[str, Change]) -> None:
    for path, change in changes.items():
        assert named(path, steps(title)), f"the checklist says nothing of {path}"
        place = project / path
        if isinstance(change, str):
            place.parent.mkdir(exist_ok=True)
            place.write_text(change)
        else:
            text = place.read_text()
            for before, after in change:
                assert text.count(before) == 1, (path, before)
                text = text.replace(before, before + after)
            place.write_text(text)


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(project)}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def tried(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Its tests, of which only the outcome counts: explaining what an assertion compared would take a third longer."""
    return run(project, sys.executable, "-m", "pytest", "--assert=plain", *options)


def test_all_that_is_added_works(copy: Path) -> None:
    """One of each in one copy: no list lays a hand on what another's tests look at, and many tests look at all."""
    for title, changes in ADDED:
        follow(copy, title, changes)
    (copy / "tests/unit/core/test_probe.py").write_text(PROBE)

    done = run(copy, sys.executable, "-m", "tests.readme")
    assert done.returncode == 0, done.stderr
    readme = (copy / "README.md").read_text()
    assert "`stop-mirroring`" in readme
    assert "| `roll-back-defender` | no | no | no | no | no | yes |" in readme

    done = run(copy, str(BIN / "lint-imports"))
    assert done.returncode == 0, done.stdout

    tests = dict.fromkeys((*ACTION_TESTS, *PC_ACTION_TESTS, *PLATFORM_TESTS, *REPORT_TESTS))
    done = tried(copy, "-x", *tests)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


TABLE = "tests/unit/apple_actions/test_refusals.py"
FORGOTTEN = {
    "chalicelib/cli/verbs.py": ACTION_TESTS[2],
    "tests/devices/apple/rules.py": "tests/unit/devices/test_rules.py::test_every_rule_has_an_action",
    TABLE: f"{TABLE}::test_the_table_names_every_action",
}


def test_a_step_that_is_left_out_shows(copy: Path) -> None:
    follow(copy, "an action", {path: change for path, change in ACTION.items() if path not in FORGOTTEN})
    done = tried(copy, *FORGOTTEN.values())
    assert f"{len(FORGOTTEN)} failed" in done.stdout, done.stdout[-2000:]


FORGOTTEN_PC = {
    "chalicelib/cli/verbs.py": ACTION_TESTS[2],
    "tests/devices/windows/effects.py": "tests/unit/devices/test_windows_nodes.py::test_every_exec_node_does_something",
    "tests/unit/windows/action_samples.py": "tests/unit/windows/test_actions.py",
}


def test_a_step_for_pcs_that_is_left_out_shows(copy: Path) -> None:
    follow(copy, "an action", {path: change for path, change in PC_ACTION.items() if path not in FORGOTTEN_PC})
    done = tried(copy, "-rf", *FORGOTTEN_PC.values())
    assert [test for test in FORGOTTEN_PC.values() if f"FAILED {test}" not in done.stdout] == []


def test_a_platform_that_no_layer_names_shows(copy: Path) -> None:
    follow(copy, "a platform", {path: change for path, change in PLATFORM.items() if path != "pyproject.toml"})
    assert run(copy, str(BIN / "lint-imports")).returncode != 0


def test_the_help_names_no_kind_of_report() -> None:
    """It would have to be written twice, and would be wrong after the next one."""
    from chalicelib.core.report_kinds import REPORTS

    done = run(ROOT, sys.executable, "-m", "chalicelib.cli", "reports", "run", "--help")
    assert done.returncode == 0
    assert [kind for kind in REPORTS if re.search(rf"\b{kind}\b", done.stdout)] == []
