"""Faults and quotas on order, and the log of what was asked."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3
from googleapiclient.errors import HttpError

HOST = "androidmanagement.googleapis.com"


def refused(request: Any) -> HttpError:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return caught.value


@pytest.mark.parametrize(("status", "name"), [(429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE"), (500, "INTERNAL")])
def test_a_fault_comes_as_often_as_ordered(bound: Any, control: Any, status: int, name: str) -> None:
    control.fault(f"GET /{HOST}/v1/{bound.name}/devices", status, times=2, retry_after=7)
    for _ in range(2):
        error = refused(bound.devices.list(parent=bound.name))
        assert (error.status_code, error.resp["retry-after"]) == (status, "7")
        assert name in str(error.content)
    bound.enterprises.get(name=bound.name).execute()
    assert bound.devices.list(parent=bound.name).execute() == {}


def test_the_second_page_fails(bound: Any, control: Any) -> None:
    bound.policy("default")
    control.crowd(bound.ticket()["value"], 15)
    control.fault(f"GET /{HOST}/*/devices", 503, query={"pageToken": "*"})
    first = bound.devices.list(parent=bound.name)
    said = first.execute()
    rest = bound.devices.list_next(first, said)
    assert refused(rest).status_code == 503
    assert len(rest.execute()["devices"]) == 5


def test_some_requests_go_by_unharmed(bound: Any, control: Any) -> None:
    control.fault(f"GET /{HOST}/*", 403, after=1, reason="rateLimitExceeded")
    bound.devices.list(parent=bound.name).execute()
    assert "rateLimitExceeded" in str(refused(bound.devices.list(parent=bound.name)).content)


@pytest.mark.parametrize(("drop", "versions"), [("before", 0), ("after", 1)])
def test_a_connection_breaks_before_or_after_the_effect(bound: Any, control: Any, drop: str, versions: int) -> None:
    control.fault(f"PATCH /{HOST}/*", drop=drop)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        bound.policy("p")
    assert len(bound.policies.list(parent=bound.name).execute().get("policies", [])) == versions
    control.fault("POST /oauth2.googleapis.com/token", 503)
    assert bound.customer.grant(bound.customer.assertion())[0] == 503


def test_a_quota_slides(bound: Any, control: Any) -> None:
    control.quota(HOST, 3, per=60)
    for _ in range(3):
        bound.devices.list(parent=bound.name).execute()
    assert refused(bound.devices.list(parent=bound.name)).status_code == 429
    control.advance(61)
    bound.devices.list(parent=bound.name).execute()


def test_the_log_says_what_was_asked_and_holds_no_secret(bound: Any, control: Any) -> None:
    control.requests(clear=True)
    bound.policy("p", cameraAccess="CAMERA_ACCESS_DISABLED")
    bound.customer.token()
    policy, grant = control.requests()
    assert (policy["method"], policy["host"], policy["path"]) == ("PATCH", HOST, f"/v1/{bound.name}/policies/p")
    assert (policy["body"], policy["status"]) == ({"cameraAccess": "CAMERA_ACCESS_DISABLED"}, 200)
    assert policy["id"] == "androidmanagement.enterprises.policies.patch"
    assert (grant["path"], grant["body"]) == ("/token", "(grant)")
    assert bound.api._http.token not in str(control.requests())


def test_the_state_holds_no_private_key(bound: Any, control: Any) -> None:
    assert bound.name in control.state()["enterprises"]
    assert "PRIVATE KEY" not in str(control.state())
