"""How a test makes a device misbehave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.devices.apple.complaints import CommandRefused


@dataclass
class Knobs:
    """All of it is off at first; the counted ones run out."""

    content_type: str = "normal"  # normal | none | empty
    method: str = "PUT"
    attach_content: bool = False
    digest: str = "sha256"
    sign_other_body: bytes | None = None
    strip_signature: bool = False
    silent: bool = False
    lose_replies: int = 0
    lose_reports: int = 0
    escrow_bootstrap: bool = True  # a Mac sends its bootstrap token right after enrolling
    not_now: list[list[Any]] = field(default_factory=list)  # [types or None, times left]
    refusals: dict[str, list[Any]] = field(default_factory=dict)  # request type → [chain, times left]

    def defers(self, request_type: str) -> bool:
        for entry in self.not_now:
            types, left = entry
            if left > 0 and (types is None or request_type in types):
                entry[1] -= 1
                return True
        return False

    def refuses(self, request_type: str) -> Sequence[Mapping[str, Any]] | None:
        entry = self.refusals.get(request_type)
        if entry is None or entry[1] <= 0:
            return None
        entry[1] -= 1
        return list(entry[0])

    def add_refusal(self, request_type: str, chain: Sequence[Mapping[str, Any]] | None, times: int) -> None:
        self.refusals[request_type] = [chain or CommandRefused(f"{request_type} was refused.", 12000).chain, times]

    def take(self, name: str) -> bool:
        left = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return bool(left > 0)
