"""Setting how Windows PCs come in; windows_settings.py reads it. The trail tells before and after, never the secret."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from chalicelib.core import access, escrow, settings, windows_settings
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.core.windows_settings import ENROLLMENT, ENTRA, TERMS, WNS, WNS_SECRET, EnrollmentRules, EntraRules
from chalicelib.model.people import Principal
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret

GUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
AUDIENCE = rf"({GUID}|(https|api)://[A-Za-z0-9][A-Za-z0-9.-]{{0,252}}(:[0-9]{{1,5}})?(/[A-Za-z0-9._~%/-]{{0,200}})?)"
PACKAGE_FAMILY = "[A-Za-z0-9.-]{3,50}_[0-9a-hjkmnp-tv-z]{13}"
PACKAGE_SID = "ms-app://[sS]-1-15-2(-[0-9]{1,10}){7}"
TENANTS_MAX = AUDIENCES_MAX = 20
TERMS_MAX = 20_000
EVERYBODY = "9188040d-6c67-4c5b-b112-36a304b66dad"  # the tenant of all personal Microsoft accounts


@dataclass(frozen=True, slots=True)
class PushPackage:
    """Whose notifications wake PCs. `secret_since`: when the secret was given, 0 where none is held."""

    pfn: str = ""
    sid: str = ""
    secret_since: int = 0


def enrollment(house: House, principal: Principal) -> EnrollmentRules:
    access.authorize(principal, "settings.read")
    return windows_settings.enrollment_rules(house)


def set_enrollment(house: House, principal: Principal, rules: EnrollmentRules) -> EnrollmentRules:
    """Opens or closes the sign-in page, which lets everybody in the user directory enroll."""
    access.authorize(principal, "trust.write")
    value = {"federated": rules.federated, "ownership": rules.ownership.value, "groups": list(rules.groups)}
    settings.change(house, principal, ENROLLMENT, value, shown=dict)
    return rules


def entra(house: House, principal: Principal) -> EntraRules:
    access.authorize(principal, "settings.read")
    return windows_settings.entra_rules(house)


def set_entra(house: House, principal: Principal, rules: EntraRules) -> EntraRules:
    """Whose tokens are believed; without tenants and audiences nobody's. Unprocessable."""
    access.authorize(principal, "trust.write")
    tenants = [tenant.lower() for tenant in _matching(rules.tenants, GUID, TENANTS_MAX, "a tenant id")]
    audiences = _matching(rules.audiences, AUDIENCE, AUDIENCES_MAX, "an application id or its URI")
    audiences = [one.lower() if re.fullmatch(GUID, one) else one for one in audiences]
    if bool(tenants) != bool(audiences):
        raise Unprocessable("Name tenants and audiences together; neither closes enrollment with Entra.")
    if EVERYBODY in tenants:
        raise Unprocessable(f"{EVERYBODY} is the tenant of all personal Microsoft accounts: anybody could enroll.")
    terms = {"ownership": rules.ownership.value, "groups": list(rules.groups)}
    settings.change(house, principal, ENTRA, {"tenants": tenants, "audiences": audiences, **terms}, shown=dict)
    return windows_settings.entra_rules(house)


def _matching(given: Sequence[str], pattern: str, most: int, what: str) -> list[str]:
    if len(given) > most:
        raise Unprocessable(f"At most {most} can be named.")
    for one in given:
        if not re.fullmatch(pattern, one):
            raise Unprocessable(f"{one[:100]!r} is not {what}.")
    return list(dict.fromkeys(given))


def push_package(house: House, principal: Principal) -> PushPackage:
    access.authorize(principal, "settings.read")
    held = house.store.find(Setting, WNS)
    value = held.value if held else {}
    return PushPackage(
        str(value.get("pfn", "")), str(value.get("sid", "")), escrow.held_since(house, escrow.ORGANIZATION, WNS_SECRET)
    )


def set_push_package(
    house: House, principal: Principal, pfn: str, sid: str, secret: Secret[str] | None = None
) -> PushPackage:
    """Without a secret the one that is held stays, if it belongs to this SID. Unprocessable."""
    access.authorize(principal, "trust.write")
    if not re.fullmatch(PACKAGE_FAMILY, pfn) or not re.fullmatch(PACKAGE_SID, sid):
        raise Unprocessable("Give the package family name and the package SID (ms-app://s-1-15-2-…) as Microsoft does.")
    if secret is not None and not re.fullmatch(r"[!-~]{1,500}", secret.reveal()):
        raise Unprocessable("The secret is not one that Microsoft gives out: it has no blanks and is not that long.")
    value = {"pfn": pfn, "sid": sid}

    def attempt() -> None:
        held = house.store.find(Setting, WNS)
        before: Mapping[str, Any] = held.value if held else {}
        if secret is None and (
            before.get("sid") != sid or not escrow.held_since(house, escrow.ORGANIZATION, WNS_SECRET)
        ):
            raise Unprocessable("The secret of this package is not held: give it too.")
        if secret is None and before == value:
            return
        kept = "kept" if secret is None else "replaced"
        what = event(
            house, principal, "settings.changed", f"setting:{WNS}", before=dict(before), after=value, secret=kept
        )
        # Written even where only the secret is new: its version tells the pusher that its token is of the past.
        changes = [settings.writing(held, WNS, value)]
        if secret is not None:
            sealed = Secret(secret.reveal().encode())
            changes.append(escrow.sealing(house, escrow.ORGANIZATION, WNS_SECRET, sealed))
        house.store.commit(*changes, audit=what)

    retry_stale(attempt)
    return push_package(house, principal)


def terms(house: House, principal: Principal) -> str:
    access.authorize(principal, "settings.read")
    return windows_settings.terms(house)


def set_terms(house: House, principal: Principal, text: str) -> str:
    """What is shown before a PC enrolls with Entra; empty: Muster's own words. Unprocessable."""
    access.authorize(principal, "settings.write")
    kept = "\n".join(text.splitlines()).strip()
    if len(kept) > TERMS_MAX or not all(letter.isprintable() or letter in "\n\t" for letter in kept):
        raise Unprocessable(f"The terms are plain text of at most {TERMS_MAX:,} characters.")
    settings.change(house, principal, TERMS, {"text": kept} if kept else None, shown=_known_by)
    return kept


def _known_by(value: Mapping[str, Any]) -> dict[str, Any]:
    """A text is too long for the trail; what identifies it is not."""
    text = str(value.get("text", ""))
    return {"characters": len(text), "sha256": sha256(text.encode()).hexdigest() if text else ""}
