"""What all resources share: the shape of inputs, of views and of pages."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from chalicelib.core.errors import Unavailable
from chalicelib.core.house import House
from chalicelib.core.ports import Page


def _moment(value: Any) -> Any:
    """Epoch seconds to a UTC time; 0, which the records use for "never", to null."""
    return (datetime.fromtimestamp(value, UTC) if value else None) if isinstance(value, int) else value


Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Id = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class Input(BaseModel):
    """What a caller sends; a key that is not known is refused, never ignored."""

    model_config = ConfigDict(extra="forbid", defer_build=True, frozen=True, hide_input_in_errors=True)


class View(BaseModel):
    """What a caller sees of a record: only the fields named here."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    @classmethod
    def of(cls, record: Any, **more: Any) -> Self:
        """Takes the fields of the same name from the record."""
        same = {name: getattr(record, name) for name in cls.model_fields if name not in more and hasattr(record, name)}
        return cls.model_validate(same | more)


class Paging(Input):
    limit: int = Field(50, ge=1, le=200, description="At most so many items.")
    cursor: str = Field("", max_length=2000, description="`next` of the page before.")


class Listing(View):
    """One page; `next` is the cursor of the following one, null on the last."""

    next: str | None = None


L = TypeVar("L", bound=Listing)


def listed(kind: type[L], page: Page[Any], items: list[Any]) -> L:
    return kind.model_validate({"items": items, "next": page.cursor or None})


def offered(house: House, platform: str, name: str) -> Any:
    """What a platform's folder offers beyond what all platforms do."""
    found = getattr(house.platforms.get(platform), name, None)
    if found is None:
        raise Unavailable(f"This deployment does not manage {platform.capitalize()} devices.")
    return found
