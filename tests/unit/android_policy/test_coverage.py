"""Every field of Google's Policy is typed or refused with a reason; a new one in the discovery document fails here."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.android.policy.group import Group
from chalicelib.platforms.android.policy.reading import Policy, read
from chalicelib.platforms.android.policy.refused import REFUSED
from chalicelib.platforms.android.policy.settings import Settings
from tests.wire import google_schema

SCHEMAS = google_schema.document("androidmanagement.v1")["schemas"]
# Google calls the value deprecated in favour of the role KIOSK; it is what most policies use.
KEPT = {("applications.installType", "KIOSK")}


def inner(annotation: Any) -> Iterator[Any]:
    """Groups and Literals inside an annotation."""
    if get_origin(annotation) is Literal or (isinstance(annotation, type) and issubclass(annotation, Group)):
        yield annotation
    else:
        for each in get_args(annotation):
            yield from inner(each)


def typed(model: type[Group], place: str = "") -> Iterator[tuple[str, Any]]:
    """Place without list positions → what the field holds, through the whole tree."""
    for field in model.model_fields.values():
        here = f"{place}.{field.alias}".lstrip(".")
        yield here, field.annotation
        for each in inner(field.annotation):
            if get_origin(each) is not Literal:
                yield from typed(each, here)


def described(name: str, place: str = "") -> Iterator[tuple[str, Any]]:
    for field, entry in SCHEMAS[name].get("properties", {}).items():
        here = f"{place}.{field}".lstrip(".")
        yield here, entry
        reference = entry.get("$ref") or entry.get("items", {}).get("$ref")
        if reference and here not in REFUSED:
            yield from described(reference, here)


TYPED = dict(typed(Settings))
DESCRIBED = dict(described("Policy"))
ONC = "openNetworkConfiguration."


def test_every_top_level_field_is_typed_or_refused() -> None:
    known = {str(field.alias) for field in Settings.model_fields.values()}
    refused = {place for place in REFUSED if "." not in place}
    assert known | refused == set(SCHEMAS["Policy"]["properties"])
    assert not known & refused


def test_every_nested_field_is_typed_or_refused() -> None:
    ours = {place for place in {*TYPED, *REFUSED} if not place.startswith(ONC)}
    assert ours == set(DESCRIBED)
    assert not TYPED.keys() & REFUSED.keys()


def enumerated() -> Iterator[tuple[str, set[str], set[str]]]:
    for place, entry in DESCRIBED.items():
        items = entry if "enum" in entry else entry.get("items", {})
        if "enum" in items and place in TYPED:
            old = items.get("enumDeprecated") or [False] * len(items["enum"])
            usable = {
                value
                for value, deprecated in zip(items["enum"], old, strict=True)
                if not value.endswith("_UNSPECIFIED") and (not deprecated or (place, value) in KEPT)
            }
            yield place, usable, {value for each in inner(TYPED[place]) for value in get_args(each)}


@pytest.mark.parametrize(("place", "usable", "ours"), list(enumerated()))
def test_values_are_those_of_google(place: str, usable: set[str], ours: set[str]) -> None:
    assert ours == usable


def test_there_are_enumerations_at_all() -> None:
    assert len(list(enumerated())) > 70


@pytest.mark.parametrize("place", REFUSED)
def test_refuses_with_the_reason(place: str) -> None:
    document: Any = "not shown"
    at: list[str | int] = []
    for name in place.split("."):
        at += [name, 0] if _is_list(at, name) else [name]
    for part in reversed(at):
        document = [document] if part == 0 else {part: document}
    with pytest.raises(Unprocessable) as refused:
        read(document, "corporate")
    sentence = f"{'.'.join(map(str, at))}: {REFUSED[place]}"
    assert sentence in str(refused.value).split("; ")
    assert "not shown" not in str(refused.value)


def _is_list(at: list[str | int], name: str) -> bool:
    place = ".".join([*(part for part in at if isinstance(part, str)), name])
    return place in TYPED and "tuple" in str(TYPED[place])


def test_the_mask_names_all_that_muster_owns() -> None:
    mask = Policy("corporate", Settings()).update_mask().split(",")
    assert set(mask) == {str(field.alias) for field in Settings.model_fields.values()}
    assert mask == sorted(mask)
    parameters = google_schema.methods("androidmanagement.v1")["androidmanagement.enterprises.policies.patch"][
        "parameters"
    ]
    assert parameters["updateMask"]["format"] == "google-fieldmask"
