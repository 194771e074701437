"""Idempotency-Key: one effect, one answer."""

import pytest

from chalicelib.core.errors import BadRequest
from chalicelib.web.api import invitations
from tests.web.staging import Plane

KEY = {"idempotency_key": "8f14e45f-ceea-467f-a0e6"}


def test_a_repeated_command_is_queued_once(plane: Plane) -> None:
    device = plane.enroll("1")
    path = f"/devices/{device.id}/commands"
    first = plane.api("POST", path, {"action": "lock"}, **KEY)
    again = plane.api("POST", path, {"action": "lock"}, **KEY)
    assert (first.status, again.status, again.content) == (202, 202, first.content)
    assert len(plane.api("GET", path).json["items"]) == 1


def test_the_repeat_shows_the_command_as_it_is_now(plane: Plane) -> None:
    device = plane.enroll("1")
    path = f"/devices/{device.id}/commands"
    first = plane.api("POST", path, {"action": "lock"}, **KEY).json
    plane.api("DELETE", f"{path}/{first['id']}")
    again = plane.api("POST", path, {"action": "lock"}, **KEY).json
    assert (again["id"], again["state"]) == (first["id"], "cancelled")


@pytest.mark.parametrize("path", ["invitations", "tokens", "reports"])
def test_a_repeat_gets_the_same_bytes(plane: Plane, path: str) -> None:
    body = {"invitations": {}, "tokens": {"name": "ci"}, "reports": {"kind": "inventory"}}[path]
    first = plane.api("POST", f"/{path}", body, **KEY)
    count = len(plane.api("GET", f"/{path}").json["items"])
    again = plane.api("POST", f"/{path}", body, **KEY)
    assert (again.status, again.content) == (first.status, first.content)
    assert again.headers.get("location") == first.headers.get("location")
    assert len(plane.api("GET", f"/{path}").json["items"]) == count


def test_the_kept_answer_is_sealed(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written to the store is looked at, the invitation's id to prove that the look is good."""
    written: list[str] = []
    commit = type(plane.house.store).commit

    def spy(store: object, *changes: object, **more: object) -> None:
        written.append(repr((changes, more)))
        commit(store, *changes, **more)

    monkeypatch.setattr(type(plane.house.store), "commit", spy)
    made = plane.api("POST", "/invitations", {}, **KEY).json
    assert made["id"] in "".join(written)
    assert "sealed" in written[-1]
    assert made["link"].rsplit("/", 1)[1] not in "".join(written)


def test_another_body_with_the_key_is_refused(plane: Plane) -> None:
    plane.api("POST", "/invitations", {}, **KEY)
    refused = plane.api("POST", "/invitations", {"max_uses": 2}, **KEY)
    assert refused.status == 422
    assert len(plane.api("GET", "/invitations").json["items"]) == 1


def test_keys_of_different_callers_do_not_meet(plane: Plane) -> None:
    one = plane.api("POST", "/invitations", {}, **KEY).json
    other = plane.api("POST", "/invitations", {}, who="helpdesk", **KEY).json
    assert one["id"] != other["id"]


def test_after_a_day_the_key_is_free(plane: Plane) -> None:
    one = plane.api("POST", "/invitations", {}, who="token", **KEY).json
    plane.clock.now += 86_400
    assert plane.api("POST", "/invitations", {}, who="token", **KEY).json["id"] != one["id"]


def test_what_was_refused_may_be_tried_again(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BadRequest("not today")

    with monkeypatch.context() as patched:
        patched.setattr(invitations.invitations, "create", refuse)
        assert plane.api("POST", "/invitations", {}, **KEY).status == 400
    assert plane.api("POST", "/invitations", {}, **KEY).status == 201


def test_what_broke_off_is_not_done_twice(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(invitations, "link_to", crash)
        assert plane.api("POST", "/invitations", {}, **KEY).status == 500
    assert plane.api("POST", "/invitations", {}, **KEY).status == 409
    assert len(plane.api("GET", "/invitations").json["items"]) == 1


@pytest.mark.parametrize("key", ["short", "with a space in it", "x" * 201])
def test_poor_keys(plane: Plane, key: str) -> None:
    assert plane.api("POST", "/invitations", {}, idempotency_key=key).status == 400
