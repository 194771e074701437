"""The queue on SQS."""

import json
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.core.errors import TooLarge, Unavailable
from chalicelib.core.ports import Message
from chalicelib.storage.aws.client import SQS, Session

BATCH, ROUNDS = 10, 4
LARGEST_BATCH = 256 * 1024  # bytes of all bodies of one batch
Entry = Mapping[str, Any]


class SqsQueue:
    def __init__(self, session: Session, url: str) -> None:
        self._session, self._url = session, url

    def send(self, *messages: Message) -> None:
        for batch in _batches([_entry(number, message) for number, message in enumerate(messages)]):
            self._send_batch(batch)

    def _send_batch(self, waiting: Sequence[Entry]) -> None:
        for number in range(ROUNDS):
            body = {"QueueUrl": self._url, "Entries": waiting}
            answer = self._session.call(SQS, "SendMessageBatch", body)
            self._session.meter.record("sqs.send", size=sum(len(entry["MessageBody"]) for entry in waiting))
            failed = {failure["Id"] for failure in answer.get("Failed", [])}
            waiting = [entry for entry in waiting if entry["Id"] in failed]
            if not waiting:
                return
            time.sleep(random.uniform(0, 0.05 * 2**number))  # noqa: S311 - jitter
        raise Unavailable(f"The queue refused {len(waiting)} messages; try again.")


def _entry(number: int, message: Message) -> Entry:
    text = json.dumps(dict(message.body), separators=(",", ":"))
    if len(text) > LARGEST_BATCH:
        raise TooLarge("A message to a queue is at most 256 KB.")
    return {"Id": str(number), "MessageBody": text, "DelaySeconds": message.delay}


def _batches(entries: Sequence[Entry]) -> Sequence[Sequence[Entry]]:
    batches: list[list[Entry]] = []
    size = 0
    for entry in entries:
        length = len(entry["MessageBody"])
        if not batches or len(batches[-1]) == BATCH or size + length > LARGEST_BATCH:
            batches.append([])
            size = 0
        batches[-1].append(entry)
        size += length
    return batches
