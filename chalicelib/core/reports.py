"""Reports for auditors: rows from the records as CSV and JSON Lines in the blob store, fetched by a short link."""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import replace

from chalicelib.core import access, ids
from chalicelib.core.errors import BadRequest, Conflict, NotFound
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Message, Page, Replace
from chalicelib.core.report_kinds import REPORTS
from chalicelib.core.report_kinds.kind import Row, moment
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import SYSTEM, event
from chalicelib.model.people import Principal
from chalicelib.model.records import Report, ReportState

LINK_SECONDS = 300
FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


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
