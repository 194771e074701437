"""Commands to Chromebooks: handed over once, asked after by their ids, and what comes of them."""

from dataclasses import replace

import pytest

from chalicelib.core import audit, delivery, devices
from chalicelib.core.errors import Forbidden
from chalicelib.model.command import CommandState
from chalicelib.model.device import DeviceStatus
from chalicelib.model.enrollment import EnrollmentStatus
from chalicelib.platforms.chromeos.actions import registry
from chalicelib.platforms.google import desk, lately
from tests.unit.chromeos.office import ADMIN, DIRECTORY_HOST, HELPDESK, SCOPES, Chromebook, Office

S = CommandState


def test_accepted_is_not_done(book: Chromebook) -> None:
    asked = book.ask("restart")
    for steps in (0, 1, 1):
        book.obey(steps)
        refusal = book.wake()
        assert refusal is not None
        assert not refusal.alarm
        assert not refusal.gone
        assert book.state(asked) is S.SENT
    book.obey(1)
    assert book.wake() is None
    assert book.state(asked) is S.ACKNOWLEDGED
    assert book.issued() == [{"commandType": "REBOOT"}]


def test_nothing_waiting_costs_no_request(office: Office, book: Chromebook) -> None:
    assert book.wake() is None
    assert office.google.control.requests() == []


@pytest.mark.parametrize("outcome", ["FAILURE", "IGNORED", "COMMAND_RESULT_TYPE_UNSPECIFIED"])
def test_executed_can_still_have_failed(book: Chromebook, outcome: str) -> None:
    book.set(outcome=outcome, error="The battery is low.")
    command = book.done("restart")
    assert command.state is S.FAILED
    assert command.detail.endswith(": The battery is low.")


def test_a_device_that_does_not_come_lets_it_expire(office: Office, book: Chromebook) -> None:
    book.offline()
    asked = book.ask("restart")
    book.wake()
    office.pass_by(7 * 3600)
    assert book.wake() is None
    assert book.state(asked) is S.EXPIRED
    assert "gave it up" in book.command(asked).detail


def test_cancelled_at_google(book: Chromebook) -> None:
    asked = book.ask("restart")
    book.wake()
    book.cancel()
    book.wake()
    assert book.state(asked) is S.CANCELLED


@pytest.mark.parametrize(
    ("status", "reason"), [(429, "rateLimitExceeded"), (503, "backendError"), (403, "quotaExceeded")]
)
def test_a_busy_google_puts_it_back(office: Office, book: Chromebook, status: int, reason: str) -> None:
    """Even what may happen only once: Google said that it did nothing."""
    asked = book.ask("erase")
    office.google.control.fault(f"POST /{DIRECTORY_HOST}/*issueCommand", status, reason=reason, times=2)
    for _ in range(2):
        refusal = book.wake()
        assert refusal is not None
        assert not refusal.alarm
        assert book.state(asked) is S.QUEUED
    book.wake()
    assert book.state(asked) is S.SENT
    assert book.issued() == [{"commandType": "REMOTE_POWERWASH"}]


def test_a_google_that_stays_busy_is_not_the_devices_fault(office: Office, book: Chromebook) -> None:
    asked = book.ask("restart")
    office.google.control.fault(f"POST /{DIRECTORY_HOST}/*issueCommand", 503, times=delivery.MAX_DELIVERIES + 2)
    for _ in range(delivery.MAX_DELIVERIES + 3):
        book.wake()
    assert book.state(asked) is S.SENT
    assert len(book.issued()) == 1


def test_busy_for_one_is_busy_for_all(office: Office) -> None:
    books = [office.chromebook() for _ in range(3)]
    for book in books:
        book.ask("restart")
    office.google.control.fault(f"POST /{DIRECTORY_HOST}/*issueCommand", 429, times=99)
    refused = office.wake(*books)
    assert len(refused) == 3
    assert len(office.requests("POST", ":issueCommand")) == 1


def test_a_lost_answer_is_not_a_second_powerwash(office: Office, book: Chromebook) -> None:
    asked = book.ask("erase")
    office.google.control.fault(f"POST /{DIRECTORY_HOST}/*issueCommand", drop="after", times=1)
    assert book.wake() is not None
    assert book.state(asked) is S.SENT
    office.pass_by(desk.PATIENCE + 1)
    assert book.wake() is None
    assert (book.state(asked), book.command(asked).detail) == (S.FAILED, delivery.UNCONFIRMED)
    assert len(book.issued()) == 1


def test_a_lost_answer_of_what_may_be_repeated(office: Office, book: Chromebook) -> None:
    book.ask("support-packet")
    office.google.control.fault(f"POST /{DIRECTORY_HOST}/*issueCommand", drop="after", times=1)
    book.wake()
    book.wake()
    assert len(book.issued()) == 2


@pytest.mark.parametrize(("action", "ends", "calls"), [("restart", S.FAILED, 0), ("support-packet", S.ACKNOWLEDGED, 1)])
def test_a_crash_between_call_and_id(
    office: Office, book: Chromebook, action: str, ends: CommandState, calls: int
) -> None:
    asked = book.ask(action)
    delivery.send(office.house, book.command(asked), {"since": office.clock()})
    assert book.wake() is not None, "whoever sent it may still be about to keep its id"
    assert (book.state(asked), book.issued()) == (S.SENT, [])
    office.pass_by(desk.PATIENCE)
    book.wake()
    book.obey()
    book.wake()
    assert book.state(asked) is ends
    assert len(book.issued()) == calls


def test_a_command_that_google_forgot(office: Office, book: Chromebook) -> None:
    asked = book.ask("restart")
    book.wake()
    held = book.command(asked)
    office.house.store.replace(replace(held, progress={"id": "99999999999"}))
    book.wake()
    assert book.state(asked) is S.FAILED
    assert "may have happened" in book.command(asked).detail


def test_what_google_refuses_fails_with_its_words(book: Chromebook) -> None:
    book.set(device={"status": "DEPROVISIONED"})
    asked = book.ask("restart")
    assert book.wake() is None
    assert book.command(asked).detail == "Google refused: Device is not in a state that takes commands."


def test_a_device_that_google_does_not_know(office: Office, book: Chromebook) -> None:
    asked = book.ask("restart")
    office.house.store.replace(replace(book.enrollment, hardware_id="no-such-device"))
    assert book.wake() is None
    assert "does not know this device" in book.command(asked).detail


def test_refused_credentials_are_an_alarm(office: Office, book: Chromebook) -> None:
    asked = book.ask("restart")
    office.google.control.delegate(office.key["client_id"], [])
    refusal = book.wake()
    assert refusal is not None
    assert refusal.alarm
    assert book.state(asked) is S.QUEUED
    office.google.control.delegate(office.key["client_id"], SCOPES)
    book.wake()
    assert book.state(asked) is S.SENT


def test_not_connected_is_an_alarm(office: Office, book: Chromebook) -> None:
    from chalicelib.core import google_setup

    asked = book.ask("restart")
    google_setup.disconnect(office.house, ADMIN)
    office.pass_by(lately.REREAD)
    refusal = book.wake()
    assert refusal is not None
    assert refusal.alarm
    assert book.state(asked) is S.QUEUED


def test_a_forbidden_device_does_not_stand_in_the_way(office: Office) -> None:
    """The administrator may be allowed some org units only."""
    first, second = office.chromebook(), office.chromebook()
    first.ask("restart")
    second.ask("restart")
    office.google.control.fault(f"POST /{DIRECTORY_HOST}/*{first.id}:issueCommand", 403, reason="forbidden", times=9)
    refused = office.wake(first, second)
    assert refused[first.enrollment.id].alarm
    assert len(second.issued()) == 1


def test_all_that_waits_goes_in_one_turn(book: Chromebook) -> None:
    for action in ("crd-availability", "restart", "support-packet"):
        book.ask(action)
    refusal = book.wake()
    assert refusal is not None
    assert refusal.reason.startswith("3 ")
    assert [one["commandType"] for one in book.issued()] == [
        "FETCH_CRD_AVAILABILITY_INFO",
        "REBOOT",
        "FETCH_SUPPORT_PACKET",
    ]


def test_no_time_left_waits_for_the_next_turn(book: Chromebook, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = book.ask("restart")
    monkeypatch.setattr(desk, "BUDGET", -1.0)
    refusal = book.wake()
    assert refusal is not None
    assert refusal.reason == desk.LATER
    assert book.state(asked) is S.QUEUED


def test_a_powerwashed_device_has_left(book: Chromebook) -> None:
    later = book.ask("support-packet")
    command = book.done("erase")
    assert command.state is S.ACKNOWLEDGED
    assert (book.enrollment.status, book.enrollment.ended_reason) == (EnrollmentStatus.DISABLED, "erased")
    assert book.device.status is DeviceStatus.UNENROLLED
    assert book.state(later) in (S.ACKNOWLEDGED, S.CANCELLED)


def test_a_failed_powerwash_leaves_it_in(book: Chromebook) -> None:
    book.set(outcome="FAILURE")
    assert book.done("erase").state is S.FAILED
    assert book.enrollment.status is EnrollmentStatus.ENABLED


def test_wiped_users_leave_the_device_in(book: Chromebook) -> None:
    assert book.done("wipe-users").state is S.ACKNOWLEDGED
    assert book.at_google()["recentUsers"] == []
    assert book.enrollment.status is EnrollmentStatus.ENABLED


def test_disable_and_enable(book: Chromebook) -> None:
    assert book.done("disable", HELPDESK).state is S.ACKNOWLEDGED
    assert (book.at_google()["status"], book.device.facts["disabled"]) == ("DISABLED", True)
    again = book.done("disable")
    assert again.state is S.FAILED
    assert "DISABLED" in again.detail
    assert book.done("enable").state is S.ACKNOWLEDGED
    assert (book.at_google()["status"], book.device.facts["disabled"]) == ("ACTIVE", False)


def test_deprovision_says_why_and_ends_the_management(book: Chromebook) -> None:
    assert book.done("deprovision", reason="different-model-replacement").state is S.ACKNOWLEDGED
    assert book.at_google()["deprovisionReason"] == "DEPROVISION_REASON_DIFFERENT_MODEL_REPLACEMENT"
    assert book.enrollment.ended_reason == "deprovisioned"


def test_retiring_deprovisions(office: Office, book: Chromebook) -> None:
    devices.retire(office.house, ADMIN, book.device.id)
    assert book.wake() is None
    assert book.at_google()["deprovisionReason"] == "DEPROVISION_REASON_RETIRING_DEVICE"
    assert book.enrollment.status is EnrollmentStatus.DISABLED
    assert book.device.status is DeviceStatus.RETIRED


def test_only_an_administrator_destroys(book: Chromebook) -> None:
    for action, params in (("erase", {}), ("wipe-users", {}), ("deprovision", {"reason": "retiring-device"})):
        with pytest.raises(Forbidden):
            book.ask(action, HELPDESK, **params)


def test_a_move(book: Chromebook) -> None:
    assert book.done("move-org-unit", org_unit="/Nowhere").state is S.FAILED
    book.office.google.control.post("/chromebooks/enroll", serial="MOVES-1", ou="/Sales/Berlin")
    moved = book.done("move-org-unit", org_unit="/Sales/Berlin")
    assert (moved.state, moved.result) == (S.ACKNOWLEDGED, {"org_unit": "/Sales/Berlin"})
    assert book.at_google()["orgUnitPath"] == "/Sales/Berlin"


def test_annotations_that_are_not_given_stay(book: Chromebook) -> None:
    book.done("annotate", asset_id="A-17", notes="Loaned")
    book.done("annotate", notes="", user="ada@example.com")
    found = book.at_google()
    assert (found["annotatedAssetId"], found["annotatedUser"], found["notes"]) == ("A-17", "ada@example.com", "")


def test_device_information(office: Office, book: Chromebook) -> None:
    from chalicelib.core import inventory

    command = book.done("device-information", HELPDESK)
    assert command.state is S.ACKNOWLEDGED
    assert book.device.facts["encrypted"] is True
    assert book.device.facts["battery"] == 0.83
    assert set(inventory.read(office.house, book.device.id)) == {"device", "security", "apps"}


def test_device_information_without_telemetry(book: Chromebook) -> None:
    book.set(telemetry=False)
    assert book.done("device-information").state is S.ACKNOWLEDGED
    assert "battery" not in book.device.facts


def test_a_session_is_opened_with_consent_and_audit(office: Office, book: Chromebook) -> None:
    consent = "Ada agreed on the phone"
    book.set(user_present=True)
    assert book.done("remote-session", HELPDESK, consent=consent).state is S.FAILED
    command = book.done("remote-session", HELPDESK, consent=consent, user_present=True)
    assert command.state is S.ACKNOWLEDGED
    assert command.result["url"].startswith("https://remotedesktop.google.com/")
    queued = [entry.event for entry in audit.recent(office.house, ADMIN) if entry.event.action == "command.queued"]
    assert [(told.actor, told.details["params"]["consent"]) for told in queued] == [("user:hal", consent)] * 2
    assert command.params["consent"] == consent


def test_which_sessions_are_possible(book: Chromebook) -> None:
    assert book.done("crd-availability").result == {
        "idle_seconds": 900,
        "user_session": "NO_SESSION",
        "shared": "UNAVAILABLE_NO_USER",
        "private": "AVAILABLE",
    }


def test_screenshots_and_logs_are_linked(office: Office) -> None:
    kiosk = office.chromebook(kiosk=True)
    old = kiosk.done("screenshot").result["files"]
    office.pass_by(3600)
    new = kiosk.done("screenshot").result["files"]
    assert len(old) == len(new) == 1
    assert old != new
    assert kiosk.done("collect-logs").result["files"][0]["type"] == "LOG_FILE"
    assert kiosk.done("set-volume", volume=30).state is S.ACKNOWLEDGED


def test_a_users_device_says_no_to_a_screenshot(book: Chromebook) -> None:
    """Where the Directory does not tell that people sign in, the device itself is the judge."""
    command = book.done("screenshot")
    assert (command.state, "not supported" in command.detail) == (S.FAILED, True)


def test_every_device_command_is_one_that_google_knows(office: Office) -> None:
    kiosk = office.chromebook(kiosk=True)
    params = {
        "set-volume": {"volume": 1},
        "remote-session": {"consent": "The shop agreed"},
        "support-packet": {"case": "1", "collect": ["policies", "network-health"]},
        "restart": {"delay": 300},
    }
    for name in registry.names():
        action = registry.action(name)
        if action is not None and action.request_type.isupper() and name != "erase":
            assert kiosk.done(name, **params.get(name, {})).state is S.ACKNOWLEDGED, name
