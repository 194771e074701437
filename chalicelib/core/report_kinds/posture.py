"""Every control of every enrolled device: met or not, what was expected and observed, and failing since when."""

from collections.abc import Iterator

from chalicelib.core import posture
from chalicelib.core.house import House
from chalicelib.core.report_kinds.kind import IDENTITY, Kind, Row, fleet, identity, moment
from chalicelib.model.finding import Finding

COLUMNS = (*IDENTITY, "control", "met", "expected", "observed", "failing_since", "evaluated_at", "facts_at")


def rows(house: House) -> Iterator[Row]:
    rules, now = posture.rules_of(house), house.clock()
    for seen in fleet(house):
        since = {f.control: f.since for f in house.store.collect(Finding, seen.device.id).items if f.open}
        for control, verdict in posture.evaluate(seen, rules, now).items():
            yield {
                **identity(seen),
                "control": control,
                "met": verdict.met,
                "expected": verdict.expected,
                "observed": verdict.observed,
                "failing_since": moment(since.get(control, 0)),
                "evaluated_at": moment(now),
                "facts_at": moment(seen.device.facts_at),
            }


KIND = Kind("Posture controls of all enrolled devices", COLUMNS, rows)
