"""How Google says no: one exception, and the two shapes of body that its services answer with."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A refusal of a service: HTTP code, canonical status (google.rpc.Code), text, and reason."""

    def __init__(
        self, code: int, status: str, text: str, *, reason: str = "", details: list[Any] | None = None
    ) -> None:
        super().__init__(text)
        self.code, self.status, self.text, self.reason, self.details = code, status, text, reason, details or []

    def body(self, *, legacy: bool = False) -> dict[str, Any]:
        """Services of the older stack repeat the error in a list, where the reason is the useful part."""
        said: dict[str, Any] = {"code": self.code, "message": self.text}
        if legacy:
            reason = self.reason or REASONS.get(self.code, "badRequest")
            said["errors"] = [{"message": self.text, "domain": "global", "reason": reason}]
        else:
            said["status"] = self.status
        details = [*self.details, *([_info(self.reason)] if self.reason and not legacy else [])]
        return {"error": said | ({"details": details} if details else {})}


REASONS = {400: "invalid", 401: "authError", 403: "forbidden", 404: "notFound", 412: "conditionNotMet",
           429: "rateLimitExceeded", 500: "backendError", 503: "backendError"}  # fmt: skip
STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
            409: "ALREADY_EXISTS", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 501: "UNIMPLEMENTED",
            503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}  # fmt: skip


def invalid(text: str) -> Refusal:
    return Refusal(400, "INVALID_ARGUMENT", text)


def absent(text: str = "Requested entity was not found.") -> Refusal:
    return Refusal(404, "NOT_FOUND", text)


def forbidden(text: str = "The caller does not have permission") -> Refusal:
    return Refusal(403, "PERMISSION_DENIED", text)


def _info(reason: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
