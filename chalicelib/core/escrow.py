"""Secrets kept for devices and for the organisation: sealed, versioned, never overwritten, revealed with a reason."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.core import access
from chalicelib.core.errors import BadRequest, NotFound, TooLarge
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.device import Device
from chalicelib.model.escrow import EscrowedSecret
from chalicelib.model.people import Principal
from chalicelib.model.secret import Secret

ORGANIZATION = "organization"
LARGEST = 16 * 1024
RECENT = 20  # versions that are looked through
REASON_MIN, REASON_MAX = 8, 500
REVEALABLE = ("unlock_token", "bypass_code", "lock_pin", "recovery_lock", "filevault_key")


def _context(owner: str, kind: str, number: int) -> dict[str, str]:
    return {"owner": owner, "kind": kind, "number": str(number)}


def versions(house: House, owner: str, kind: str = "") -> list[EscrowedSecret]:
    """All of them, oldest first; of all kinds where none is given."""
    found: list[EscrowedSecret] = []
    cursor = ""
    while True:
        page = house.store.collect(EscrowedSecret, owner, *([kind] if kind else []), limit=100, cursor=cursor)
        found += page.items
        if not (cursor := page.cursor):
            return found


def _newest(house: House, owner: str, kind: str) -> tuple[EscrowedSecret, ...]:
    """The last few versions, the newest first: what a device may add to without end is never read whole."""
    return house.store.collect(EscrowedSecret, owner, kind, limit=RECENT, newest=True).items


def held_since(house: House, owner: str, kind: str) -> int:
    """When the newest version came, 0 where none is held; nothing is opened for it."""
    newest = house.store.collect(EscrowedSecret, owner, kind, limit=1, newest=True).items
    return newest[0].created_at if newest else 0


def sealing(
    house: House, owner: str, kind: str, secret: Secret[bytes], *, confirmed: bool = True, note: str = ""
) -> Create:
    """The next version, to be committed with its cause. An equal current secret still makes a version."""
    known = _newest(house, owner, kind)
    number = known[0].number + 1 if known else 1
    sealed = house.vault.seal(secret, _context(owner, kind, number))
    return Create(EscrowedSecret(owner, kind, number, sealed, house.clock(), confirmed=confirmed, note=note))


def put(house: House, owner: str, kind: str, secret: Secret[bytes], *, since: int = 0) -> None:
    """Keeps what a device told unless it equals the current one. TooLarge."""
    if len(secret.reveal()) > LARGEST:
        raise TooLarge(f"A secret of a device has at most {LARGEST} bytes.")

    def attempt() -> None:
        if current(house, owner, kind, since=since) == secret:
            return
        what = event(house, f"device:{owner}", "escrow.stored", f"device:{owner}", kind=kind)
        house.store.commit(sealing(house, owner, kind, secret), audit=what)

    retry_stale(attempt)


def forgetting(house: House, owner: str, kind: str) -> tuple[Change, ...]:
    """An empty newest version, so that nothing is current; no change where nothing is held."""
    if current(house, owner, kind) is None:
        return ()
    return (sealing(house, owner, kind, Secret(b""), note="removed"),)


def open_version(house: House, held: EscrowedSecret) -> Secret[bytes]:
    return house.vault.open(held.sealed, _context(held.owner, held.kind, held.number))


def current(house: House, owner: str, kind: str, *, since: int = 0) -> Secret[bytes] | None:
    """The newest confirmed version; None where there is none, it was removed, or it is older than `since`.

    What is sent to a device is asked for since `Device.bound_at`: an older secret belongs to whoever enrolled before.
    """
    newest = _newest(house, owner, kind)
    held = _confirmed(newest)
    if held is None and len(newest) == RECENT:  # many attempts, none confirmed: the one in use lies further back
        held = _confirmed(versions(house, owner, kind)[::-1])
    if held is None or held.created_at < since:
        return None
    secret = open_version(house, held)
    return secret if secret.reveal() else None


def _confirmed(newest_first: Sequence[EscrowedSecret]) -> EscrowedSecret | None:
    return next((version for version in newest_first if version.confirmed), None)


def confirming(house: House, owner: str, kind: str, note: str) -> tuple[Change, ...]:
    """Marks the version with this note as in use on the device; no change where there is none or it is already."""
    held = [v for v in _newest(house, owner, kind) if v.note == note and not v.confirmed]
    return tuple(Replace(replace(version, confirmed=True)) for version in held[:1])


def noted(house: House, owner: str, kind: str, note: str) -> Secret[bytes] | None:
    """The newest version with this note, confirmed or not."""
    held = [version for version in _newest(house, owner, kind) if version.note == note]
    return open_version(house, held[0]) if held else None


def reveal(
    house: House, principal: Principal, device_id: str, kind: str, reason: str, number: int = 0
) -> Secret[bytes]:
    """A device's secret for a person with a reason; audited before it is returned. BadRequest, NotFound, Forbidden."""
    access.authorize(principal, "escrow.reveal")
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX:
        raise BadRequest(f"Give a reason of {REASON_MIN} to {REASON_MAX} characters; it goes into the audit trail.")
    house.store.get(Device, device_id)
    held = [v for v in versions(house, device_id, kind) if kind in REVEALABLE and (not number or v.number == number)]
    if not held:
        raise NotFound(f"No {kind} is held for this device.")
    what = event(
        house,
        principal,
        "escrow.revealed",
        f"device:{device_id}",
        kind=kind,
        number=held[-1].number,
        reason=reason.strip(),
    )
    house.store.commit(audit=what)
    return open_version(house, held[-1])


def listing(house: House, principal: Principal, device_id: str) -> list[EscrowedSecret]:
    """What is held for a device, without the secrets."""
    access.authorize(principal, "escrow.list")
    house.store.get(Device, device_id)
    return [held for held in versions(house, device_id) if held.kind in REVEALABLE]
