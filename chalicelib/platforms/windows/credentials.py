"""The digest by which a PC and Muster prove themselves to each other (OMA-TS-DM_Security-V1_2_1 §5.3, syncml:auth-md5).

Nothing is kept of a device: passwords and nonces are derived from one key of the organisation, which is opened once a
process. A nonce is numbered, and the enrollment remembers the number: used once, it is over.
"""

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress

from chalicelib.core import escrow
from chalicelib.core.errors import AlreadyExists, Unauthenticated
from chalicelib.core.house import House
from chalicelib.core.trail import SYSTEM, event
from chalicelib.model.secret import Secret

KIND = "windows_digest_key"
SERVER = "Muster"  # the name with which we prove ourselves to the device
_KEY_BYTES, _NONCE_BYTES = 32, 16
_opened: tuple[House, Secret[bytes]] | None = None


def digest(user: str, password: Secret[str], nonce: bytes) -> str:
    """b64(md5(b64(md5(user:password)):nonce)). MD5 is what the protocol knows; it runs inside TLS only."""
    return _b64(_md5(_b64(_md5(f"{user}:{password.reveal()}".encode())).encode() + b":" + nonce))


def client_password(house: House, enrollment_id: str) -> Secret[str]:
    """With this the device proves itself; its name is the enrollment id."""
    return Secret(_derived(house, f"client {enrollment_id}").hex())


def server_password(house: House, enrollment_id: str) -> Secret[str]:
    """With this we prove ourselves to the device."""
    return Secret(_derived(house, f"server {enrollment_id}").hex())


def nonce(house: House, enrollment_id: str, number: int) -> bytes:
    """What the device has to digest next; nobody can foretell it, and it is worth nothing without the password."""
    return _derived(house, f"nonce {enrollment_id} {number}")[:_NONCE_BYTES]


def strange_nonce(house: House, name: str) -> bytes:
    """For whoever is not known: the same again for the same name, as it would be for one that is."""
    return _derived(house, f"strange {name}")[:_NONCE_BYTES]


def fresh_nonce() -> bytes:
    """What we digest first where we have to prove ourselves."""
    return secrets.token_bytes(_NONCE_BYTES)


def _derived(house: House, label: str) -> bytes:
    return hmac.digest(_key(house).reveal(), label.encode(), "sha256")


def _key(house: House) -> Secret[bytes]:
    global _opened
    if _opened is None or _opened[0] is not house:
        key = escrow.current(house, escrow.ORGANIZATION, KIND)
        if key is None:
            raise Unauthenticated("No Windows device has enrolled yet.")
        _opened = (house, key)
    return _opened[1]


def prepare(house: House) -> None:
    """Makes the organisation's key if there is none. Of two that make it at once, one wins."""
    if escrow.versions(house, escrow.ORGANIZATION, KIND):
        return
    change = escrow.sealing(house, escrow.ORGANIZATION, KIND, Secret(secrets.token_bytes(_KEY_BYTES)))
    what = event(house, SYSTEM, "windows-digest-key.created", f"escrow:{KIND}")
    with suppress(AlreadyExists):
        house.store.commit(change, audit=what)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
