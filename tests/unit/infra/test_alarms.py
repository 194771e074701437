"""Who is told: functions and answers that fail, a refusal of the organisation's pushes, reports on foreign commands."""

import json
import re
from typing import Any

import pytest

from chalicelib.core.house import House
from chalicelib.core.ports import PushRefused
from chalicelib.platforms.registry import PLATFORMS
from chalicelib.storage.memory.house import memory_house
from chalicelib.workers import wake
from tests.unit.apple.phone import Phone, ask
from tests.unit.core.conftest import PlainPlatform, enroll
from tests.unit.core.conftest import clock as clock
from tests.unit.core.conftest import house as house
from tests.unit.core.conftest import platform as platform
from tests.unit.infra.test_templates import Template, alarms, functions, resources, target

METRIC = {"Fn::Sub": "Muster/${Stage}"}


def test_every_function_has_an_alarm_for_its_errors(core: Template) -> None:
    found = {target(each["Dimensions"][0]["Value"]): each for each in alarms(core, "AWS/Lambda")}
    assert set(found) == set(functions(core))
    for name, each in found.items():
        assert (each["MetricName"], each["Statistic"]) == ("Errors", "Sum")
        assert [dimension["Name"] for dimension in each["Dimensions"]] == ["FunctionName"]
        seldom = name in ("Nightly", "Rewake")
        assert (each["Threshold"], each["EvaluationPeriods"]) == ((0, 1) if seldom else (5, 3))


def test_answers_of_500_and_above_have_an_alarm(core: Template) -> None:
    """A handler that turns an error into an answer leaves no trace in Lambda's own metric."""
    found = {each["MetricName"]: each["Dimensions"] for each in alarms(core, "AWS/ApiGateway")}
    name = core["Resources"]["RestAPI"]["Properties"]["Name"]
    assert found == {
        "5xx": [{"Name": "ApiId", "Value": {"Ref": "DeviceApi"}}],
        "5XXError": [{"Name": "ApiName", "Value": name}],
    }


def matches(pattern: str, line: Any) -> bool:
    """The one form of CloudWatch's JSON filter patterns that we use: { $.name = "text" }."""
    parts = re.fullmatch(r'\{ \$\.(\w+) = "([^"*]+)" \}', pattern)
    assert parts, pattern
    return bool(line.get(parts[1]) == parts[2])


@pytest.mark.parametrize(("reason", "counts"), [("TopicDisallowed", True), ("ServiceUnavailable", False)])
def test_a_refusal_of_the_organisation_counts(
    reason: str,
    counts: bool,
    core: Template,
    house: House,
    platform: PlainPlatform,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The line that the worker writes, against the pattern that the template deploys."""
    monkeypatch.setattr(wake, "house", lambda: house)
    monkeypatch.setattr(wake.logger.handlers[0], "stream", Lines())
    platform.refusal = PushRefused(reason, alarm=counts)
    body = json.dumps({"enrollments": [enroll(house).enrollment_id]})
    wake.handle({"Records": [{"messageId": "1", "body": body, "eventSource": "aws:sqs"}]}, None)
    counter = core["Resources"]["PushRefused"]["Properties"]
    written = wake.logger.handlers[0].stream.lines
    assert any(matches(counter["FilterPattern"], line) for line in written) is counts
    assert bool(written) is counts


class Lines:
    """A stream that keeps lines of JSON."""

    def __init__(self) -> None:
        self.lines: list[Any] = []

    def write(self, text: str) -> None:
        self.lines += [json.loads(line) for line in text.splitlines() if line.strip()]

    def flush(self) -> None: ...


REPORTS = {
    "a command of another device": ("Acknowledged", "foreign", True),
    "an invented command": ("NotNow", "5NEVER", True),
    "an invented command of a user that is not known": ("Error", "user", True),
    "its own": ("Acknowledged", "own", False),
    "its own, put off": ("NotNow", "own", False),
    "its own again, after a lost answer": ("Acknowledged", "finished", False),
    "an error after it was acknowledged": ("Error", "finished", False),
    "the server's own question": ("Acknowledged", "inventory.device.1", False),
    "nothing": ("Idle", "", False),
}


@pytest.mark.parametrize(("status", "which", "counts"), REPORTS.values(), ids=REPORTS)
def test_a_report_on_a_foreign_command_counts(
    status: str, which: str, counts: bool, core: Template, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line that the gateway writes, against the pattern that the template deploys."""
    made = memory_house(platforms=PLATFORMS)
    phone, other = Phone(made).enroll().settle(), Phone(made, udid="o", serial="O", number=1).enroll().settle()
    finished = delivered(phone)
    phone.report("Acknowledged", finished)
    names = {"own": delivered(phone), "foreign": delivered(other), "finished": finished, "user": "5NEVER"}
    user = {"UserID": "U-1"} if which == "user" else {}
    capsys.readouterr()
    assert phone.report(status, names.get(which, which), **user).status == 200
    (line,) = [json.loads(text) for text in capsys.readouterr().err.splitlines()]
    assert matches(core["Resources"]["ForeignReports"]["Properties"]["FilterPattern"], line) is counts
    assert line["enrollment"] == phone.enrollment_id
    assert line.get("reported", "") == names.get(which, which)


def delivered(phone: Phone) -> str:
    command = ask(phone)
    assert phone.idle().command[0] == command.id
    return command.id


COUNTERS = {"PushRefused": "Wake", "ForeignReports": "Gateway"}


@pytest.mark.parametrize(("name", "function"), COUNTERS.items())
def test_each_count_has_an_alarm_and_reads_the_log_of_its_function(core: Template, name: str, function: str) -> None:
    counter = core["Resources"][name]["Properties"]
    (made,) = counter["MetricTransformations"]
    (alarm,) = [each for each in alarms(core, METRIC) if each["MetricName"] == made["MetricName"]]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Statistic"]) == (0, 1, "Sum")
    assert made["MetricNamespace"] == METRIC
    assert alarm["Dimensions"] == {"Ref": "AWS::NoValue"}
    assert target(counter["LogGroupName"]) == target(
        core["Resources"][function]["Properties"]["LoggingConfig"]["LogGroup"]
    )


def test_no_count_is_left_without_a_test(core: Template) -> None:
    assert set(resources(core, "AWS::Logs::MetricFilter")) == set(COUNTERS)
    assert len(alarms(core, METRIC)) == len(COUNTERS)
