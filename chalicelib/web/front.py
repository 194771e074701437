"""The front desk: who asks, may they, what do they say; then the handler, and its answer as bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from chalicelib.core import access
from chalicelib.core.errors import MusterError, Unauthenticated
from chalicelib.core.house import House
from chalicelib.model.people import Principal
from chalicelib.web import body, idempotency, problems
from chalicelib.web.headers import secured
from chalicelib.web.problems import UnsupportedMedia
from chalicelib.web.routing import FORM, JSON, PUBLIC, Answer, Ask, Route


@dataclass(frozen=True, slots=True)
class Incoming:
    """An API Gateway event, read once."""

    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    ip: str
    event: Mapping[str, Any]


def path_of(event: Mapping[str, Any]) -> str:
    """As the caller wrote it: the path in the context begins with the stage."""
    return str(event.get("path") or event.get("requestContext", {}).get("path", ""))


def read(event: Mapping[str, Any]) -> Incoming:
    context = event["requestContext"]
    query = event.get("multiValueQueryStringParameters") or {}
    return Incoming(
        path=path_of(event),
        parameters=event.get("pathParameters") or {},
        query={name: values[-1] for name, values in query.items()},
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        ip=str(context.get("identity", {}).get("sourceIp", "")),  # never X-Forwarded-For: anyone can write it
        event=event,
    )


def serve(house: House, route: Route[Any], incoming: Incoming) -> Answer:
    """Refuses before it reads: nobody's body is parsed before the caller is known to be allowed."""
    try:
        caller = _caller(house, route, incoming)
        ask = _ask(house, route, incoming, caller)
        answer = idempotency.once(ask, route, lambda: _wrapped(route, ask))
    except ValidationError as error:
        answer = problems.from_validation(error, incoming.path)
    except MusterError as error:
        answer = problems.from_error(error, incoming.path)
    return finished(answer, route)


def _caller(house: House, route: Route[Any], incoming: Incoming) -> Principal | None:
    if route.permission == PUBLIC:
        return None
    scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send a bearer token in the Authorization header; `muster login` gets one.")
    principal = access.identify(house, token.strip(), incoming.ip)
    access.authorize(principal, route.permission)
    return principal


def _ask(house: House, route: Route[Any], incoming: Incoming, caller: Principal | None) -> Ask[Any]:
    given: Any = incoming.query
    if route.takes_body:
        _check_media(incoming, FORM if route.form else JSON)
        given = (body.parse_form if route.form else body.parse)(body.raw(incoming.event))
    else:
        body.raw(incoming.event)
    return Ask(
        house=house,
        given=route.takes.model_validate(given),
        path=incoming.parameters,
        headers=incoming.headers,
        caller=caller,
        remember=idempotency.remembered(house, route, incoming.path, incoming.headers, caller, given),
    )


def _check_media(incoming: Incoming, wanted: str) -> None:
    media = incoming.headers.get("original-content-type", JSON).partition(";")[0].strip().lower()
    if media != wanted:
        raise UnsupportedMedia(f"Send the body as {wanted}.")


def _wrapped(route: Route[Any], ask: Ask[Any]) -> Answer:
    answer = route.handler(ask)
    return answer if isinstance(answer, Answer) else Answer(answer)


def finished(answer: Answer, route: Route[Any] | None) -> Answer:
    """An answer whose body is bytes and whose status and headers are all set."""
    content, page = answer.body, route is not None and not route.is_api
    if isinstance(content, BaseModel):
        content = content.model_dump_json().encode()
    status = answer.status or (route.status if route else 200)
    headers = secured({"Content-Type": answer.media, **answer.headers}, page=page)
    return Answer(content, status, headers, answer.media)
