"""Reports: asked for, built by a worker, downloaded by a link of five minutes."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from chalicelib.core import reports
from chalicelib.core.report_kinds import REPORTS
from chalicelib.model.records import Report, ReportState
from chalicelib.web.api.common import Input, Listing, Moment, Paging, View, listed
from chalicelib.web.routing import Answer, Ask, Nothing


class NewReport(Input):
    kind: str = Field(max_length=64, description=f"One of: {', '.join(REPORTS)}.")


class ReportView(View):
    id: str
    kind: str
    state: ReportState
    rows: int
    requested_by: str
    created_at: Moment
    finished_at: Moment
    formats: list[str]
    digests: dict[str, str] = Field(description="Format → SHA-256 of the file, hex.")
    detail: str


class Reports(Listing):
    items: list[ReportView]


class Download(Input):
    format: Literal["csv", "jsonl"] = "csv"


class Link(View):
    """Also the Location of the redirect. Send no Authorization header there: the link itself is the permission."""

    url: str
    expires_at: Moment
    sha256: str


def create(ask: Ask[NewReport]) -> Answer:
    report = reports.request(ask.house, ask.principal, ask.given.kind)
    return Answer(_view(report), headers={"Location": f"/api/v1/reports/{report.id}"})


def index(ask: Ask[Paging]) -> Reports:
    page = reports.listing(ask.house, ask.principal, ask.given.limit, ask.given.cursor)
    return listed(Reports, page, [_view(report) for report in page.items])


def show(ask: Ask[Nothing]) -> ReportView:
    return _view(reports.get(ask.house, ask.principal, ask.path["report_id"]))


def download(ask: Ask[Download]) -> Answer:
    report_id, form = ask.path["report_id"], ask.given.format
    url = reports.link(ask.house, ask.principal, report_id, form)
    digest = reports.get(ask.house, ask.principal, report_id).digests.get(form, "")
    until = datetime.fromtimestamp(ask.house.clock() + reports.LINK_SECONDS, UTC)
    return Answer(Link(url=url, expires_at=until, sha256=digest), headers={"Location": url})


def _view(report: Report) -> ReportView:
    return ReportView.of(report, formats=sorted(report.files))
