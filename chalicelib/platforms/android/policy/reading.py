"""Reading a policy document: every problem with its place, never with its value; and what goes on the wire."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.android.policy.modes import MODES, misplaced
from chalicelib.platforms.android.policy.placeholders import placeholders
from chalicelib.platforms.android.policy.places import pattern_of, written
from chalicelib.platforms.android.policy.refused import REFUSED
from chalicelib.platforms.android.policy.rules import broken
from chalicelib.platforms.android.policy.settings import Settings

MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Policy:
    """A document that Google takes as it is and that the mode supports in all its parts."""

    mode: str
    settings: Settings = field(repr=False)

    def body(self) -> dict[str, Any]:
        return self.settings.model_dump(mode="json", by_alias=True, exclude_none=True)

    def digest(self) -> str:
        """Equal for equal policies, whatever the order of their names."""
        text = json.dumps(self.body(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def update_mask(self) -> str:
        """All that Muster owns, set or not, so that Google clears what a document no longer has."""
        return ",".join(sorted(str(known.alias) for known in Settings.model_fields.values()))


def read(document: Mapping[str, Any], mode: str) -> Policy:
    """Unprocessable with all problems. With placeholders it is a pattern: render it and read it again per device."""
    if mode not in MODES:
        raise Unprocessable(f"The mode is one of {', '.join(MODES)}.")
    plain = _plain(document)
    placeholders(plain)
    try:
        policy = Policy(mode, Settings.model_validate(plain))
    except ValidationError as error:
        raise _refusal([*map(_sentence, error.errors(include_url=False, include_input=False))]) from None
    problems = [*misplaced(policy.body(), mode), *broken(policy.settings)]
    if problems:
        raise _refusal(problems)
    return policy


def _plain(document: Mapping[str, Any]) -> Any:
    """As it comes out of JSON: lists are lists, and what cannot be written is refused.

    The models read this rather than the text: pydantic 2.13's JSON mode drops a field's Python name without a word.
    """
    try:
        return json.loads(json.dumps(dict(document), allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError):
        raise Unprocessable("The policy is not a JSON object.") from None


def _sentence(error: Mapping[str, Any]) -> str:
    place = written(error["loc"])
    if error["type"] == "extra_forbidden":
        why = REFUSED.get(pattern_of(error["loc"]), "Muster does not know this setting")
        return f"{place}: {why}"
    return f"{place}: {str(error['msg']).removeprefix('Value error, ')}"


def _refusal(problems: list[str]) -> Unprocessable:
    return Unprocessable("; ".join(_some(problems)))


def _some(problems: list[str]) -> Iterator[str]:
    yield from problems[:MOST_PROBLEMS]
    if len(problems) > MOST_PROBLEMS:
        yield f"and {len(problems) - MOST_PROBLEMS} more"
