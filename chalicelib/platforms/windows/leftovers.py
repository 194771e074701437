"""Questions that did not fit into one message, with the answers so far: a PC with little room is asked in portions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.core.house import House


@dataclass(frozen=True, slots=True)
class Leftover:
    nodes: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


def keep(house: House, enrollment_id: str, name: str, nodes: tuple[str, ...], values: Mapping[str, str]) -> None:
    body = json.dumps({"nodes": nodes, "values": dict(values)}).encode()
    house.blobs.put(_key(enrollment_id, name), body, "application/json")


def load(house: House, enrollment_id: str, name: str) -> Leftover:
    held = json.loads(house.blobs.get(_key(enrollment_id, name)))
    return Leftover(tuple(held["nodes"]), held["values"])


def _key(enrollment_id: str, name: str) -> str:
    return f"windows/sessions/{enrollment_id}/{name}.json"
