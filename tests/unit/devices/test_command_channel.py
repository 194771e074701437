"""The channel: frames, NotNow, lost messages, silence, signatures, raw requests, users."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest

from tests.devices.apple import forge
from tests.devices.apple.complaints import Complaint, MessageRefused, ServerRefused
from tests.unit.devices.conftest import Make
from tests.unit.devices.stub import Stub
from tests.unit.devices.stub_scep import reply
from tests.unit.devices.test_commands import run


def test_unknown_commands_and_keys(make: Make, stub: Stub) -> None:
    device = make()
    said = run(device, stub, "FlyToTheMoon")
    assert (said["Status"], said["ErrorChain"][0]["ErrorCode"]) == ("Error", 12021)
    assert run(device, stub, "DeviceLock", Mesage="x")["Status"] == "CommandFormatError"
    assert run(device, stub, "DeviceLock", Message=5)["Status"] == "CommandFormatError"
    assert run(device, stub, "InstallProfile")["Status"] == "CommandFormatError"
    assert len(device.complaints) == 3


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"CommandUUID": "x"},
        {"CommandUUID": "x", "Command": {}},
        {"CommandUUID": 5, "Command": {"RequestType": "x"}},
    ],
)
def test_commands_without_a_frame(make: Make, stub: Stub, content: dict[str, Any]) -> None:
    device = make()
    stub.answer = reply(200, "application/xml", plistlib.dumps(content))
    with pytest.raises(MessageRefused):
        device.poll()


def test_an_endless_queue_is_a_complaint(make: Make, stub: Stub) -> None:
    device = make()
    stub.answer = reply(
        200, "application/xml", plistlib.dumps({"CommandUUID": "x", "Command": {"RequestType": "ProfileList"}})
    )
    with pytest.raises(Complaint, match="more than 5"):
        device.poll(max_replies=5)


def test_not_now_is_asked_again(make: Make, stub: Stub) -> None:
    device = make()
    device.answer_not_now(["DeviceLock"])
    stub.command("DeviceLock")
    stub.command("RestartDevice")
    assert device.poll() == [
        ("DeviceLock", "NotNow"),
        ("RestartDevice", "Acknowledged"),
        ("DeviceLock", "Acknowledged"),
    ]
    device.answer_not_now(times=2)
    stub.command("RestartDevice")
    assert device.poll() == [("RestartDevice", "NotNow")]
    assert device.poll() == [("RestartDevice", "NotNow")]
    assert device.poll() == [("RestartDevice", "Acknowledged")]


def test_lost_replies_and_reports(make: Make, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    device = make()
    stub.command("RestartDevice")
    device.lose_next_reply()
    assert device.poll() == []  # the command was on its way and got lost
    assert device.poll() == [("RestartDevice", "Acknowledged")]
    stub.command("RestartDevice")
    original = device.messenger.report

    def lose_second(*args: Any) -> Any:
        monkeypatch.undo()
        answer = original(*args)
        device.lose_next_report()
        return answer

    monkeypatch.setattr(device.messenger, "report", lose_second)
    assert device.poll() == [("RestartDevice", "Acknowledged")]
    assert len(stub.reports) == 1
    assert device.poll() == [("RestartDevice", "Acknowledged")]
    assert [one.uuid for one in device.received[-2:]] == [device.received[-1].uuid] * 2


def test_silence_and_refusals(make: Make, stub: Stub) -> None:
    device = make()
    stub.command("RestartDevice")
    device.go_silent()
    assert device.poll() == []
    device.wake()
    device.refuse("RestartDevice")
    assert device.poll() == [("RestartDevice", "Error")]
    assert device.state.restarts == 0


def test_signatures_and_content_types_as_knobs_say(make: Make, stub: Stub) -> None:
    device = make()
    device.knobs.digest, device.knobs.content_type, device.knobs.method = "sha1", "none", "POST"
    device.poll()
    method, _, headers, _ = stub.requests[-1]
    assert (method, "Content-Type" in headers) == ("POST", False)
    device.knobs.content_type = "empty"
    device.poll()
    assert stub.requests[-1][2]["Content-Type"] == ""
    device.knobs.sign_other_body = b"other"
    with pytest.raises(AssertionError, match=r"verif|digest"):  # OpenSSL refuses it
        device.poll()
    device.knobs.sign_other_body, device.knobs.strip_signature = None, True
    device.poll()
    assert "Mdm-Signature" not in stub.requests[-1][2]


def test_raw_requests(make: Make, stub: Stub) -> None:
    device = make()
    body = device.message("TokenUpdate", Topic=device.topic, Token=b"x", PushMagic="y", UDID="OTHER")
    assert device.send("checkin", body).status == 200
    assert stub.messages[-1]["UDID"] == "OTHER"
    with pytest.raises(AssertionError, match=r"verif|digest"):
        device.send("checkin", body, sign=b"another body")
    with pytest.raises(AssertionError):
        device.send("checkin", body, identity=forge.self_signed("x"))
    assert device.send("/apple/nothing", body, sign=False).status == 404
    assert "Mdm-Signature" not in stub.requests[-1][2]


def test_user_channel(make: Make, stub: Stub) -> None:
    mac = make("mac")
    stub.command("ProfileList")
    assert mac.poll(user=mac.users[0]) == [("ProfileList", "Acknowledged")]
    assert stub.messages[-1]["UserID"] == mac.users[0].user_id
    stub.command("RestartDevice")
    assert mac.poll(user=mac.users[0]) == [("RestartDevice", "Error")]


def test_network_trouble_is_not_hidden(make: Make, stub: Stub) -> None:
    device = make()
    stub.answer = reply(503, "text/plain", b"later")
    with pytest.raises(ServerRefused):
        device.poll()
