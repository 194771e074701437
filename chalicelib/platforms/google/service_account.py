"""The service account that Muster is at Google, and how it says so: a signed assertion (RFC 7523 §2.1, RFC 7515).

Google: "Using OAuth 2.0 for server to server applications". `sub` is the administrator in whose name is asked, where
the customer delegated that.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.core import escrow, google_settings
from chalicelib.core.google_settings import ACCOUNT_KEY, NOT_CONNECTED, Connection, NotConnected
from chalicelib.core.house import House
from chalicelib.model.secret import Secret
from chalicelib.platforms.google import hosts
from chalicelib.platforms.google.lately import Lately

AUDIENCE = f"https://{hosts.TOKENS}/token"
LIFE = 3_600  # seconds; Google bears no more

_lately = Lately(google_settings.connection)


def connection(house: House) -> Connection:
    """NotConnected."""
    found = _lately(house)
    if found is None:
        raise NotConnected(NOT_CONNECTED)
    return found


def assertion(house: House, account: Connection, scopes: Sequence[str], subject: str = "") -> Secret[str]:
    """NotConnected where the key is gone."""
    now = house.clock()
    header = {"alg": "RS256", "typ": "JWT", "kid": account.key_id}
    claims = {
        "iss": account.client_email,
        "scope": " ".join(scopes),
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + LIFE,
        **({"sub": subject} if subject else {}),
    }
    covered = f"{_part(header)}.{_part(claims)}"
    return Secret(f"{covered}.{_base64(_sign(house, covered.encode()))}")


def _sign(house: House, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = escrow.current(house, escrow.ORGANIZATION, ACCOUNT_KEY)
    key = load_pem_private_key(pem.reveal(), None) if pem else None
    if not isinstance(key, RSAPrivateKey):
        raise NotConnected("The key of Google's service account is missing from the vault: connect again.")
    return key.sign(data, PKCS1v15(), SHA256())


def _part(content: Mapping[str, Any]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
