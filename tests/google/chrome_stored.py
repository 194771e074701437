"""Policies as they are kept, whom a target inherits from, and the quota of writes."""

from __future__ import annotations

import json
from typing import Any

from tests.google import chrome_units
from tests.google.errors import Refusal, invalid
from tests.google.world import World

WRITES, WINDOW = 30, 60  # of a customer, in so many seconds


def policies(world: World) -> dict[str, dict[str, Any]]:
    """key → {"schema", "resource", "keys", "value", "added"}; the key is all but the last two, as JSON."""
    return world.table("chrome_policies")


def key_of(schema: str, resource: str, keys: dict[str, str]) -> str:
    return json.dumps([schema, resource, keys], sort_keys=True)


def line(world: World, resource: str) -> list[str]:
    """The target first; above it, whom it inherits from."""
    kind, _, number = resource.partition("/")
    if kind == "groups" and number:
        return [resource]
    if kind != "orgunits" or number not in chrome_units.table(world):
        raise invalid("policyTargetKey.targetResource: no such org unit or group.")
    return [f"orgunits/{one}" for one in chrome_units.parents(world, number)]


def paced(world: World) -> None:
    kept = world.table("chrome_writes").setdefault("at", [])
    now = world.clock.now()
    kept[:] = [at for at in kept if now - at < WINDOW]
    if len(kept) >= WRITES:
        raise Refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded for policy writes.", reason="RATE_LIMIT_EXCEEDED")
    kept.append(now)
