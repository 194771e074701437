"""What administrators set about how Windows PCs come in: sign-in page, Entra tenants, terms, the push package."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.house import House
from chalicelib.model.device import Ownership
from chalicelib.model.records import Setting

ENROLLMENT, ENTRA, WNS, TERMS = "windows.enrollment", "windows.entra", "windows.wns", "windows.terms"
WNS_SECRET = "wns_secret"  # noqa: S105 - its kind in escrow


@dataclass(frozen=True, slots=True)
class EnrollmentRules:
    """`federated`: people may sign in instead of having an invitation; what they enroll is theirs under these terms."""

    federated: bool = False
    ownership: Ownership = Ownership.CORPORATE
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EntraRules:
    """Whose tokens are believed (tenant ids) if they were made for us (URLs or application ids). Empty: nobody's."""

    tenants: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    ownership: Ownership = Ownership.CORPORATE
    groups: tuple[str, ...] = ()


def enrollment_rules(house: House) -> EnrollmentRules:
    value = _value(house, ENROLLMENT)
    return EnrollmentRules(bool(value.get("federated")), *_terms(value))


def entra_rules(house: House) -> EntraRules:
    value = _value(house, ENTRA)
    tenants = tuple(str(tenant).lower() for tenant in value.get("tenants", ()))
    return EntraRules(tenants, tuple(map(str, value.get("audiences", ()))), *_terms(value))


def push_package(house: House) -> str:
    """The package family name that notifications are sent to, or ""."""
    return str(_value(house, WNS).get("pfn", ""))


def terms(house: House) -> str:
    """What the organisation says to whoever enrolls a PC with Entra, or ""."""
    return str(_value(house, TERMS).get("text", ""))


def _terms(value: Mapping[str, Any]) -> tuple[Ownership, tuple[str, ...]]:
    return Ownership(value.get("ownership", Ownership.CORPORATE)), tuple(map(str, value.get("groups", ())))


def _value(house: House, name: str) -> Mapping[str, Any]:
    setting = house.store.find(Setting, name)
    return setting.value if setting else {}
