"""Reports queue: builds one report a message."""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.reports import build
from chalicelib.wiring import house
from chalicelib.workers.batch import each_message


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    return each_message(event, _build)


def _build(message: Mapping[str, Any]) -> None:
    build(house(), str(message["report"]))
