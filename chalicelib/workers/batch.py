"""Batches: one failing message is reported for a retry and does not take the others along."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from chalicelib.workers.log import logger


def each_message(event: dict[str, Any], handler: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """Calls `handler` with each SQS message's JSON body; answers {"batchItemFailures": [...]}."""

    def process(record: SQSRecord) -> None:
        try:
            handler(json.loads(record.body))
        except Exception:
            logger.exception("message failed", extra={"message": record.message_id})
            raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event=event, record_handler=process, processor=processor, context=None))
