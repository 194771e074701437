"""One line of JSON a request. What may stand in it is listed here; nothing else gets in, and never a body."""

import json
import sys
from collections.abc import Mapping

FIELDS = (
    "function",
    "route",
    "method",
    "status",
    "ms",
    "bytes_in",
    "bytes_out",
    "request_id",
    "message",
    "report",
    "reported",
    "command",
    "request_type",
    "enrollment",
    "error",
    "reason",
    "alert",
    "trace",
)


def write(facts: Mapping[str, str | int]) -> None:
    line = {name: facts[name] for name in FIELDS if facts.get(name) not in (None, "")}
    sys.stderr.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stderr.flush()
