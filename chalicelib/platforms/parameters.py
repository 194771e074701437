"""What actions take: the kinds of values, read strictly; their limits and descriptions feed the OpenAPI document."""

import base64
import binascii
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)

from chalicelib.core.errors import Unprocessable

LONGEST_SECRET = 256


class Parameters(BaseModel):
    """What an action takes. Unknown names are refused; error messages never repeat a value, which may be secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def shown(self) -> dict[str, Any]:
        """What was asked for, as JSON; an action with secret parameters shows less."""
        return self.model_dump(mode="json", exclude_unset=True)


class NoParameters(Parameters):
    """The action takes none."""


P = TypeVar("P", bound=Parameters)


def read(model: type[P], params: Mapping[str, Any]) -> P:
    """Unprocessable with what is wrong with the parameters, and where."""
    try:
        return model.model_validate(dict(params))
    except ValidationError as error:
        raise Unprocessable("; ".join(map(_sentence, error.errors(include_url=False, include_input=False)))) from None


def _sentence(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _printable(text: str) -> str:
    """A control character cannot stand in an XML property list, and one noncharacter makes all of it unreadable."""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character != "\n":
            raise ValueError("control characters are not allowed")
        if ord(character) & 0xFFFE == 0xFFFE:
            raise ValueError("a noncharacter is not allowed")
    return text


def _one_line(text: str) -> str:
    if "\n" in text:
        raise ValueError("line breaks are not allowed")
    return text


def _secret_line(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not 1 <= len(text) <= LONGEST_SECRET:
        raise ValueError(f"1 to {LONGEST_SECRET} characters are expected")
    _one_line(_printable(text))
    return value


def _from_base64(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("base64 text is expected")
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("it is not base64") from error


_filled = StringConstraints(strip_whitespace=True, min_length=1)
Text = Annotated[str, _filled, AfterValidator(_printable)]
Line = Annotated[str, _filled, AfterValidator(_printable), AfterValidator(_one_line)]
SecretLine = Annotated[SecretStr, AfterValidator(_secret_line)]
Data = Annotated[bytes, BeforeValidator(_from_base64), WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
