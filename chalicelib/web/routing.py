"""What a route is, what a handler is given and what it may answer; routes are data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.house import House
from chalicelib.model.people import Principal
from chalicelib.model.records import RememberedRequest

PUBLIC = "public"  # in the place of a permission: anyone may ask

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Nothing(BaseModel):
    """Neither a body nor query parameters."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """One request after authentication, authorisation and validation."""

    house: House
    given: T  # the query of GET and DELETE, else the body
    path: Mapping[str, str]
    headers: Mapping[str, str]  # lower-case names
    caller: Principal | None = None
    remember: RememberedRequest | None = None  # set when the request carries an Idempotency-Key

    @property
    def principal(self) -> Principal:
        if self.caller is None:
            raise Unauthenticated("Send a bearer token in the Authorization header.")
        return self.caller


@dataclass(frozen=True, slots=True)
class Answer:
    """A body that is a model, or bytes of some media type; `status` 0 means the route's own."""

    body: BaseModel | bytes = b""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = JSON


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """One line of the table from which Chalice's routes, authorisation and the OpenAPI document come."""

    method: str
    path: str
    permission: str  # a key of core.access.PERMISSIONS, or PUBLIC
    summary: str
    handler: Callable[[Ask[T]], "Answer | BaseModel"]
    takes: type[T]
    answers: type[BaseModel] | None = None
    status: int = 200
    media: str = JSON
    form: bool = False  # takes the form of a page instead of JSON
    idempotent: bool = False  # honours Idempotency-Key
    again: Callable[[Ask[T], Mapping[str, Any]], Answer] | None = None  # for handlers that remember by themselves

    @property
    def takes_body(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH") and self.takes is not Nothing

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")
