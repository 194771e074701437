"""What Google's answers mean: done, wait, gone, or no.

Sources: Google Cloud API design guide, "Errors" (google.rpc.Status); Admin SDK, "Handle API errors", for the 403 that
means too fast; RFC 9110 §10.2.3, Retry-After.
"""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.core.errors import MusterError, Unavailable
from chalicelib.platforms.outgoing import Answer

LONGEST_TEXT = 300
LONGEST_WAIT = 86_400
BUSY = frozenset({408, 429})
TOO_FAST = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"}
)


class GoogleBusy(Unavailable):
    """Ask again later: `after` so many seconds, 0 where nobody said when."""

    title = "Google is busy"

    def __init__(self, reason: str, after: int = 0) -> None:
        super().__init__(reason)
        self.after = after


class GoogleRefused(MusterError):
    """To ask again would not help. `text` are Google's words, which may repeat what was sent: no log, no secret's call.

    `code` is the HTTP status, `reason` Google's own, such as INVALID_ARGUMENT.
    """

    status = 502
    title = "Google refused"

    def __init__(self, code: int, reason: str = "", text: str = "", advice: str = "") -> None:
        super().__init__(f"Google answered {code}{' ' if reason else ''}{reason}.{' ' if advice else ''}{advice}")
        self.code, self.reason, self.text = code, reason, text

    @property
    def public(self) -> str:
        return str(self)  # administrators have to know, and nothing of the request is in it


class GoogleAbsent(GoogleRefused):
    """There is no such thing at Google, or none for us."""


def read(answer: Answer) -> Mapping[str, Any]:
    """GoogleBusy, GoogleAbsent, GoogleRefused."""
    if 200 <= answer.status < 300:
        return _document(answer.body)
    raise failure(answer)


def _document(body: bytes) -> Mapping[str, Any]:
    """Nothing at all is what some methods answer."""
    if not body.strip():
        return {}
    told = _json(body)
    if not isinstance(told, dict):
        raise GoogleBusy("Google's answer cannot be read; it is asked again.")
    return told


def failure(answer: Answer) -> GoogleBusy | GoogleRefused:
    code, error = answer.status, _error(answer.body)
    reasons = [error.get("status"), *_reasons(error, "errors"), *_reasons(error, "details")]
    if code in BUSY or code >= 500 or (code == 403 and not TOO_FAST.isdisjoint(map(str, reasons))):
        return GoogleBusy(f"Google answered {code}; it is asked again.", _after(answer.headers.get("retry-after", "")))
    reason = next((each for each in reasons if isinstance(each, str) and _is_word(each)), "")
    return (GoogleAbsent if code == 404 else GoogleRefused)(code, reason, _text(error.get("message")))


def _error(body: bytes) -> Mapping[str, Any]:
    told = _json(body)
    error = told.get("error") if isinstance(told, dict) else None
    return error if isinstance(error, dict) else {}


def _reasons(error: Mapping[str, Any], name: str) -> list[Any]:
    listed = error.get(name)
    return [each.get("reason") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_word(text: str) -> bool:
    return 0 < len(text) <= 64 and text.isascii() and text.isidentifier()


def _text(message: Any) -> str:
    text = message if isinstance(message, str) else ""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:LONGEST_TEXT]


def _after(told: str) -> int:
    """Google tells seconds; the other form of the header, a date, is as good as none."""
    seconds = int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0
    return min(seconds, LONGEST_WAIT)
