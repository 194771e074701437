"""Scans a PC with Microsoft Defender (Defender CSP, Scan and Health)."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from chalicelib.core import inventory
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import Parameters
from chalicelib.platforms.windows import catalogue, jobs, readings
from chalicelib.platforms.windows.actions.action import DAY, Action, Values, Verdict, Watch
from chalicelib.platforms.windows.jobs import Job
from chalicelib.platforms.windows.nodes import Node

HEALTH = catalogue.DEFENDER_HEALTH
ENABLED = HEALTH["DefenderEnabled"].uri
TIMES: Mapping[str, Node] = {"quick": HEALTH["QuickScanTime"], "full": HEALTH["FullScanTime"]}
KINDS: Mapping[str, str] = {"quick": "1", "full": "2"}


class Params(Parameters):
    type: Literal["quick", "full"] = Field("quick", description="quick or full.")


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    """The time of the scan before is asked first: a later one says that this scan is done."""
    time = TIMES[params.type]
    steps = (time.get(), catalogue.DEFENDER_SCAN.exec(KINDS[params.type]))
    known = inventory.section(house, device.id, "defender") or {}
    before = {"before": known[key]} if (key := readings.label(time.uri)) in known else {}
    return jobs.prepared(command_id, Job(steps), {"type": params.type, **before})


def judge(values: Values, asked: Mapping[str, Any]) -> Verdict:
    node = TIMES[asked.get("type", "quick")].uri
    before, now = asked.get(node, asked.get("before")), values.get(node, "")
    if before is not None and now and now != before:
        return Verdict("done", f"The {asked.get('type', 'quick')} scan ended at {now[:40]}.", {"scanned_at": now[:40]})
    if values.get(ENABLED, "").lower() in ("false", "0"):
        return Verdict("failed", "Microsoft Defender does not run on this PC: another product protects it, or none.")
    return Verdict("waiting")


ACTION = Action(
    name="defender-scan",
    permission="command.request",
    request_type="DefenderScan",
    title="Scan the PC with Microsoft Defender.",
    build=build,
    params=Params,
    priority=4,
    watch=Watch((*(node.uri for node in TIMES.values()), ENABLED), judge, 3 * DAY),
)
