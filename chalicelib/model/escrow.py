"""A sealed secret that Muster keeps for a device or for itself; versions are only ever added."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EscrowedSecret:
    """`sealed` is ciphertext under a KMS data key whose context binds owner, kind and version."""

    owner: str  # device id, or "organization"
    kind: str  # unlock_token, recovery_lock, filevault_key, bypass_code, lock_pin, bootstrap_token, push_key …
    number: int  # version: 1, 2, 3 …; the highest one that is confirmed is current
    sealed: bytes
    created_at: int
    confirmed: bool = True  # false until the device acknowledged that it uses it
    note: str = ""
    version: int = 0
