"""Reports for auditors: rows from the records as CSV and JSON Lines in the blob store, fetched by a short link."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.core import access, ids, posture
from chalicelib.core.devices import Seen, with_enrollments
from chalicelib.core.errors import BadRequest, Conflict, NotFound
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Message, Page, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import SYSTEM, event
from chalicelib.model.device import Device
from chalicelib.model.finding import Finding
from chalicelib.model.people import Principal
from chalicelib.model.records import Report, ReportState

LINK_SECONDS = 300
PAGE = 100
FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """`columns` name the fields of a row in the order of the CSV file."""

    title: str
    columns: Sequence[str]
    rows: Callable[[House], Iterator[Row]]


def _seen(house: House) -> Iterator[Seen]:
    cursor = ""
    while True:
        page = house.store.listing(Device, limit=PAGE, cursor=cursor)
        yield from with_enrollments(house, page.items)
        if not (cursor := page.cursor):
            return


def moment(seconds: int) -> str:
    """UTC, RFC 3339; empty for never."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""


def _identity(seen: Seen) -> dict[str, Any]:
    device = seen.device
    return {
        "id": device.id,
        "serial": device.serial,
        "name": device.name,
        "platform": device.platform.value,
        "owner": device.owner,
        "ownership": device.ownership.value,
        "status": device.status.value,
    }


def inventory_rows(house: House) -> Iterator[Row]:
    for seen in _seen(house):
        device = seen.device
        yield {
            **_identity(seen),
            "model": device.model,
            "model_name": device.model_name,
            "os_version": device.os_version,
            "os_build": device.os_build,
            "groups": ";".join(device.groups),
            "supervised": device.supervised,
            "udid": device.identifiers.get("udid", ""),
            "enrolled_at": moment(device.enrolled_at),
            "last_seen": moment(seen.last_seen),
            "facts_at": moment(device.facts_at),
        }


def posture_rows(house: House) -> Iterator[Row]:
    """A row for each device and control; a finding that is open says since when."""
    rules, now = posture.rules_of(house), house.clock()
    for seen in _seen(house):
        since = {f.control: f.since for f in house.store.collect(Finding, seen.device.id).items if f.open}
        for control, verdict in posture.evaluate(seen, rules, now).items():
            yield {
                **_identity(seen),
                "control": control,
                "met": verdict.met,
                "expected": verdict.expected,
                "observed": verdict.observed,
                "failing_since": moment(since.get(control, 0)),
                "evaluated_at": moment(now),
                "facts_at": moment(seen.device.facts_at),
            }


_IDENTITY = ("id", "serial", "name", "platform", "owner", "ownership", "status")
REPORTS: Mapping[str, Kind] = {
    "inventory": Kind(
        "All devices",
        (
            *_IDENTITY,
            "model",
            "model_name",
            "os_version",
            "os_build",
            "groups",
            "supervised",
            "udid",
            "enrolled_at",
            "last_seen",
            "facts_at",
        ),
        inventory_rows,
    ),
    "posture": Kind(
        "Posture controls of all enrolled devices",
        (*_IDENTITY, "control", "met", "expected", "observed", "failing_since", "evaluated_at", "facts_at"),
        posture_rows,
    ),
}


def request(house: House, principal: Principal, kind: str) -> Report:
    access.authorize(principal, "report.run")
    return queue(house, kind, principal)


def queue(house: House, kind: str, actor: Principal | str) -> Report:
    """Stores the request, then hands it to the worker: a lost message shows as a report that stays queued."""
    if kind not in REPORTS:
        raise BadRequest(f"There is no report {kind!r}; known: {', '.join(REPORTS)}.")
    now = house.clock()
    who = actor.actor if isinstance(actor, Principal) else actor
    report = Report(id=ids.ulid(now), kind=kind, requested_by=who, created_at=now)
    house.store.commit(Create(report), audit=event(house, actor, "report.requested", f"report:{report.id}", kind=kind))
    house.reports.send(Message({"report": report.id}))
    return replace(report, version=1)


def build(house: House, report_id: str) -> Report:
    """Writes the files and marks the report ready; a repeat finds it ready and does nothing."""
    report = house.store.get(Report, report_id)
    if report.state is not ReportState.QUEUED:
        return report
    kind = REPORTS[report.kind]
    rows = list(kind.rows(house))
    bodies = {"csv": as_csv(kind.columns, rows), "jsonl": as_json_lines(rows)}
    files = {form: f"reports/{report.kind}/{report.id}.{form}" for form in bodies}
    for form, body in bodies.items():
        house.blobs.put(files[form], body, FORMATS[form])
    digests = {form: hashlib.sha256(body).hexdigest() for form, body in bodies.items()}

    def attempt() -> Report:
        held = house.store.get(Report, report_id)
        if held.state is not ReportState.QUEUED:
            return held
        ready = replace(
            held, state=ReportState.READY, rows=len(rows), finished_at=house.clock(), files=files, digests=digests
        )
        hashes = {f"sha256_{form}": value for form, value in digests.items()}
        what = event(house, SYSTEM, "report.ready", f"report:{report_id}", rows=len(rows), **hashes)
        house.store.commit(Replace(ready), audit=what)
        return replace(ready, version=held.version + 1)

    return retry_stale(attempt)


def as_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """RFC 4180; a cell that a spreadsheet would run as a formula is prefixed with an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([escape_cell(row[column]) for column in columns] for row in rows)
    return out.getvalue().encode()


def escape_cell(value: object) -> str:
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text


def as_json_lines(rows: Sequence[Row]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def listing(house: House, principal: Principal, limit: int = 50, cursor: str = "") -> Page[Report]:
    access.authorize(principal, "report.read")
    return house.store.listing(Report, limit=limit, cursor=cursor)


def get(house: House, principal: Principal, report_id: str) -> Report:
    access.authorize(principal, "report.read")
    return house.store.get(Report, report_id)


def link(house: House, principal: Principal, report_id: str, form: str = "csv") -> str:
    """A download link for one file, good for five minutes. Conflict while it is not ready."""
    report = get(house, principal, report_id)
    if report.state is not ReportState.READY:
        raise Conflict(f"The report is {report.state}; try again in a moment.")
    if form not in report.files:
        raise NotFound(f"The report has no {form!r}; there are {', '.join(report.files)}.")
    house.store.commit(audit=event(house, principal, "report.downloaded", f"report:{report_id}", format=form))
    day = moment(report.created_at)[:10]
    return house.blobs.link(report.files[form], LINK_SECONDS, f"muster-{report.kind}-{day}.{form}")
