"""Who is told when something fails: functions, answers, and the push service's refusal of the organisation."""

import json
import re
from typing import Any

import pytest

from chalicelib.core.house import House
from chalicelib.core.ports import PushRefused
from chalicelib.workers import wake
from tests.unit.core.conftest import PlainPlatform, enroll
from tests.unit.core.conftest import clock as clock
from tests.unit.core.conftest import house as house
from tests.unit.core.conftest import platform as platform
from tests.unit.infra.test_templates import Template, alarms, functions, target

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


def test_that_count_has_an_alarm_and_reads_the_log_of_the_wake_function(core: Template) -> None:
    counter = core["Resources"]["PushRefused"]["Properties"]
    (made,) = counter["MetricTransformations"]
    (alarm,) = alarms(core, METRIC)
    assert (alarm["MetricName"], alarm["Threshold"], alarm["Statistic"]) == (made["MetricName"], 0, "Sum")
    assert made["MetricNamespace"] == METRIC
    assert alarm["Dimensions"] == {"Ref": "AWS::NoValue"}
    assert target(counter["LogGroupName"]) == target(
        core["Resources"]["Wake"]["Properties"]["LoggingConfig"]["LogGroup"]
    )
