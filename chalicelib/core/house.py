"""The one value that every use case gets: everything Muster can reach, wired once."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.core.ports import Blobs, Clock, Evidence, Identities, PlatformPort, Queue, Signer, Store, Vault

APPLE_PUSH = "https://api.push.apple.com"


@dataclass(frozen=True, slots=True)
class Settings:
    """Configuration of the deployment; not changeable at run time."""

    stage: str
    organization: str
    device_url: str
    console_url: str
    push_url: str = APPLE_PUSH
    push_trust: str = ""  # PEM; empty means the system's trust store


@dataclass(frozen=True, slots=True)
class House:
    settings: Settings
    clock: Clock
    store: Store
    blobs: Blobs
    evidence: Evidence
    vault: Vault
    wakes: Queue
    sweeps: Queue
    reports: Queue
    ca_key: Signer
    evidence_key: Signer
    identities: Identities
    platforms: Mapping[str, PlatformPort]  # registry name → platform, imported when first used
