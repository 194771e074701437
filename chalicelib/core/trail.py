"""How use cases word their audit events."""

from chalicelib.core.house import House
from chalicelib.model.audit import AuditEvent
from chalicelib.model.people import Principal

SYSTEM = "system"


def event(house: House, actor: Principal | str, action: str, target: str, /, **details: object) -> AuditEvent:
    """`actor` is a person or token (then with the address), or "device:<id>", or SYSTEM. Never pass a secret."""
    if isinstance(actor, Principal):
        return AuditEvent(actor.actor, action, target, house.clock(), ip=actor.ip, details=details)
    return AuditEvent(actor, action, target, house.clock(), details=details)
