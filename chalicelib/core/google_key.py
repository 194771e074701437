"""The key file that Google hands out for a service account, believed only where it is exactly that.

Source: Google Cloud, "Create and delete service account keys". Where the file says to ask for tokens is checked and
never used: whoever could choose that address would be given our assertions.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.core.errors import Unprocessable
from chalicelib.model.secret import Secret

LARGEST = 16 * 1024
SMALLEST_KEY, LARGEST_KEY = 2048, 4096  # bits
TOKEN_URIS = ("https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token")
UNIVERSE = "googleapis.com"
EMAIL = r"[a-z0-9][a-z0-9.-]{0,99}@[a-z0-9][a-z0-9.-]{0,150}\.gserviceaccount\.com"
NO_KEY_FILE = "This is not the JSON key file of a service account, as Google Cloud hands it out."
_FORMS = {
    "project_id": r"([a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
    "client_email": EMAIL,
    "client_id": "[0-9]{5,30}",
    "private_key_id": "[0-9A-Za-z_-]{8,64}",
}


@dataclass(frozen=True, slots=True)
class AccountKey:
    project: str
    client_email: str
    client_id: str
    key_id: str
    pem: Secret[bytes] = field(repr=False)  # PKCS #8: the same key is the same bytes


def read(key_json: Secret[bytes]) -> AccountKey:
    """Unprocessable; it never repeats what is in the file."""
    told = _fields(key_json.reveal())
    if told.get("type") != "service_account":
        raise Unprocessable(f"{NO_KEY_FILE} It has the type service_account.")
    if told.get("token_uri") not in TOKEN_URIS or told.get("universe_domain", UNIVERSE) != UNIVERSE:
        raise Unprocessable("The key file names a token address that is not Google's; Muster does not use such a file.")
    for name, form in _FORMS.items():
        if not re.fullmatch(form, told.get(name, "")):
            raise Unprocessable(f"{NO_KEY_FILE} Its {name} does not look like one of Google's.")
    project, email, number, key_id = (told[name] for name in _FORMS)
    return AccountKey(project, email, number, key_id, _private_key(told.get("private_key", "")))


def _fields(text: bytes) -> Mapping[str, str]:
    if len(text) > LARGEST:
        raise Unprocessable(f"{NO_KEY_FILE} It is larger than any.")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise Unprocessable(NO_KEY_FILE) from None  # the cause would quote the file
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise Unprocessable(NO_KEY_FILE)
    return told


def _private_key(pem: str) -> Secret[bytes]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Unprocessable("The private key in the file cannot be read.") from None
    if not isinstance(key, RSAPrivateKey) or not SMALLEST_KEY <= key.key_size <= LARGEST_KEY:
        raise Unprocessable(f"The private key in the file is not RSA of {SMALLEST_KEY} to {LARGEST_KEY} bits.")
    return Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
