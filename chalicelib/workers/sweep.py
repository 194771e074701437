"""Sweep queue: one page of one shard a message; the rest of the shard is the next message."""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.ports import Message
from chalicelib.core.posture import Rules
from chalicelib.core.sweep import sweep_page
from chalicelib.wiring import house
from chalicelib.workers.batch import each_message
from chalicelib.workers.log import logger


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    return each_message(event, _sweep)


def _sweep(message: Mapping[str, Any]) -> None:
    rules = Rules(**message["rules"]) if "rules" in message else None
    swept = sweep_page(house(), message["shard"], message["cursor"], rules)
    if swept.devices:
        counts = {"devices": swept.devices, "opened": swept.opened, "resolved": swept.resolved, "woken": swept.woken}
        logger.info("swept", extra={"shard": message["shard"], **counts})
    if swept.cursor:
        house().sweeps.send(Message({**message, "cursor": swept.cursor}))
