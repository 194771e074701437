"""Stream of the commands table → wake queue: a queued command or a fresh enrollment wakes its channel."""

from typing import Any

from chalicelib.core.ports import Message
from chalicelib.model.command import Command
from chalicelib.model.enrollment import Enrollment
from chalicelib.wiring import house

BATCH = 100


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    muster = house()
    waiting: dict[str, None] = {}
    for record in event["Records"]:
        image = record["dynamodb"].get("NewImage", {})
        if image.get("sk", {}).get("S", "").startswith("Q#"):
            waiting[muster.store.read_image(Command, image).enrollment_id] = None
        elif muster.store.read_image(Enrollment, image).fresh:
            waiting[muster.store.read_image(Enrollment, image).id] = None
    ids = list(waiting)
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    if batches:
        muster.wakes.send(*(Message({"enrollments": batch}) for batch in batches))
    return {"batchItemFailures": []}
