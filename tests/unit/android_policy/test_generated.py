"""Whatever comes in: what leaves satisfies Google's schema, and a refusal says nothing of the values."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.android.policy.modes import LIMITS, MODES
from chalicelib.platforms.android.policy.placeholders import render
from chalicelib.platforms.android.policy.places import Place, leaves
from chalicelib.platforms.android.policy.reading import read
from chalicelib.platforms.android.policy.settings import Settings
from tests.unit.android_policy.samples import SAMPLES
from tests.wire import google_schema

MARK = "W0rdThatStandsNowhereElse"
KNOWN = google_schema.document("androidmanagement.v1")["schemas"]["Policy"]["properties"]
OURS = {str(field.alias) for field in Settings.model_fields.values()}
# Settings that stand alone: a boolean, or one of Google's values, supported in every mode.
ALONE = {
    name: [True, False] if entry["type"] == "boolean" else [v for v in entry["enum"] if not v.endswith("_UNSPECIFIED")]
    for name, entry in KNOWN.items()
    if name in OURS - set(LIMITS) and (entry.get("type") == "boolean" or "enum" in entry)
}
JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-9, 2**40) | some.sampled_from(["", MARK, "5s", "a.b", "{device.x}"]),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.sampled_from(["a", "packageName"]), inner),
    max_leaves=4,
)


@given(some.fixed_dictionaries({}, optional={name: some.sampled_from(values) for name, values in ALONE.items()}))
@settings(max_examples=100, deadline=None)
def test_settings_that_stand_alone_go_through_unchanged(document: dict[str, Any]) -> None:
    for mode in MODES:
        body = read(document, mode).body()
        google_schema.check("androidmanagement.v1", "Policy", body)
        assert body == document


def tried(document: Any, mode: str) -> tuple[dict[str, Any], str]:
    """The body, or {} and why there is none."""
    try:
        return read(document, mode).body(), ""
    except Unprocessable as refused:
        return {}, str(refused)


def at(document: Any, place: Place) -> Any:
    for part in place:
        document = document[part]
    return document


@given(some.sampled_from(sorted(SAMPLES)), JSON, some.data())
@settings(max_examples=400, deadline=None)
def test_whatever_is_put_anywhere(name: str, value: Any, data: some.DataObject) -> None:
    mode, allowed, _, _ = SAMPLES[name]
    document = copy.deepcopy(allowed)
    place = data.draw(some.sampled_from([place for place, _ in leaves(document)]))
    cut = data.draw(some.integers(1, len(place)))
    at(document, place[: cut - 1])[place[cut - 1]] = value
    body, refusal = tried(document, mode)
    assert MARK not in refusal
    google_schema.check("androidmanagement.v1", "Policy", body)
    assert refusal or read(body, mode).body() == body


@given(some.dictionaries(some.sampled_from([*KNOWN, "x"]), JSON, max_size=5), some.sampled_from(MODES))
@settings(max_examples=300, deadline=None)
def test_whatever_document(document: dict[str, Any], mode: str) -> None:
    body, refusal = tried(document, mode)
    assert MARK not in refusal
    google_schema.check("androidmanagement.v1", "Policy", body)


@given(some.text(), some.text(min_size=1))
def test_text_around_placeholders_and_values_stay_as_they_are(text: str, value: str) -> None:
    around = text.replace("{", "(")
    assert render({"a": f"{around}{{user.name}}{around}"}, {"user.name": value}) == {"a": f"{around}{value}{around}"}


def test_there_is_something_to_generate() -> None:
    assert len(ALONE) > 15
