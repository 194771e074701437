"""How Muster proves itself to WNS: OAuth 2.0 client credentials at login.live.com (RFC 6749 §4.4), kept while warm.

Microsoft: "Push notification service request and response headers". The setting holds package name and SID, the secret
lies in escrow.
"""

import http.client
import json
import ssl
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from chalicelib.core import escrow
from chalicelib.core.house import House
from chalicelib.core.ports import PushRefused
from chalicelib.core.windows_settings import WNS
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret

KIND = "wns_secret"
SCOPE = "notify.windows.com"
TIMEOUT = 5.0
LARGEST_ANSWER = 64 * 1024
LONGEST_TOKEN = 8 * 1024
USUAL_LIFE, LONGEST_LIFE, EARLY = 3_600, 86_400, 300  # seconds
REREAD = 60  # seconds after which a changed setting is in use


@dataclass(frozen=True, slots=True)
class _Kept:
    token: Secret[str]
    until: int


_tokens: dict[tuple[str, str, int], _Kept] = {}
_read: tuple[House, int, Setting] | None = None


def token(house: House, *, fresh: bool = False) -> Secret[str]:
    """The bearer token; `fresh`: the one that is kept was refused. PushRefused."""
    setting = _setting(house)
    if setting is None:
        raise PushRefused("No push credentials: give Muster the SID and the secret of the push package.", alarm=True)
    place = (house.settings.wns_login_url, str(setting.value["sid"]), setting.version)
    kept = _tokens.get(place)
    if kept is None or fresh or kept.until <= house.clock():
        _tokens.clear()
        _tokens[place] = kept = _ask(house, str(setting.value["sid"]))
    return kept.token


def _setting(house: House) -> Setting | None:
    """Wakes come in bursts: one read a minute is enough for all of them."""
    global _read
    now = house.clock()
    if _read is None or _read[0] is not house or now - _read[1] >= REREAD:
        found = house.store.find(Setting, WNS)
        if found is None:
            return None
        _read = (house, now, found)
    return _read[2]


def _ask(house: House, sid: str) -> _Kept:
    secret = escrow.current(house, escrow.ORGANIZATION, KIND)
    if secret is None:
        raise PushRefused("The secret of the push credentials is missing from the vault.", alarm=True)
    asked = {
        "grant_type": "client_credentials",
        "client_id": sid,
        "client_secret": secret.reveal().decode(),
        "scope": SCOPE,
    }
    status, body = _post(house, urlencode(asked).encode())
    if status != 200:
        busy = status in (408, 429) or status >= 500
        raise PushRefused(f"Microsoft's login answered {status}{_reason(body)}.", alarm=not busy)
    return _taken(body, house.clock())


def _post(house: House, body: bytes) -> tuple[int, bytes]:
    address = urlsplit(house.settings.wns_login_url)
    if address.scheme != "https" or not address.hostname:
        raise PushRefused("The address of Microsoft's login has to start with https://.", alarm=True)
    context = ssl.create_default_context(cadata=house.settings.microsoft_trust or None)
    connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=TIMEOUT, context=context)
    try:
        connection.request("POST", address.path or "/", body, {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        return response.status, response.read(LARGEST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise refused("Microsoft's login", error) from error
    finally:
        connection.close()


def refused(whose: str, error: Exception) -> PushRefused:
    """A certificate that we do not believe concerns everybody; all else is tried again."""
    reason = getattr(error, "reason", "") or type(error).__name__
    return PushRefused(f"No connection to {whose}: {reason}.", alarm=isinstance(error, ssl.SSLCertVerificationError))


def _reason(body: bytes) -> str:
    """The error code of RFC 6749 §5.2; never its description, which may repeat what was sent."""
    try:
        code = json.loads(body).get("error", "")
    except (ValueError, AttributeError):
        return ""
    return f" {code}" if isinstance(code, str) and 0 < len(code) <= 64 and code.isidentifier() else ""


def _taken(body: bytes, now: int) -> _Kept:
    try:
        told = json.loads(body)
        found, life = told["access_token"], int(told.get("expires_in", USUAL_LIFE))
    except (ValueError, TypeError, KeyError, AttributeError):
        found, life = None, 0
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_TOKEN or not _sendable(found):
        raise PushRefused("Microsoft's login answered without a token.", alarm=True)
    return _Kept(Secret(found), now + min(life, LONGEST_LIFE) - EARLY)


def _sendable(found: str) -> bool:
    return found.isascii() and found.isprintable() and " " not in found
