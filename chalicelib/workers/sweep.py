"""Sweep queue: one page of one shard a message; the rest of the shard is the next message."""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.ports import Message
from chalicelib.core.sweep import sweep_page
from chalicelib.wiring import house
from chalicelib.workers.batch import each_message
from chalicelib.workers.log import logger


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    return each_message(event, _sweep)


def _sweep(message: Mapping[str, Any]) -> None:
    shard, mode = int(message["shard"]), str(message["mode"])
    swept = sweep_page(house(), shard, str(message["cursor"]), mode)
    if swept.devices:
        logger.info("swept", extra={"shard": shard, "devices": swept.devices, "opened": swept.opened,
                                    "resolved": swept.resolved, "woken": swept.woken})  # fmt: skip
    if swept.cursor:
        house().sweeps.send(Message({"shard": shard, "cursor": swept.cursor, "mode": mode}))
