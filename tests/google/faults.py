"""Faults on order: refusals, delays, lost requests, lost answers; and quotas."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.google.errors import STATUSES, Refusal
from tests.google.world import World

TEXTS = {429: "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'.",
         503: "The service is currently unavailable.", 500: "Internal error encountered."}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """status 0: the request is answered as usual, unless the connection is to break before or after."""

    status: int = 0
    headers: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    drop: str = ""  # "before" nothing happens; "after" it happens and the answer is lost
    delay: float = 0.0


def due(world: World, method: str, path: str, query: Mapping[str, list[str]], *, legacy: bool) -> Fault:
    """The first fault that was ordered for this request; `after` of its matches go by unharmed."""
    for fault in world.faults:
        if fault["times"] <= 0 or not _matches(fault, method, path, query):
            continue
        if fault.get("after", 0) > 0:
            fault["after"] -= 1
            continue
        fault["times"] -= 1
        return _made(fault, legacy)
    return Fault()


def quota(world: World, host: str) -> None:
    """A sliding window per host: {"limit": 1000, "per": 100}."""
    said = world.quotas.get(host)
    if not said:
        return
    now = world.clock.now()
    said["seen"] = [at for at in said.get("seen", []) if at > now - said["per"]]
    if len(said["seen"]) >= said["limit"]:
        raise Refusal(429, "RESOURCE_EXHAUSTED", TEXTS[429], reason="RATE_LIMIT_EXCEEDED")
    said["seen"].append(now)


def _matches(fault: Mapping[str, Any], method: str, path: str, query: Mapping[str, list[str]]) -> bool:
    verb, _, pattern = str(fault.get("match", "* *")).partition(" ")
    if not fnmatch.fnmatchcase(method, verb) or not fnmatch.fnmatchcase(path, pattern or "*"):
        return False
    wanted = fault.get("query") or {}
    return all(name in query and fnmatch.fnmatchcase(query[name][0], text) for name, text in wanted.items())


def _made(fault: Mapping[str, Any], legacy: bool) -> Fault:
    status = int(fault.get("status", 0))
    headers = {"Retry-After": str(fault["retry_after"])} if fault.get("retry_after") is not None else {}
    name = STATUSES.get(status, "UNKNOWN")
    text = fault.get("message") or TEXTS.get(status, name)
    body = Refusal(status, name, text, reason=fault.get("reason", "")).body(legacy=legacy) if status else None
    return Fault(status, headers, body, fault.get("drop", ""), float(fault.get("delay", 0)))
