"""The one value that every use case gets: everything Muster can reach, wired once."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.core.ports import Blobs, Clock, Evidence, Identities, PlatformPort, Queue, Signer, Store, Vault

APPLE_PUSH = "https://api.push.apple.com"
ENTRA = "https://login.microsoftonline.com"
WNS_LOGIN = "https://login.live.com/accesstoken.srf"
WNS_DOMAIN = "notify.windows.com"


@dataclass(frozen=True, slots=True)
class Settings:
    """Configuration of the deployment; not changeable at run time."""

    stage: str
    organization: str
    device_url: str
    console_url: str
    push_url: str = APPLE_PUSH
    push_trust: str = ""  # PEM; empty means the system's trust store
    manage_url: str = ""  # where Windows is managed, if devices prove themselves there by TLS; else device_url
    entra_url: str = ENTRA
    wns_login_url: str = WNS_LOGIN
    wns_domain: str = WNS_DOMAIN  # notification channels lie below it
    microsoft_trust: str = ""  # PEM, for Entra and WNS; empty means the system's trust store
    google_url: str = ""  # of a stand-in that has all of Google's hosts as its first path segment; empty means Google
    google_trust: str = ""  # PEM; empty means the system's trust store


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
