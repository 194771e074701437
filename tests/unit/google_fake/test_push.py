"""Pub/Sub push: signed so that google-auth believes it, at least once, and as badly as it is told to behave."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from google.auth import exceptions, jwt
from google.oauth2 import id_token

EMAIL = "push@demo.iam.gserviceaccount.com"


class Fetch:
    """google.auth's transport, for the certificates of Google."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire

    def __call__(self, url: str, method: str = "GET", **_: Any) -> Any:
        answer, content = self._wire.request(url, method)
        return type("Answer", (), {"status": int(answer["status"]), "data": content, "headers": answer})


def data(push: dict[str, Any]) -> Any:
    return json.loads(base64.b64decode(push["body"]["message"]["data"]))


def test_a_push_is_what_pubsub_sends(told: Any, control: Any, receiver: Any) -> None:
    device = told.phone()
    push = receiver.got[0]
    message = push["body"]["message"]
    assert sorted(push["body"]) == ["message", "subscription"]
    assert message["messageId"] == message["message_id"]
    assert message["attributes"] == {"notificationType": "ENROLLMENT"}
    assert (data(push)["name"], data(push)["state"]) == (device, "PROVISIONING")
    assert data(receiver.got[1]) == told.device(device)
    assert push["headers"]["Content-Type"] == "application/json"


def test_google_auth_verifies_its_token(told: Any, receiver: Any) -> None:
    told.phone()
    bearer = receiver.got[0]["headers"]["Authorization"].removeprefix("Bearer ")
    wire = type(told.api._http)(told.customer.google)
    claims = id_token.verify_oauth2_token(bearer, Fetch(wire), receiver.url)
    assert (claims["email"], claims["email_verified"]) == (EMAIL, True)
    assert claims["iss"] == "https://accounts.google.com"
    assert jwt.decode_header(bearer)["alg"] == "RS256"


FORGED: dict[str, dict[str, Any]] = {
    "stranger": {"key": "stranger"},
    "none": {"algorithm": "none"},
    "hs256": {"algorithm": "HS256"},
    "kid": {"kid": "unknown"},
    "late": {"claims": {"exp": 1, "iat": 0}},
    "audience": {"claims": {"aud": "https://elsewhere.example"}},
}


@pytest.mark.parametrize("wrong", FORGED.values(), ids=FORGED.keys())
def test_forged_tokens_are_forged(told: Any, control: Any, receiver: Any, wrong: dict[str, Any]) -> None:
    wire = type(told.api._http)(told.customer.google)
    right = control.sign({"aud": receiver.url})
    assert id_token.verify_oauth2_token(right, Fetch(wire), receiver.url)
    claims = {"aud": receiver.url} | wrong.get("claims", {})
    forged = control.sign(claims, **{key: one for key, one in wrong.items() if key != "claims"})
    with pytest.raises((ValueError, exceptions.GoogleAuthError)):
        id_token.verify_oauth2_token(forged, Fetch(wire), receiver.url)


def test_keys_roll_over_and_the_old_one_stays_for_a_while(told: Any, control: Any, receiver: Any) -> None:
    wire = type(told.api._http)(told.customer.google)
    old = control.sign({"aud": receiver.url})
    kid = control.rotate_keys()
    answer, content = wire.request("https://www.googleapis.com/oauth2/v3/certs")
    published = [one["kid"] for one in json.loads(content)["keys"]]
    assert (len(published), published[-1]) == (2, kid)
    assert "max-age" in answer["cache-control"]
    assert id_token.verify_oauth2_token(old, Fetch(wire), receiver.url)
    control.rotate_keys(keep=False)
    with pytest.raises((ValueError, exceptions.GoogleAuthError)):
        id_token.verify_oauth2_token(old, Fetch(wire), receiver.url)


def test_a_refused_push_comes_again(told: Any, control: Any, receiver: Any) -> None:
    device = told.phone()
    receiver.got.clear()
    receiver.answers = [500, 403]
    control.report(device)
    assert len(receiver.await_count(3)) == 3
    assert len({one["body"]["message"]["messageId"] for one in receiver.got}) == 1
    assert control.pushed()[-1]["attempts"][:2] == [500, 403]


def reports(receiver: Any) -> list[str]:
    return [data(one)["lastStatusReportTime"] for one in receiver.got]


def test_a_push_may_be_lost_doubled_held_or_out_of_order(told: Any, control: Any, receiver: Any) -> None:
    device = told.phone()

    def sent(mode: str, *types: str) -> list[str]:
        receiver.got.clear()
        control.push(mode, *types)
        for _ in range(3):
            control.report(device)
        before = reports(receiver)
        control.flush()
        control.push("normal")
        return [f"{len(before)} before", *reports(receiver)]

    assert sent("drop") == ["0 before"]
    doubled = sent("duplicate")
    assert (doubled[0], len(doubled), len(set(doubled))) == ("6 before", 7, 4)
    held = sent("hold")
    assert (held[0], held[1:]) == ("0 before", sorted(held[1:]))
    turned = sent("reorder")
    assert (turned[0], turned[1:]) == ("0 before", sorted(turned[1:], reverse=True))
    assert len(turned) == 4
    assert sent("drop", "COMMAND")[0] == "3 before"


def test_a_lost_command_notification_leaves_the_operation_to_be_asked_for(
    told: Any, control: Any, receiver: Any
) -> None:
    device = told.phone()
    control.push("drop", "COMMAND")
    name = told.command(device, "LOCK")["name"]
    control.obey(device)
    assert "COMMAND" not in receiver.kinds()
    assert told.operation(name)["done"] is True


def test_a_command_ends_with_a_notification_however_it_ends(told: Any, control: Any, receiver: Any) -> None:
    device = told.phone()
    names = [told.command(device, "LOCK")["name"] for _ in range(3)]
    told.devices.operations().cancel(name=names[0]).execute()
    control.obey(device)
    names.append(told.command(device, "LOCK")["name"])
    control.advance(601)
    ended = [
        data(one) for one in receiver.await_count(6) if "COMMAND" in json.dumps(one["body"]["message"]["attributes"])
    ]
    assert [one["name"] for one in ended] == names
    assert [one.get("error", {}).get("code") for one in ended] == [1, None, None, 4]


def test_a_wipe_is_told_as_command_and_as_last_report(told: Any, control: Any, receiver: Any) -> None:
    device = told.phone()
    receiver.got.clear()
    told.command(device, "WIPE")
    control.obey(device)
    assert receiver.kinds() == ["COMMAND", "STATUS_REPORT"]
    assert (data(receiver.got[1])["name"], data(receiver.got[1])["state"]) == (device, "DELETED")


def test_lost_mode_tells_where(told: Any, control: Any, receiver: Any) -> None:
    device = told.phone()
    params = {"lostOrganization": {"defaultMessage": "E"}, "lostEmailAddress": "it@example.com"}
    told.command(device, startLostModeParams=params)
    control.obey(device)
    event = next(data(one) for one in receiver.got if data(one).get("usageLogEvents"))["usageLogEvents"][0]
    assert set(event["lostModeLocationEvent"]["location"]) == {"latitude", "longitude"}


def test_only_what_was_asked_for_is_told(told: Any, control: Any, receiver: Any) -> None:
    body = {"enabledNotificationTypes": ["COMMAND"]}
    told.enterprises.patch(name=told.name, body=body, updateMask="enabledNotificationTypes").execute()
    device = told.phone()
    told.command(device, "LOCK")
    control.obey(device)
    assert receiver.kinds() == ["COMMAND"]


def test_a_new_subscription_of_a_bound_topic_is_tested(told: Any, control: Any, receiver: Any) -> None:
    control.pubsub(told.customer.topic, receiver.url, subscription=f"projects/{told.customer.project}/subscriptions/b")
    receiver.await_count(2)
    message = receiver.got[-1]["body"]["message"]
    assert message["attributes"] == {"notificationType": "test"}
    assert "data" not in message
    assert "Authorization" not in receiver.got[-1]["headers"]


def test_held_pushes_can_be_taken_as_requests(told: Any, control: Any, receiver: Any) -> None:
    control.push("hold")
    told.phone()
    taken = control.take()
    assert [one["type"] for one in taken] == ["ENROLLMENT", "STATUS_REPORT"]
    assert json.loads(taken[0]["body"])["message"]["messageId"] == taken[0]["id"]
    assert taken[0]["headers"]["authorization"].startswith("Bearer ey")
    assert (control.flush(), receiver.got) == (0, [])


def test_any_message_may_come_again(told: Any, control: Any, receiver: Any) -> None:
    told.phone()
    identifier = receiver.got[0]["body"]["message"]["messageId"]
    assert control.again(identifier) is True
    assert receiver.await_count(3)[-1]["body"] == receiver.got[0]["body"]
