"""Tokens for the service account, kept while warm (RFC 7523 §2.1; RFC 6749 §5)."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chalicelib.core.google_settings import Connection, NotConnected
from chalicelib.core.house import House
from chalicelib.model.secret import Secret
from chalicelib.platforms import outgoing
from chalicelib.platforms.google import answers, hosts, service_account
from chalicelib.platforms.google.answers import GoogleBusy, GoogleRefused
from chalicelib.platforms.outgoing import Lines

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_TOKEN = 8 * 1024
LONGEST_LIFE, EARLY = 3_600, 300  # seconds
NO_ADMIN = "Google wants an administrator's name for this: set one; see `muster google connect`."
ADVICE = {
    "invalid_grant": "The key of the service account was deleted or disabled, or the named administrator is unknown.",
    "unauthorized_client": "Delegate the scopes to the client id of the service account in Google's admin console.",
    "invalid_client": "The service account is not known any more: connect again.",
}


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token: `delegated` asks in the name of the administrator of the settings."""

    account: Connection
    scopes: tuple[str, ...]
    delegated: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    token: Secret[str]
    until: int


class Tokens:
    """Of one process."""

    def __init__(self, house: House, lines: Lines) -> None:
        self._house, self._lines = house, lines
        self._kept: dict[Bearer, _Kept] = {}

    def get(self, bearer: Bearer) -> Secret[str]:
        """GoogleBusy, GoogleRefused, NotConnected."""
        kept = self._kept.get(bearer)
        if kept is None or kept.until <= self._house.clock():
            current = {other: it for other, it in self._kept.items() if other.account == bearer.account}
            kept = self._ask(bearer)
            self._kept = {**current, bearer: kept}
        return kept.token

    def drop(self, bearer: Bearer) -> None:
        """It was refused."""
        self._kept.pop(bearer, None)

    def _ask(self, bearer: Bearer) -> _Kept:
        if bearer.delegated and not bearer.account.admin:
            raise NotConnected(NO_ADMIN)
        subject = bearer.account.admin if bearer.delegated else ""
        claim = service_account.assertion(self._house, bearer.account, bearer.scopes, subject)
        url = hosts.address(self._house.settings, hosts.TOKENS, "/token")
        body = urlencode({"grant_type": GRANT, "assertion": claim.reveal()}).encode()
        try:
            answer = self._lines.ask("POST", url, {"content-type": "application/x-www-form-urlencoded"}, body)
        except outgoing.NoAnswer as problem:
            raise GoogleBusy(str(problem)) from problem
        if answer.status != 200:
            raise _refusal(answer)
        return _taken(answer.body, self._house.clock())


def _refusal(answer: outgoing.Answer) -> GoogleBusy | GoogleRefused:
    """Here Google words errors as RFC 6749 §5.2 has it. Its description may repeat what was sent, and stays unread."""
    found = answers.failure(answer)
    if isinstance(found, GoogleBusy):
        return found
    reason = _told(answer.body).get("error")
    known = reason if isinstance(reason, str) and reason in ADVICE else ""
    return GoogleRefused(answer.status, known, advice=ADVICE.get(known, ""))


def _taken(body: bytes, now: int) -> _Kept:
    told = _told(body)
    found, life = told.get("access_token"), told.get("expires_in")
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_TOKEN or not _sendable(found):
        raise GoogleBusy("Google answered without a token; it is asked again.")
    if not isinstance(life, int):
        raise GoogleBusy("Google answered with a token of no known life; it is asked again.")
    return _Kept(Secret(found), now + min(life, LONGEST_LIFE) - EARLY)


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _sendable(found: str) -> bool:
    return found.isascii() and found.isprintable() and " " not in found
