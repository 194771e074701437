"""Posture findings: what is open, since when; for one device also what was resolved."""

from pydantic import Field

from chalicelib.model.device import Device
from chalicelib.model.finding import Finding
from chalicelib.web.api.common import Id, Listing, Moment, Paging, View, listed
from chalicelib.web.routing import Ask


class FindingQuery(Paging):
    device: Id = Field("", description="All findings of this device, resolved ones too.")


class FindingView(View):
    device_id: str
    control: str
    expected: str
    observed: str
    since: Moment
    resolved_at: Moment


class Findings(Listing):
    items: list[FindingView]


def index(ask: Ask[FindingQuery]) -> Findings:
    query, store = ask.given, ask.house.store
    if query.device:
        store.get(Device, query.device)
        page = store.collect(Finding, query.device, limit=query.limit, cursor=query.cursor)
    else:
        page = store.listing(Finding, query.limit, query.cursor)
    return listed(Findings, page, [FindingView.of(finding) for finding in page.items])
