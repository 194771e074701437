"""Declarations and their server tokens (Apple declarative/declarations/declarationbase.yaml). No pydantic here."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from chalicelib.model.enrollment import Declaration


def declaration(
    device_id: str,
    identifier: str,
    kind: str,
    type_: str,
    payload: Mapping[str, Any],
    previous: Declaration | None = None,
) -> Declaration:
    """`previous` is the stored one that it replaces. The token covers all that the device sees, so it moves with it."""
    content = {"Type": type_, "Identifier": identifier, "Payload": dict(payload)}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Declaration(
        device_id=device_id,
        identifier=identifier,
        kind=kind,
        type=type_,
        payload=payload,
        server_token=hashlib.sha256(canonical.encode()).hexdigest(),
        version=previous.version if previous else 0,
    )


def body(held: Declaration) -> dict[str, Any]:
    """As the device downloads it."""
    return {
        "Type": held.type,
        "Identifier": held.identifier,
        "ServerToken": held.server_token,
        "Payload": dict(held.payload),
    }
