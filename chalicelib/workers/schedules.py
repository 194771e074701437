"""What runs by the clock: the nightly sweep with its reports, and the re-wake in between."""

from typing import Any

from chalicelib.core import audit, expiry, reports, sweep
from chalicelib.core.house import House
from chalicelib.core.report_kinds import REPORTS
from chalicelib.core.report_kinds.kind import moment
from chalicelib.wiring import house
from chalicelib.workers.log import logger


def nightly(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Starts the posture sweep, keeps a signed statement of the audit heads, and asks for the reports."""
    muster = house()
    sweep.start_posture(muster)
    _warn(muster)
    statement = audit.signed_heads(muster, audit.current_heads(muster))
    day = moment(muster.clock())
    muster.evidence.put(f"heads/{day}.json", statement.encode(), "application/json")
    return {"reports": [reports.queue(muster, kind, "system").id for kind in REPORTS]}


def _warn(muster: House) -> None:
    """A line each night for everything that ends soon; `within_days` is what an alarm filters on."""
    for one in expiry.expiries(muster):
        facts = {
            "subject": one.subject,
            "within_days": one.level,
            "days_left": one.days_left,
            "not_after": one.not_after,
        }
        logger.warning("expires soon", extra=facts)


def rewake(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Wakes devices that have commands waiting and were silent, and expires what is overdue."""
    sweep.start_wake(house())
    return {"shards": sweep.SHARDS}
