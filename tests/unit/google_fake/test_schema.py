"""What a request may hold: the discovery documents decide, and answers are held to them as well."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.google import masks, pages
from tests.google.documents import document
from tests.google.errors import Refusal

WRONG: dict[str, Any] = {
    "unknown-name": {"wallpaperDisabled": True},
    "unknown-name-deep": {"passwordPolicies": [{"passwordLength": 4}]},
    "enum": {"cameraAccess": "CAMERA_OFF"},
    "boolean-as-text": {"factoryResetDisabled": "true"},
    "int64-as-number": {"maximumTimeToLock": 30000},
    "int64-as-words": {"maximumTimeToLock": "30s"},
    "int32-too-large": {"minimumApiLevel": 2**31},
    "int32-as-fraction": {"minimumApiLevel": 1.5},
    "duration": {"passwordPolicies": [{"passwordExpirationTimeout": "1 day"}]},
    "array-as-object": {"applications": {}},
    "null": {"applications": None},
}


def raw(bound: Any, method: str, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    sent = {"content-type": "application/json", **headers}
    text = body if isinstance(body, str) else json.dumps(body)
    uri = f"https://androidmanagement.googleapis.com/v1/{path}"
    answer, content = bound.api._http.request(uri, method, text if body is not None else None, sent)
    return int(answer["status"]), json.loads(content)


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_a_body_that_does_not_fit_is_an_invalid_argument(bound: Any, body: Any) -> None:
    status, said = raw(bound, "PATCH", f"{bound.name}/policies/p", body)
    assert (status, said["error"]["code"], said["error"]["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert "policies" not in bound.policies.list(parent=bound.name).execute()


def test_the_error_names_what_is_unknown(bound: Any) -> None:
    said = raw(bound, "PATCH", f"{bound.name}/policies/p", {"wallpaperDisabled": True})[1]
    assert 'Unknown name "wallpaperDisabled"' in said["error"]["message"]


@pytest.mark.parametrize("body", ["{", "[]", '"text"'], ids=["cut", "list", "text"])
def test_a_body_is_a_json_object(bound: Any, body: str) -> None:
    assert raw(bound, "PATCH", f"{bound.name}/policies/p", body)[0] == 400


def test_a_body_says_that_it_is_json(bound: Any) -> None:
    assert raw(bound, "PATCH", f"{bound.name}/policies/p", {}, **{"content-type": "text/plain"})[0] == 400


def test_output_only_fields_are_ignored(bound: Any) -> None:
    body = {"enterpriseDisplayName": "Example", "enterpriseType": "MANAGED_GOOGLE_DOMAIN"}
    said = bound.enterprises.patch(name=bound.name, body=body).execute()
    assert said["enterpriseType"] == "MANAGED_GOOGLE_PLAY_ACCOUNTS_ENTERPRISE"


QUERIES = ["pageSize=ten", "pageSize=-1", "pageToken=x", "page_size=3", "pageSize=99999999999", "pageSize=1&pageSize=2"]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_does_not_fit_is_refused(bound: Any, query: str) -> None:
    status, said = raw(bound, "GET", f"{bound.name}/devices?{query}", None)
    assert (status, said["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_common_parameters_are_taken(bound: Any) -> None:
    assert raw(bound, "GET", f"{bound.name}/devices?alt=json&prettyPrint=false", None)[0] == 200


def test_an_unknown_path_or_verb_is_not_found(bound: Any) -> None:
    assert raw(bound, "GET", "nowhere", None)[0] == 404
    assert raw(bound, "PUT", f"{bound.name}/policies/p", {})[0] == 404


def test_what_the_fake_lacks_is_said(bound: Any) -> None:
    assert raw(bound, "GET", f"{bound.name}/migrationTokens", None)[0] == 501


@pytest.mark.parametrize(
    "name",
    [
        "androidmanagement.v1",
        "androiddeviceprovisioning.v1",
        "chromepolicy.v1",
        "chromemanagement.v1",
        "admin.directory_v1",
    ],
)
def test_each_document_becomes_valid_schemas(name: str) -> None:
    rules = document(name)
    assert rules.methods
    for reference in rules.schemas:
        with pytest.raises(ValueError, match=r"Unknown name|Invalid value"):
            rules.check(reference, {"no such name": 1} if "properties" in rules.schemas[reference] else [])
        if rules.schemas[reference].get("type") == "object":
            rules.check(reference, {})


def test_a_resource_in_a_list_is_judged_like_one_alone() -> None:
    rules = document("androidmanagement.v1")
    with pytest.raises(ValueError, match="devices"):
        rules.check("ListDevicesResponse", {"devices": [{"name": "a"}, {"nmae": "b"}]})
    rules.check("ListDevicesResponse", {"devices": [{"name": "a"}, {"name": "b"}]})


def test_a_mask_takes_clears_and_leaves() -> None:
    old = {"a": 1, "b": {"c": 1, "d": 2}, "e": [1]}
    assert masks.applied(old, {"a": 2, "b": {"c": 9}}, "a,b.c") == {"a": 2, "b": {"c": 9, "d": 2}, "e": [1]}
    assert masks.applied(old, {}, "a,e") == {"b": {"c": 1, "d": 2}}
    assert masks.applied(old, {"b": {"c": 3}}, "b") == {"a": 1, "b": {"c": 3}, "e": [1]}
    assert masks.applied(old, {}, "b.d") == {"a": 1, "b": {"c": 1}, "e": [1]}
    assert masks.applied(old, {"z": 1}, "*") == {"z": 1}
    assert old == {"a": 1, "b": {"c": 1, "d": 2}, "e": [1]}


def test_a_mask_is_spelled_either_way_and_known() -> None:
    assert masks.paths("policy_name,state", {"policyName", "state"}) == ["policyName", "state"]
    with pytest.raises(Refusal):
        masks.paths("colour", {"policyName"})
    with pytest.raises(Refusal):
        masks.applied({"a": 1}, {"a": {"b": 2}}, "a.b")


def test_pages_hide_and_repeat_nothing_while_things_come_and_go() -> None:
    items = [{"name": f"{number:03}"} for number in range(10)]
    first, token = pages.page(items, {"pageSize": 4}, 10, 100, key=lambda one: str(one["name"]))
    changed = [{"name": "000a"}, *(one for one in items if one["name"] != "003")]
    query = {"pageSize": 4, "pageToken": token}
    second, _ = pages.page(changed, query, 10, 100, key=lambda one: str(one["name"]))
    assert [one["name"] for one in (*first, *second)] == [f"{number:03}" for number in range(8)]


@pytest.mark.parametrize(("asked", "given"), [(0, 5), (3, 3), (20, 7)], ids=["default", "fewer", "clamped"])
def test_a_page_is_as_long_as_the_service_allows(asked: int, given: int) -> None:
    found, token = pages.page(list(range(50)), {"pageSize": asked}, 5, 7)
    assert (len(found), bool(token)) == (given, True)


def test_a_page_token_belongs_to_its_query() -> None:
    _, token = pages.page(list(range(9)), {"pageSize": 2, "filter": "a"}, 5, 7)
    with pytest.raises(Refusal):
        pages.page(list(range(9)), {"pageSize": 2, "filter": "b", "pageToken": token}, 5, 7)


def test_walking_all_pages_gives_all() -> None:
    token, found = "", list[int]()
    for _ in itertools.repeat(None, 10):
        part, token = pages.page(list(range(17)), {"pageToken": token}, 5, 7)
        found += part
        if not token:
            break
    assert found == list(range(17))
