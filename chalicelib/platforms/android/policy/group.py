"""What all groups of the policy share: strict models in Google's own names, and the kinds of values in them."""

import base64
import binascii
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, SecretStr, Strict, StringConstraints
from pydantic.alias_generators import to_camel

from chalicelib.platforms.android.policy.placeholders import sampled

LONGEST_TEXT = 4096


class Group(BaseModel):
    """One object of the document. Unknown names are refused; neither errors nor repr show a value."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=True, alias_generator=to_camel
    )

    def given(self) -> frozenset[str]:
        """Google's names of what is set; null is as if left out."""
        known = type(self).model_fields.items()
        return frozenset(str(field.alias) for name, field in known if getattr(self, name) is not None)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return [(None, name) for name in sorted(self.given())]


def _email(text: str) -> str:
    name, _, domain = sampled(text).partition("@")
    if not name or "." not in domain or "@" in domain or any(character.isspace() for character in text):
        raise ValueError("an email address is expected")
    return text


def _lower(text: str) -> str:
    if sampled(text) != sampled(text).lower():
        raise ValueError("small letters only")
    return text


def decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("base64 text is expected") from None


def _sha256(text: str) -> str:
    if len(decoded(text)) != 32:
        raise ValueError("a SHA-256 hash is expected: 32 bytes in base64")
    return text


def _unlike(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if any(value in values[:index] for index, value in enumerate(values)):
        raise ValueError("it must not have duplicates")
    return values


T = TypeVar("T")
# Of a list, which is what JSON has; the elements stay strict.
Many = Annotated[tuple[T, ...], Strict(False)]
_PACKAGE = r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$"
Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]
Package = Annotated[str, StringConstraints(pattern=_PACKAGE, max_length=255)]
Email = Annotated[Text, AfterValidator(_email)]
LowerEmail = Annotated[Email, AfterValidator(_lower)]
Duration = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}(\.[0-9]{1,9})?s$")]
Milliseconds = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Port = Annotated[int, Field(ge=1, le=65_535)]
MinuteOfDay = Annotated[int, Field(ge=0, le=1439)]
Sha256 = Annotated[str, AfterValidator(_sha256)]
Unlike = AfterValidator(_unlike)
Hidden = Annotated[SecretStr, Field(min_length=1), PlainSerializer(lambda secret: secret.get_secret_value())]


def seconds(duration: str) -> float:
    return float(duration.removesuffix("s"))
