"""Collects the rows of the benchmark and prints them as a table and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

COLUMNS = ("calls", "rru", "wru", "sqs", "kms", "cpu_us", "ms", "p50_ms", "p95_ms", "mb", "per_second", "usd", "budget")


@dataclass
class Report:
    rows: dict[str, Mapping[str, float | int | str]] = field(default_factory=dict)

    def row(self, name: str, **values: float | int | str) -> None:
        unknown = set(values) - set(COLUMNS)
        assert not unknown, f"unknown columns {unknown}"
        self.rows[name] = values

    def table(self) -> str:
        used = [column for column in COLUMNS if any(column in row for row in self.rows.values())]
        cells = [["", *used]] + [[name, *(_shown(row.get(c, "")) for c in used)] for name, row in self.rows.items()]
        widths = [max(len(line[index]) for line in cells) for index in range(len(used) + 1)]
        lines = [
            "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
            for line in cells
        ]
        return "\n".join(lines)

    def as_json(self) -> str:
        return json.dumps(self.rows, indent=1)


def _shown(value: float | int | str) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
