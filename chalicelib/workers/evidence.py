"""Stream of the audit table → write-once storage: a file for each run of entries of a shard."""

from collections import defaultdict
from typing import Any

from chalicelib.core.audit import entry_line
from chalicelib.model.audit import AuditEntry
from chalicelib.wiring import house


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    muster = house()
    runs: dict[int, dict[int, AuditEntry]] = defaultdict(dict)  # by shard and sequence: a record may come twice
    for record in event["Records"]:
        if record["eventName"] == "INSERT":
            entry = muster.store.read_image(AuditEntry, record["dynamodb"]["NewImage"])
            runs[entry.shard][entry.sequence] = entry
    for shard, found in runs.items():
        entries = [found[sequence] for sequence in sorted(found)]
        body = "".join(entry_line(entry) + "\n" for entry in entries)
        key = f"audit/{shard:02d}/{entries[0].sequence:012d}-{entries[-1].sequence:012d}.jsonl"
        muster.evidence.put(key, body.encode(), "application/jsonl")
    return {"batchItemFailures": []}
