"""Commands and policies on their way through Google: handed over once, done when operation or device says so."""

import json

import pytest

from chalicelib.core import commands, delivery, devices
from chalicelib.core.errors import Conflict
from chalicelib.model.command import CommandState as S
from chalicelib.model.device import DeviceStatus, Ownership
from chalicelib.model.enrollment import EnrollmentStatus
from chalicelib.platforms.android import policies
from tests.unit.android.site import ADMIN, Site, saying, told


def sent(site: Site, name: str, verb: str = ":issueCommand") -> list[dict[str, object]]:
    return [one["body"] for one in site.control.requests() if one["path"].endswith(f"{name}{verb}")]


def test_taken_is_not_done(site: Site) -> None:
    name = site.phone()
    asked = site.ask(name, "lock")
    refusal = site.wake(name)
    assert refusal
    assert site.now(asked).state is S.SENT
    (body,) = sent(site, name)
    assert body == {"type": "LOCK", "duration": "2592000s"}
    assert [one["type"] for one in site.control.obey(name)] == ["LOCK"]
    assert site.now(asked).state is S.SENT
    assert "finished" in site.hand_over()
    assert site.now(asked).state is S.ACKNOWLEDGED


def test_a_lost_push_is_made_up_for_by_asking(site: Site) -> None:
    name = site.phone()
    asked = site.ask(name, "lock")
    site.wake(name)
    site.control.obey(name)
    site.take()  # and nobody gets it
    assert site.wake(name) == {}
    assert site.now(asked).state is S.ACKNOWLEDGED
    assert len(sent(site, name)) == 1


def test_a_repeated_and_a_late_push_change_nothing(site: Site) -> None:
    name = site.phone()
    asked = site.ask(name, "lock")
    site.wake(name)
    site.control.obey(name)
    pushes = [push for push in site.take() if push["type"] == "COMMAND"]
    failed = saying(pushes[0], error={"code": 9, "message": "late"})
    assert site.hand_over([*pushes, *pushes, failed]) == ["finished", "ignored", "ignored"]
    assert site.now(asked).state is S.ACKNOWLEDGED


def test_a_push_about_a_command_of_another_device_changes_nothing(site: Site) -> None:
    mine, other = site.phone(), site.phone()
    asked = site.ask(mine, "lock")
    site.wake(mine)
    site.control.obey(mine)
    (push,) = [push for push in site.take() if push["type"] == "COMMAND"]
    operation = told(push)["name"].rpartition("/")[2]
    assert site.hand_over([saying(push, name=f"{other}/operations/{operation}")]) == ["ignored"]
    assert site.now(asked).state is S.SENT


def test_what_the_device_cannot_do_fails_with_the_reason(site: Site) -> None:
    name = site.phone()
    site.control.set(name, broken={"LOCK": "UNSUPPORTED"})
    asked = site.ask(name, "lock")
    site.wake(name)
    site.control.obey(name)
    site.hand_over()
    assert (site.now(asked).state, site.now(asked).detail) == (S.FAILED, "The device does not support it.")


@pytest.mark.parametrize("status", [429, 503])
def test_busy_means_later_and_not_twice(site: Site, status: int) -> None:
    name = site.phone()
    asked = site.ask(name, "restart")
    site.control.fault("POST */devices/*", status, times=1)
    refusal = next(iter(site.wake(name).values()))
    assert not refusal.alarm
    assert site.now(asked).state is S.QUEUED
    site.wake(name)
    assert site.now(asked).state is S.SENT
    site.control.obey(name)
    site.hand_over()
    assert site.now(asked).state is S.ACKNOWLEDGED


def test_a_wipe_whose_answer_is_lost_is_not_sent_again(site: Site) -> None:
    name = site.phone()
    asked = site.ask(name, "erase")
    site.control.fault("POST */devices/*", 503, drop="after", times=1)
    site.wake(name)
    assert site.now(asked).state is S.SENT
    site.clock.ahead += 400
    site.wake(name)
    assert (site.now(asked).state, site.now(asked).detail) == (S.FAILED, delivery.UNCONFIRMED)
    assert len(sent(site, name)) == 1


def test_a_new_password_is_kept_nowhere(site: Site) -> None:
    name = site.phone()
    asked = site.ask(name, "reset-password", new_password="Canary-4711x")
    site.wake(name)
    assert sent(site, name)[0]["newPassword"] == "Canary-4711x"
    site.control.obey(name)
    site.hand_over()
    site.wake(name)
    assert site.now(asked).state is S.ACKNOWLEDGED
    assert "Canary-4711x" not in str(site.now(asked))


def test_disabled_is_what_the_device_reports(site: Site) -> None:
    name = site.phone()
    asked = site.ask(name, "disable", reason="Return it to the office.")
    assert site.wake(name) == {}
    assert site.now(asked).state is S.SENT
    assert site.wake(name) == {}  # nothing to ask for: it is not asked for again
    site.control.report(name)
    site.hand_over()
    assert site.now(asked).state is S.ACKNOWLEDGED


def test_an_erased_device_has_left(site: Site) -> None:
    name = site.phone()
    asked = site.ask(name, "erase")
    site.wake(name)
    site.control.obey(name)
    site.hand_over()
    assert site.now(asked).state is S.ACKNOWLEDGED
    assert site.device(name).status is DeviceStatus.UNENROLLED


def test_a_fully_managed_device_is_not_retired_by_surprise(site: Site) -> None:
    name = site.phone()
    waiting = site.ask(name, "lock")
    with pytest.raises(Conflict, match="erase"):
        devices.retire(site.house, ADMIN, site.device(name).id)
    assert site.device(name).status is DeviceStatus.ENROLLED
    assert site.now(waiting).state is S.QUEUED


def test_a_work_profile_is_retired_and_nothing_else_goes(site: Site) -> None:
    name = site.phone(Ownership.PERSONAL)
    devices.retire(site.house, ADMIN, site.device(name).id)
    site.wake(name)
    ((body),) = sent(site, name)
    assert "wipeReason" in str(body)
    assert "wipeDataFlags" not in str(body)
    site.control.obey(name)
    site.hand_over()
    assert site.enrollment(name).status is EnrollmentStatus.DISABLED
    assert site.device(name).status is DeviceStatus.RETIRED


def test_each_device_gets_the_policy_of_its_kind(site: Site) -> None:
    phone, profile = site.phone(), site.phone(Ownership.PERSONAL)
    assert site.enrollment(phone).session["policy"]["name"] == f"{site.enterprise}/policies/corporate"
    assert site.enrollment(profile).session["policy"]["name"] == f"{site.enterprise}/policies/personal"


def test_a_policy_is_judged_when_our_version_is_applied(site: Site) -> None:
    name = site.phone()
    policies.set_policy(site.house, ADMIN, "corporate", {"cameraAccess": "CAMERA_ACCESS_DISABLED"}, 0)
    site.wake(name)
    site.control.report(name, sync=False)
    site.hand_over()
    assert site.device(name).facts["policy"] == "pending"
    site.control.set(name, broken={"cameraAccess": "UNSUPPORTED"})
    site.control.report(name)
    site.hand_over()
    assert site.device(name).facts["policy"] == "failed: cameraAccess"
    site.control.set(name, broken={})
    site.control.report(name)
    site.hand_over()
    assert site.device(name).facts["policy"] == "applied"


def test_two_devices_with_placeholders_have_policies_of_their_own(site: Site) -> None:
    document = {"shortSupportMessage": {"defaultMessage": "Asset {device.serial}"}}
    policies.set_policy(site.house, ADMIN, "corporate", document, 0)
    names = [site.phone(), site.phone()]
    held = {site.enrollment(name).session["policy"]["name"] for name in names}
    assert len(held) == 2
    messages = [json.dumps(one["body"]) for one in site.control.requests() if "/policies/device-" in one["path"]]
    assert all(any(site.device(name).serial in said for said in messages) for name in names)


def test_a_cancelled_command_is_never_handed_over(site: Site) -> None:
    name = site.phone()
    asked = site.ask(name, "lock")
    commands.cancel(site.house, ADMIN, asked.device_id, asked.id)
    site.wake(name)
    assert sent(site, name) == []


def test_a_wipe_is_done_too_when_the_last_report_is_faster_than_its_operation(site: Site) -> None:
    name = site.phone()
    asked = site.ask(name, "erase")
    site.wake(name)
    site.control.obey(name)
    pushes = site.take()
    assert [push["type"] for push in pushes] == ["COMMAND", "STATUS_REPORT"]
    assert site.hand_over(reversed(pushes)) == ["left", "ignored"]
    assert site.now(asked).state is S.ACKNOWLEDGED


def test_of_two_commands_the_one_that_was_done_is_done(site: Site) -> None:
    name = site.phone()
    first, second = site.ask(name, "restart"), site.ask(name, "restart")
    site.wake(name)
    site.control.obey(name)
    pushes = [push for push in site.take() if push["type"] == "COMMAND"]
    held = {str(site.now(each).progress["id"]): each for each in (first, second)}
    late = held[told(pushes[1])["name"]]
    assert site.hand_over(pushes[1:]) == ["finished"]
    assert site.now(late).state is S.ACKNOWLEDGED
    assert {site.now(first).state, site.now(second).state} == {S.ACKNOWLEDGED, S.SENT}


def test_what_google_says_of_a_password_is_not_kept(site: Site) -> None:
    name = site.phone()
    asked = site.ask(name, "reset-password", new_password="Canary-4711x")
    site.control.fault("POST */devices/*", 400, reason="INVALID_ARGUMENT", message="bad password Canary-4711x", times=1)
    site.wake(name)
    assert (site.now(asked).state, site.now(asked).detail) == (S.FAILED, "Google refused: INVALID_ARGUMENT")


def test_a_policy_of_another_name_is_not_ours(site: Site) -> None:
    name = site.phone()
    site.control.report(name)
    (push,) = site.take()
    other = {"appliedPolicyName": f"{site.enterprise}/policies/arriving", "appliedPolicyVersion": "999"}
    site.hand_over([saying(push, **other, lastStatusReportTime="2199-01-01T00:00:00Z")])
    assert site.device(name).facts["policy"] == "pending"
