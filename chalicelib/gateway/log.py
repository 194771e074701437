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


LONGEST = 300  # characters of a value: much of what is logged was sent by strangers


def write(facts: Mapping[str, str | int]) -> None:
    line = {name: _short(facts[name]) for name in FIELDS if facts.get(name) not in (None, "")}
    sys.stderr.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stderr.flush()


def _short(value: str | int) -> str | int:
    return value[:LONGEST] if isinstance(value, str) else value
