"""The certification authority as the device plane knows it: two certificates, and no right to any key."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.core.house import House
from chalicelib.model.records import Setting

SETTING = "ca"


@dataclass(frozen=True, slots=True)
class Authority:
    """Certificates (DER) of the CA and of the registration authority, which opens SCEP envelopes and signs profiles."""

    ca: bytes
    ra: bytes


_known: tuple[House, Authority] | None = None  # certificates never change once made


def time(house: House) -> datetime:
    return datetime.fromtimestamp(house.clock(), UTC)


def known(house: House) -> Authority:
    """One read a process. NotFound before its first use, which `core.issuance` makes it at."""
    global _known
    if _known is None or _known[0] is not house:
        _known = (house, _from(house.store.get(Setting, SETTING)))
    return _known[1]


def _from(setting: Setting) -> Authority:
    return Authority(base64.b64decode(setting.value["certificate"]), base64.b64decode(setting.value["ra_certificate"]))
