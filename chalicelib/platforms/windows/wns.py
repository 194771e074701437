"""Wakes PCs through Microsoft's push service: a raw notification makes the PC start a session (WNS, DMClient CSP Push).

Microsoft: "Push notification service request and response headers". What is in the notification does not matter. WNS
may drop it where the PC is off, which no second push would change: the PC polls when it is back.
"""

import http.client
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, urlsplit

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import WNS_DOMAIN, House
from chalicelib.core.ports import PushRefused
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.secret import Secret
from chalicelib.platforms.windows import wns_token

BATCH_TIMEOUT = 20.0
TIMEOUT = 5.0
LONGEST_CHANNEL = 2_048
GONE = frozenset({404, 410})
BUSY = frozenset({406, 408, 429, 500, 502, 503, 504})
UNAUTHORIZED = 401
THROTTLED = "channelthrottled"
NOTIFICATION = b"1"
_HOST = re.compile(r"(?!.*(^|\.)xn--)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


def channel_of(text: str, domain: str = WNS_DOMAIN) -> str:
    """The address that a device told, if it is one of Microsoft's: it is asked with our token. Unprocessable.

    A `domain` with a port is not a domain but one service: that of a test.
    """
    if not 0 < len(text) <= LONGEST_CHANNEL or not re.fullmatch(r"[!-~]+", text) or "\\" in text or "#" in text:
        raise Unprocessable("The push channel is not an address.")
    try:
        address = urlsplit(text)
        right = address.scheme == "https" and _belongs(address.netloc.lower(), domain)
    except ValueError:
        right = False
    if not right:
        raise Unprocessable(f"The push channel is not an https address below {domain}.")
    return text


def _belongs(authority: str, domain: str) -> bool:
    """Neither user, port nor address: a name, and below the domain."""
    if ":" in domain:
        return authority == domain
    return bool(_HOST.fullmatch(authority)) and authority.endswith("." + domain)


def push(house: House, enrollments: Sequence[Enrollment]) -> dict[str, PushRefused | None]:
    """Enrollment id → None where WNS accepted the push or none is possible yet: then the device polls."""
    told = {each.id: each.push.get("channel", "") for each in enrollments}
    outcome: dict[str, PushRefused | None] = {name: None for name, channel in told.items() if not channel}
    fit: dict[str, SplitResult] = {}
    for name, channel in told.items():
        if channel:
            try:
                fit[name] = urlsplit(channel_of(channel, house.settings.wns_domain))
            except Unprocessable as error:
                outcome[name] = PushRefused(str(error), gone=True)
    return {**outcome, **(_send(house, fit) if fit else {})}


def _send(house: House, fit: Mapping[str, SplitResult]) -> dict[str, PushRefused | None]:
    try:
        sender = _Sender(house)
    except PushRefused as refusal:
        return dict.fromkeys(fit, refusal)
    with sender:
        return {name: sender.send(channel) for name, channel in fit.items()}


class _Sender:
    """One batch: a connection to each host, one token for all, which is fetched anew once if it is refused."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._token = wns_token.token(house)
        self._renewed = False
        self._context = ssl.create_default_context(cadata=house.settings.microsoft_trust or None)
        self._lines: dict[str, http.client.HTTPSConnection] = {}
        self._deadline = time.monotonic() + BATCH_TIMEOUT

    def __enter__(self) -> "_Sender":
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._lines.values():
            line.close()

    def send(self, channel: SplitResult) -> PushRefused | None:
        try:
            status, said = self._ask(channel)
            if status == UNAUTHORIZED and not self._renewed:
                self._renewed = True
                self._token = wns_token.token(self._house, fresh=True)
                status, said = self._ask(channel)
        except PushRefused as refusal:
            return refusal
        return verdict(status, said)

    def _ask(self, channel: SplitResult) -> tuple[int, str]:
        """Status and X-WNS-Status. A line that fails is not used again: what was sent on it is not known."""
        if time.monotonic() > self._deadline:
            raise PushRefused("WNS is too slow.")
        line = self._line(channel)
        try:
            line.request("POST", _path(channel), NOTIFICATION, _headers(self._token))
            response = line.getresponse()
            response.read(wns_token.LARGEST_ANSWER)
            if not response.isclosed():  # it says more than anybody asked
                line.close()
        except (OSError, http.client.HTTPException) as error:
            line.close()
            raise wns_token.refused("WNS", error) from error
        return response.status, response.headers.get("X-WNS-Status", "").lower()

    def _line(self, channel: SplitResult) -> http.client.HTTPSConnection:
        if channel.netloc not in self._lines:
            self._lines[channel.netloc] = http.client.HTTPSConnection(
                channel.hostname or "", channel.port, timeout=TIMEOUT, context=self._context
            )
        return self._lines[channel.netloc]


def _path(channel: SplitResult) -> str:
    return (channel.path or "/") + (f"?{channel.query}" if channel.query else "")


def _headers(token: Secret[str]) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token.reveal()}",
        "Content-Type": "application/octet-stream",
        "X-WNS-Type": "wns/raw",
        "X-WNS-Cache-Policy": "cache",
    }


def verdict(status: int, said: str = "") -> PushRefused | None:
    """`said`: what becomes of a notification that was taken: received, dropped, channelthrottled."""
    if status == 200 and said != THROTTLED:
        return None
    reason = f"WNS answered {status} {said if said == THROTTLED else ''}".strip()
    if status in GONE:
        return PushRefused(reason, gone=True)
    return PushRefused(reason, alarm=status not in BUSY and status != 200)
