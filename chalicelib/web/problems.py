"""Errors as problem details (RFC 9457): the one translation of the error tree for the people plane."""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.core.errors import Conflict, MusterError
from chalicelib.web.routing import Answer

MEDIA = "application/problem+json"


class Mistake(BaseModel):
    """One field that is wrong, as a JSON pointer (RFC 6901) into the body or the name of a query parameter."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457); `detail` says what to do."""

    model_config = ConfigDict(defer_build=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Mistake] | None = None


class PreconditionFailed(Conflict):
    """If-Match names an older version."""

    status = 412
    title = "Changed meanwhile"


class UnsupportedMedia(MusterError):
    status = 415
    title = "Unsupported media type"


_TITLES: Mapping[int, str] = {403: "Forbidden", 404: "Not found", 405: "Method not allowed"}


def from_error(error: MusterError, instance: str) -> Answer:
    headers = {"WWW-Authenticate": 'Bearer realm="muster"'} if error.status == 401 else {}
    headers |= {"Retry-After": "5"} if error.status == 503 else {}
    if error.public != str(error):
        logging.getLogger("muster").error("%s at %s: %s", type(error).__name__, instance, error)
    return _answer(error.status, error.title, error.public, instance, headers)


def from_validation(error: ValidationError, instance: str) -> Answer:
    """The values themselves are not repeated: one of them may be a secret."""
    mistakes = [
        {"pointer": _pointer(item["loc"]), "detail": item["msg"]}
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    detail = "; ".join(f"{mistake['pointer']}: {mistake['detail']}" for mistake in mistakes[:5])
    return _answer(422, "Invalid request", detail, instance, errors=mistakes)


def from_status(status: int, instance: str) -> Answer:
    """For what the shell refused by itself."""
    detail = "Muster failed on this request; it was logged." if status >= 500 else "Muster does not serve this request."
    return _answer(status, _TITLES.get(status, "Internal error" if status >= 500 else "Bad request"), detail, instance)


def _pointer(location: Iterable[str | int]) -> str:
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _answer(
    status: int, title: str, detail: str, instance: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Answer:
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance, **more}
    return Answer(json.dumps(problem, ensure_ascii=False).encode(), status, headers or {}, MEDIA)
