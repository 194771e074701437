"""The audit trail: read it, or take all of it away to verify it elsewhere."""

from typing import Any

from pydantic import Field

from chalicelib.core import audit, ids
from chalicelib.core.ports import Page
from chalicelib.model.audit import AuditEntry
from chalicelib.web.api.common import Listing, Moment, Paging, View, listed
from chalicelib.web.routing import Answer, Ask, Nothing

INLINE_MAX = 4_000_000  # bytes; a Lambda function answers at most 6 MB, and base64 makes four of three
LINK_SECONDS = 300
JSON_LINES = "application/jsonl"
_EVENT = ("at", "actor", "action", "target", "result", "ip", "details")


class AuditQuery(Paging):
    shard: int | None = Field(None, ge=0, lt=audit.SHARDS, description="One chain, oldest first.")


class EntryView(View):
    shard: int
    sequence: int
    at: Moment
    actor: str
    action: str
    target: str
    result: str
    ip: str
    details: dict[str, Any]
    previous: str
    hash: str


class Entries(Listing):
    items: list[EntryView]


def index(ask: Ask[AuditQuery]) -> Entries:
    query = ask.given
    if query.shard is None:
        page = Page(tuple(audit.recent(ask.house, ask.principal, query.limit)))
    else:
        page = audit.entries(ask.house, ask.principal, query.shard, query.limit, query.cursor)
    return listed(Entries, page, [_view(entry) for entry in page.items])


def export(ask: Ask[Nothing]) -> Answer:
    """The trail itself while it is small, else a redirect to a link of five minutes."""
    house = ask.house
    lines = "".join(line + "\n" for line in audit.noted_export(house, ask.principal)).encode()
    if len(lines) <= INLINE_MAX:
        return Answer(lines, media=JSON_LINES, headers={"Content-Disposition": 'attachment; filename="audit.jsonl"'})
    key = f"audit-exports/{ids.ulid(house.clock())}.jsonl"
    house.blobs.put(key, lines, JSON_LINES)
    url = house.blobs.link(key, LINK_SECONDS, "audit.jsonl")
    return Answer(status=302, headers={"Location": url})


def _view(entry: AuditEntry) -> EntryView:
    event = {name: getattr(entry.event, name) for name in _EVENT}
    return EntryView.of(entry, **event)
