"""How Muster proves itself to APNs: the push certificate as a TLS client, kept while the process is warm."""

import secrets
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.core import escrow
from chalicelib.core.house import House
from chalicelib.core.ports import PushRefused
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret

SETTING, KIND = "apple.push", "push_key"


@dataclass(frozen=True, slots=True)
class Identity:
    topic: str
    context: ssl.SSLContext


REREAD = 60  # seconds after which a renewed certificate is in use; the one before it is still valid then
_kept: dict[tuple[str, str], Identity] = {}
_read: tuple[House, int, Setting] | None = None


def identity(house: House) -> Identity:
    """PushRefused with an alarm where there is no certificate, or none that is still valid."""
    setting = _setting(house)
    if setting is None:
        raise PushRefused("No push certificate: upload one with `muster apple push-cert`.", alarm=True)
    if setting.value["not_after"] <= house.clock():
        day = datetime.fromtimestamp(setting.value["not_after"], UTC).date()
        raise PushRefused(f"The push certificate expired on {day}: renew it, with the same Apple account.", alarm=True)
    place = (str(setting.value["certificate"]), house.settings.push_trust)
    if place not in _kept:
        made = _make(house, setting)
        _kept.clear()
        _kept[place] = made
    return _kept[place]


def _setting(house: House) -> Setting | None:
    """Wakes come in bursts: one read a minute is enough for all of them."""
    global _read
    now = house.clock()
    if _read is None or _read[0] is not house or now - _read[1] >= REREAD:
        found = house.store.find(Setting, SETTING)
        if found is None:
            return None
        _read = (house, now, found)
    return _read[2]


def _make(house: House, setting: Setting) -> Identity:
    key = escrow.current(house, escrow.ORGANIZATION, KIND)
    if key is None:
        raise PushRefused("The key of the push certificate is missing from the vault.", alarm=True)
    context = ssl.create_default_context(cadata=house.settings.push_trust or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    _load(context, str(setting.value["certificate"]), key)
    return Identity(str(setting.value["topic"]), context)


def _load(context: ssl.SSLContext, certificate: str, key: Secret[bytes]) -> None:
    """`ssl` reads keys from files only: this one is readable by us alone, and only with a password kept in memory."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    password = secrets.token_hex(32)
    private = serialization.load_pem_private_key(key.reveal(), password=None)
    locked = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    with tempfile.NamedTemporaryFile(prefix="muster-", suffix=".pem") as file:
        file.write(certificate.encode() + b"\n" + locked)
        file.flush()
        context.load_cert_chain(file.name, password=password)
