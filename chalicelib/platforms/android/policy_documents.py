"""The organisation's policy documents: sealed, for they hold secrets; known by digests that tell nothing of those.

A digest is keyed with a salt that is sealed along: nobody who reads the setting or the trail can try passphrases on it.
"""

import base64
import hmac
import json
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.core import escrow
from chalicelib.core.errors import TooLarge
from chalicelib.core.house import House
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret
from chalicelib.platforms.android.policy.defaults import defaults
from chalicelib.platforms.android.policy.placeholders import placeholders

if TYPE_CHECKING:
    from chalicelib.platforms.android.policy.reading import Policy

LARGEST = 200 * 1024  # bytes, compressed; an item of the table has at most 400 KB, and this is written in base64
KIND = "android_policy"


@dataclass(frozen=True, slots=True)
class Held:
    """The document of one mode; version 0 is the default. `shared`: the same for all devices, no placeholders."""

    mode: str
    digest: str
    shared: bool
    version: int = 0
    sealed: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    document: Mapping[str, Any]
    salt: str = ""

    def digest(self, policy: "Policy") -> str:
        """Of the document, or of what became of it for one device."""
        return (
            hmac.digest(self.salt.encode(), policy.digest().encode(), "sha256").hex() if self.salt else policy.digest()
        )


def setting_name(mode: str) -> str:
    return f"android.policy.{mode}"


def held(house: House, mode: str) -> Held:
    """Unprocessable for what is no mode."""
    defaults(mode)
    found = house.store.find(Setting, setting_name(mode))
    if found is None:
        return Held(mode, _default_digest(mode), shared=True)
    value = found.value
    return Held(mode, value["digest"], value["shared"], found.version, value["sealed"])


@cache
def _default_digest(mode: str) -> str:
    from chalicelib.platforms.android.policy import reading

    return reading.read(defaults(mode), mode).digest()


def opened(house: House, kept: Held) -> Opened:
    if not kept.version:
        return Opened(defaults(kept.mode))
    plain = house.vault.open(base64.b64decode(kept.sealed), _context(kept.mode, kept.digest))
    told = json.loads(zlib.decompress(plain.reveal()))
    return Opened(told["document"], told["salt"])


def setting(house: House, policy: "Policy", document: Mapping[str, Any], before: Opened, version: int) -> Setting:
    """As it is to be stored. TooLarge."""
    new = Opened(document, before.salt or secrets.token_hex(16))
    digest = new.digest(policy)
    packed = zlib.compress(json.dumps({"salt": new.salt, "document": document}, ensure_ascii=False).encode(), 9)
    if len(packed) > LARGEST:
        raise TooLarge(f"A policy document has at most {LARGEST // 1024} KB once it is compressed.")
    sealed = house.vault.seal(Secret(packed), _context(policy.mode, digest))
    value = {"digest": digest, "shared": not placeholders(document), "sealed": base64.b64encode(sealed).decode()}
    return Setting(setting_name(policy.mode), value, version)


def _context(mode: str, digest: str) -> dict[str, str]:
    return {"owner": escrow.ORGANIZATION, "kind": KIND, "number": f"{mode} {digest}"}
