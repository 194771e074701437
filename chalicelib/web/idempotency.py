"""Idempotency-Key: a repeated POST gets the first answer, and a key that comes back with another body is refused.

A command remembers its key in the transaction that queues it (`Route.again`). Elsewhere the key is taken first and the
answer, which may hold a code that is shown once, is kept sealed.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from chalicelib.core.errors import AlreadyExists, BadRequest, Conflict, MusterError, Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Remove, Replace
from chalicelib.model.people import Principal
from chalicelib.model.records import RememberedRequest
from chalicelib.model.secret import Secret
from chalicelib.web.routing import Answer, Ask, Route

LIFE = 86_400
_KEY = re.compile(r"[\x21-\x7e]{8,200}")
_UNFINISHED = (
    "A request with this Idempotency-Key is under way or broke off; look whether it worked, then use a new key."
)


def remembered(
    house: House, route: Route[Any], path: str, headers: Mapping[str, str], caller: Principal | None, given: Any
) -> RememberedRequest | None:
    """The memory that this request would leave; None where it carries no key or the route takes none."""
    key = headers.get("idempotency-key")
    if key is None or caller is None or not route.idempotent:
        return None
    if not _KEY.fullmatch(key):
        raise BadRequest("An Idempotency-Key has 8 to 200 printable characters without spaces; a UUID is a good one.")
    content = json.dumps([route.method, path, given], sort_keys=True).encode()
    return RememberedRequest(
        key=hashlib.sha256(f"{caller.actor} {key}".encode()).hexdigest(),
        digest=hmac.digest(key.encode(), content, "sha256").hex(),  # keyed, for a body may hold a short PIN
        answer={},
        expires_at=house.clock() + LIFE,
    )


def once(ask: Ask[Any], route: Route[Any], run: Callable[[], Answer]) -> Answer:
    """Runs the request, or answers as its first run did. Conflict, Unprocessable."""
    if ask.remember is None:
        return run()
    if earlier := _earlier(ask.house, ask.remember):
        return _repeat(ask, route, earlier)
    return _in_one_commit(ask, route, run) if route.again else _around(ask, ask.remember, run)


def _earlier(house: House, remember: RememberedRequest) -> RememberedRequest | None:
    earlier = house.store.find(RememberedRequest, remember.key)
    if earlier is not None and earlier.expires_at <= house.clock():
        house.store.commit(Remove(earlier))
        return None
    return earlier


def _in_one_commit(ask: Ask[Any], route: Route[Any], run: Callable[[], Answer]) -> Answer:
    try:
        return run()
    except Conflict:  # a parallel request with the same key may have been faster
        if ask.remember and (earlier := _earlier(ask.house, ask.remember)):
            return _repeat(ask, route, earlier)
        raise


def _around(ask: Ask[Any], remember: RememberedRequest, run: Callable[[], Answer]) -> Answer:
    store = ask.house.store
    try:
        store.commit(Create(remember))
    except AlreadyExists:
        raise Conflict(_UNFINISHED) from None
    held = replace(remember, version=1)
    try:
        answer = run()
    except MusterError:  # refused, so nothing happened: the key is free again
        store.commit(Remove(held))
        raise
    store.commit(Replace(replace(held, answer=_sealed(ask, held, answer))))
    return answer


def _repeat(ask: Ask[Any], route: Route[Any], earlier: RememberedRequest) -> Answer:
    if ask.remember is None or not hmac.compare_digest(earlier.digest, ask.remember.digest):
        raise Unprocessable("This Idempotency-Key was used with another request; use a new key.")
    if not earlier.answer:
        raise Conflict(_UNFINISHED)
    return route.again(ask, earlier.answer) if route.again else _opened(ask, earlier)


def _sealed(ask: Ask[Any], held: RememberedRequest, answer: Answer) -> dict[str, Any]:
    body = answer.body.model_dump_json().encode() if isinstance(answer.body, BaseModel) else answer.body
    sealed = ask.house.vault.seal(Secret(body), _context(held))
    return {"status": answer.status, "headers": dict(answer.headers), "sealed": base64.b64encode(sealed).decode()}


def _opened(ask: Ask[Any], held: RememberedRequest) -> Answer:
    answer = held.answer
    body = ask.house.vault.open(base64.b64decode(answer["sealed"]), _context(held)).reveal()
    return Answer(body, int(answer["status"]), answer["headers"])


def _context(held: RememberedRequest) -> dict[str, str]:
    return {"owner": held.key, "kind": "answer", "number": held.digest}
