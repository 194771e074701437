"""Wake queue → push service; what may work later is sent again with a growing delay, then left to the sweep."""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.ports import Message
from chalicelib.core.wake import wake
from chalicelib.wiring import house
from chalicelib.workers.batch import each_message
from chalicelib.workers.log import logger

ATTEMPTS = 5
FIRST_DELAY = 30


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    return each_message(event, _wake)


def _wake(message: Mapping[str, Any]) -> None:
    attempt = int(message.get("attempt", 1))
    refused = wake(house(), message["enrollments"])
    for reason in sorted({refusal.reason for refusal in refused.values() if refusal.alarm}):
        logger.error("push refused for the organisation", extra={"reason": reason})
    if refused and attempt < ATTEMPTS:
        delay = min(FIRST_DELAY * 2 ** (attempt - 1), 900)
        house().wakes.send(Message({"enrollments": list(refused), "attempt": attempt + 1}, delay))
