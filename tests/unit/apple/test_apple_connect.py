"""The command channel: proof, binding, queue rules, and what a poll costs."""

import base64
import plistlib

import pytest

from chalicelib.core import commands
from chalicelib.core.house import House
from chalicelib.gateway import handler
from chalicelib.model.command import Command, CommandState
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from tests.unit.apple.phone import TOPIC, Phone, ask, call, event, sign


def state(phone: Phone, command: Command) -> CommandState:
    return commands.get(phone.house, phone.device.id, command.id).state


@pytest.fixture
def settled(phone: Phone) -> Phone:
    return phone.settle()


def test_an_idle_poll_is_one_store_call_and_no_write(house: House, settled: Phone) -> None:
    house.store.meter.reset()
    answer = settled.idle()
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    used = house.store.meter.by_operation()
    assert {name: usage.calls for name, usage in used.items()} == {"dynamodb.query": 1}
    assert house.store.meter.total().write_units == 0
    assert used["dynamodb.query"].read_units <= 1


def test_last_seen_is_written_three_times_a_day(house: House, settled: Phone, clock) -> None:
    house.store.meter.reset()
    start = clock.now
    for quarter in range(96):
        clock.now = start + quarter * 900
        settled.idle()
    assert house.store.meter.by_operation()["dynamodb.put"].calls <= 3


def test_command_is_delivered_reported_and_done(settled: Phone) -> None:
    command = ask(settled)
    got = settled.idle()
    assert got.command == (command.id, "RestartDevice")
    assert got.headers["content-type"] == "application/xml"
    assert settled.report("Acknowledged", command.id).body == b""
    assert state(settled, command) is CommandState.ACKNOWLEDGED


def test_a_lost_reply_is_the_same_command_again(settled: Phone) -> None:
    command = ask(settled)
    assert settled.idle().command[0] == settled.idle().command[0] == command.id
    assert state(settled, command) is CommandState.SENT


def test_error_is_terminal_and_tells_why(settled: Phone) -> None:
    command = ask(settled)
    settled.idle()
    chain = [{"ErrorDomain": "MCMDMErrorDomain", "ErrorCode": 12021, "USEnglishDescription": "Not supervised"}]
    assert settled.report("Error", command.id, ErrorChain=chain).body == b""
    done = commands.get(settled.house, settled.device.id, command.id)
    assert done.state is CommandState.FAILED
    assert done.detail == "Not supervised (MCMDMErrorDomain 12021)"


def test_format_error_is_terminal(settled: Phone) -> None:
    command = ask(settled)
    settled.idle()
    settled.report("CommandFormatError", command.id)
    assert state(settled, command) is CommandState.FAILED


def test_not_now_is_kept_skipped_once_and_offered_again(settled: Phone) -> None:
    first, second = ask(settled), ask(settled, "device-information")
    order = sorted((first.id, second.id))
    assert settled.idle().command[0] == order[0]
    assert settled.report("NotNow", order[0]).command[0] == order[1]
    assert settled.report("NotNow", order[1]).body == b""  # the session ends
    assert settled.idle().command[0] == order[0]  # and nothing is lost
    settled.report("NotNow", order[0])
    assert settled.idle().command[0] == order[0]
    assert settled.report("Acknowledged", order[0], QueryResponses={}).command[0] == order[1]


def test_a_session_of_a_device_that_always_says_not_now_is_finite(phone: Phone) -> None:
    phone.token_update(AwaitingConfiguration=True)
    for _ in range(4):
        ask(phone, "device-information")
    answer, replies = phone.idle(), 0
    while answer.command[0]:
        replies += 1
        assert replies < 10
        answer = phone.report("NotNow", answer.command[0])


def test_late_error_after_acknowledged_changes_nothing(settled: Phone) -> None:
    command = ask(settled)
    settled.idle()
    settled.report("Acknowledged", command.id)
    before = commands.get(settled.house, settled.device.id, command.id)
    settled.house.store.meter.reset()
    assert settled.report("Error", command.id).status == 200
    assert commands.get(settled.house, settled.device.id, command.id) == before
    assert settled.house.store.meter.total().write_units == 0


def test_report_on_a_command_that_was_never_sent_changes_nothing(settled: Phone) -> None:
    first, second = sorted((ask(settled), ask(settled)), key=lambda command: command.id)
    assert settled.idle().command[0] == first.id
    settled.report("Acknowledged", second.id)
    assert state(settled, second) is not CommandState.ACKNOWLEDGED


def test_the_answer_to_a_query_that_was_never_sent_is_not_kept(settled: Phone) -> None:
    first, second = sorted((ask(settled, "device-information") for _ in range(2)), key=lambda command: command.id)
    assert settled.idle().command[0] == first.id
    settled.report("Acknowledged", second.id, QueryResponses={"DeviceName": "Forged"})
    assert settled.device.name != "Forged"


def test_report_on_a_foreign_command_changes_nothing(house: House, settled: Phone) -> None:
    other = Phone(house, udid="other", serial="OTHER", number=1).enroll().settle()
    command = ask(settled)
    settled.idle()
    house.store.meter.reset()
    assert other.report("Acknowledged", command.id).status == 200
    assert other.report("NotNow", "no-such-command").status == 200
    assert house.store.meter.total().write_units == 0
    assert state(settled, command) is CommandState.SENT


@pytest.mark.parametrize("headers", [{}, {"content-type": ""}, {"content-type": "application/x-apple-aspen-mdm"}])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_reports_come_with_any_type_and_method(settled: Phone, headers: dict[str, str], method: str) -> None:
    command = ask(settled)
    body = plistlib.dumps({"Status": "Idle", "UDID": settled.udid})
    signature = {"mdm-signature": sign(body, settled.key, settled.certificate)}
    answer = call(settled.house, handler, event("/apple/connect", body, signature | headers, method=method))
    assert answer.command[0] == command.id


def test_unknown_status_is_a_value(settled: Phone) -> None:
    command = ask(settled)
    assert settled.report("Pondering", command.id).status == 200
    assert state(settled, command) is CommandState.QUEUED


# who speaks


def test_the_signature_must_be_over_this_body(settled: Phone) -> None:
    body = plistlib.dumps({"Status": "Idle", "UDID": settled.udid})
    answer = settled.send("/apple/connect", body, signed=body.replace(b"Idle", b"idle"))
    assert answer.status == 403


def test_content_inside_the_signature_does_not_replace_the_body(settled: Phone) -> None:
    idle = plistlib.dumps({"Status": "Idle", "UDID": settled.udid})
    header = {"mdm-signature": sign(idle, settled.key, settled.certificate, attached=True)}
    assert call(settled.house, handler, event("/apple/connect", idle, header)).status == 200
    other = plistlib.dumps({"Status": "Acknowledged", "CommandUUID": "x", "UDID": settled.udid})
    assert call(settled.house, handler, event("/apple/connect", other, header)).status == 403


def test_without_a_signature_nothing_is_read(house: House, settled: Phone) -> None:
    house.store.meter.reset()
    for body in (b"", b"x", plistlib.dumps({"Status": "Idle", "UDID": settled.udid})):
        for headers in ({}, {"mdm-signature": "AAAA"}, {"mdm-signature": "%%%"}):
            assert call(house, handler, event("/apple/connect", body, headers)).status in (400, 403)
    assert house.store.meter.total().calls == 0


def over_tls(phone: Phone, certificate: bytes, *, signed: bool = False) -> int:
    encoded = base64.encodebytes(certificate).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{encoded}-----END CERTIFICATE-----\n"
    body = plistlib.dumps({"Status": "Idle", "UDID": phone.udid})
    context = {"authentication": {"clientCert": {"clientCertPem": pem}}} if certificate else {}
    signature = {"mdm-signature": sign(body, phone.key, phone.certificate)} if signed else {}
    return call(phone.house, handler, event("/apple/connect", body, signature, context=context)).status


def test_mutual_tls_proves_the_identity_too(house: House, settled: Phone) -> None:
    other = Phone(house, udid="other", serial="OTHER", number=1).enroll()
    assert over_tls(settled, settled.certificate) == 200
    assert over_tls(settled, settled.certificate, signed=True) == 200
    assert over_tls(settled, other.certificate, signed=True) == 403
    assert over_tls(settled, other.certificate) == 403
    assert over_tls(settled, b"") == 403
    assert over_tls(settled, b"junk") == 400


def test_a_body_that_names_another_device_is_refused(house: House, settled: Phone) -> None:
    victim = Phone(house, udid="victim", serial="VICTIM", number=1).enroll().settle()
    command = ask(victim)
    before = victim.poll
    thief = Phone(house, udid=victim.udid, certificate=settled.certificate, enrollment_id=settled.enrollment_id)
    house.store.meter.reset()
    answers = [
        thief.idle(), thief.report("Acknowledged", command.id), thief.report("NotNow", command.id),
        thief.token_update(), thief.checkin("CheckOut"), thief.checkin("GetBootstrapToken"),
        thief.checkin("SetBootstrapToken", BootstrapToken=b"x"), thief.declarative("tokens"),
        thief.checkin("UserAuthenticate", UserID="u"), thief.checkin("GetToken", TokenServiceType="com.apple.maid"),
    ]  # fmt: skip
    assert {answer.status for answer in answers} == {403}
    assert answers[0].json["code"] == "com.apple.unrecognized.device"
    assert house.store.meter.total().write_units == 0
    assert thief.checkin("Authenticate", **victim.authentication).status == 403
    assert victim.poll == before


def test_a_departed_device_is_not_recognised(settled: Phone) -> None:
    assert settled.checkin("CheckOut").status == 200
    answer = settled.idle()
    assert (answer.status, answer.json["code"]) == (403, "com.apple.unrecognized.device")


def test_an_expired_identity_is_refused_without_telling_the_device_to_leave(settled: Phone, clock) -> None:
    clock.now += 3 * 365 * 86400
    answer = settled.idle()
    assert answer.status == 403
    assert b"com.apple.unrecognized.device" not in answer.body


# before and after


def test_no_command_before_the_first_token_update(house: House) -> None:
    phone = Phone(house).obtain_certificate()
    assert phone.idle().status == 403  # has not authenticated
    phone.checkin("Authenticate", **phone.authentication)
    assert phone.poll.enrollment.status is EnrollmentStatus.AUTHENTICATED
    assert phone.idle().command == ("", "")
    assert phone.idle().status == 200


def test_a_new_enrollment_does_not_get_the_old_queue(settled: Phone) -> None:
    ordinary, destructive = ask(settled), ask(settled, "erase")
    settled.checkin("Authenticate", **settled.authentication)
    settled.token_update()
    settled.settle()
    assert settled.idle().command == ("", "")
    assert state(settled, ordinary) is CommandState.CANCELLED
    assert state(settled, destructive) is CommandState.PARKED


def test_an_acknowledged_erase_ends_the_enrollment(settled: Phone) -> None:
    command = ask(settled, "erase")
    assert settled.idle().command[0] == command.id
    assert settled.report("Acknowledged", command.id).body == b""
    assert settled.house.store.get(Enrollment, settled.enrollment_id).status is EnrollmentStatus.DISABLED
    assert state(settled, command) is CommandState.ACKNOWLEDGED


def test_user_channels_are_channels_of_their_own(house: House) -> None:
    mac = Phone(house, product="Mac15,3", os_version="15.1").enroll().settle()
    user = {"UserID": "AAAA-1", "UserShortName": "anna", "UserLongName": "Anna"}
    assert mac.idle(**user).status == 200  # not known yet: nothing to say
    assert mac.token_update(**user).status == 200
    assert mac.poll.enrollment.user_channels == (f"{mac.enrollment_id}:AAAA-1",)
    channel = house.store.get(Enrollment, f"{mac.enrollment_id}:AAAA-1")
    assert (channel.user_name, channel.device_id) == ("anna", mac.device.id)
    command = ask(mac)
    assert mac.idle(**user).body == b""
    assert mac.idle().command[0] == command.id
    assert mac.checkin("UserAuthenticate", **user).status == 410
    assert mac.checkin("CheckOut", **user).status == 200
    assert house.store.get(Enrollment, channel.id).status is EnrollmentStatus.DISABLED
    assert mac.idle().status == 200


def test_a_user_too_many_does_not_unenroll_the_device(house: House) -> None:
    mac = Phone(house, product="Mac15,3", os_version="15.1").enroll()
    answers = [mac.token_update(UserID=f"U{number}", UserShortName="u") for number in range(21)]
    assert [answer.status for answer in answers] == [200] * 20 + [409]
    assert TOPIC.encode() not in answers[-1].body


def test_a_command_costs_what_the_budget_allows(house: House, settled: Phone) -> None:
    house.store.meter.reset()
    command = ask(settled)
    settled.idle()
    settled.report("Acknowledged", command.id)
    used = house.store.meter.total("dynamodb")
    assert used.read_units <= 8
    assert used.write_units <= 12
