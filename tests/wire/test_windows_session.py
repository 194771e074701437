"""Sessions of a simulated PC with the management route: who may speak, what is kept, what is said, what it costs."""

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.core import audit, devices, ids, inventory
from chalicelib.core.ports import Create, Replace
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device, DeviceStatus, Identifier, Ownership, Platform
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.model.records import Setting
from chalicelib.platforms.windows import jobs
from chalicelib.platforms.windows.arrivals import arrive
from chalicelib.platforms.windows.conversation import Conversation
from chalicelib.platforms.windows.jobs import Job
from chalicelib.platforms.windows.nodes import Step
from chalicelib.platforms.windows.readings import SERIAL
from tests.devices.windows import WindowsPC
from tests.devices.windows.complaints import ServerRefused, SessionRefused
from tests.wire.windows_inprocess import ADMIN, World, replies

CAPTURES = Path(__file__).resolve().parents[3] / "shared" / "captures" / "windows"
needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures are not beside the project (../shared)")
LENGTH = "./Device/Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordLength"
ENABLED = "./Device/Vendor/MSFT/Policy/Config/DeviceLock/DevicePasswordEnabled"
GONE = "./Device/Vendor/MSFT/Policy/Config/DeviceLock/MaxInactivityTimeDeviceLock"
POLL = "./Device/Vendor/MSFT/DMClient/Provider/Muster/Poll"
DAY = 86_400
WLAN = "./Device/Vendor/MSFT/WiFi/Profile/Office/WlanXml"


@pytest.fixture(params=[True, False], ids=["tls", "digest"])
def world(request: pytest.FixtureRequest) -> World:
    return World(tls=request.param)


def queue(world: World, *steps: Step, atomic: bool = False, once: bool = False) -> Command:
    """A job of no action: what later policies will send."""
    device, now = world.device(), world.clock()
    command = Command(
        id=(name := ids.command_id(5, now)), enrollment_id=device.enrollment_id, device_id=device.id, action="probe",
        request_type="Probe", payload=jobs.write(name, Job(steps, atomic)), created_at=now, expires_at=now + 86_400,
        requested_by="test", once=once,
    )  # fmt: skip
    world.house.store.commit(Create(command))
    return command


def ended(world: World, command: Command) -> tuple[CommandState, str]:
    now = world.state(command)
    return now.state, now.detail


# -- arrival


def test_a_pc_enrolls_and_tells_all_in_its_first_session(world: World) -> None:
    pc = world.enrolled(seed=1)
    device = world.device()
    assert (device.status, device.serial, device.name) == (DeviceStatus.ENROLLED, pc.serial, pc.name)
    assert device.os_version.startswith("10.0.")
    assert device.facts["secure_boot"] == "enabled"
    assert {"device", "security", "defender", "apps"} <= set(inventory.read(world.house, device.id))
    assert pc.complaints == []


def test_the_same_hardware_is_the_same_device_again_after_windows_was_installed_anew(world: World) -> None:
    pc = world.enrolled(seed=1)
    first = world.device()
    pc.unenroll()
    pc.set_up()
    pc.enroll_on_premise(world.house.settings.device_url, "ada@example.com", world.code())
    assert pc.device_id != first.identifiers["device_id"]
    again = world.device()
    assert (again.id, again.status) == (first.id, DeviceStatus.ENROLLED)
    assert again.identifiers["device_id"] == pc.device_id


def test_who_enrolls_as_a_pc_that_left_gets_nothing_of_it(world: World) -> None:
    """The serial number is all that they need to say; the record's owner, facts and name stay behind."""
    pc = world.enrolled(seed=1)
    first = world.device()
    given = replace(world.device(), owner="ceo@example.com", groups=("board",), facts={**first.facts, "canary": True})
    world.house.store.commit(Replace(given))
    pc.unenroll()
    pc.set_up()
    pc.enroll_on_premise(world.house.settings.device_url, "eve", world.code(user="eve@example.com"))
    again = world.device()
    assert (again.id, again.owner, again.groups) == (first.id, "eve@example.com", ())
    assert "canary" not in again.facts
    assert again.facts["secure_boot"] == "enabled"  # told anew in the same session


def test_what_was_kept_of_the_request_is_tidied_when_the_pc_arrives() -> None:
    world = World()
    enrolled = world.enrolled(seed=1)
    poll = world.poll()
    said = {"name": "LAP\u202eTOP\x9b", "os_version": "=HYPERLINK(1)"}
    arrive(world.house, poll, replace(Conversation.of(poll.enrollment.session), hello=said), {SERIAL: enrolled.serial})
    assert world.device().name == "LAP TOP"
    assert "=" not in world.device().os_version


def test_a_pc_that_claims_a_live_one_does_not_learn_its_name() -> None:
    world = World()
    world.enrolled(seed=1)
    victim = world.device()
    thief = world.pc(seed=1)
    thief.set_up()
    with pytest.raises(ServerRefused):
        thief.enroll_on_premise(world.house.settings.device_url, "eve", world.code())
    answer = replies(world)[-1]
    assert answer.status == 403
    assert b"enrolled already" in answer.body
    assert victim.id.encode() not in answer.body
    assert f"Device {victim.id} has a live enrollment" in "".join(audit.export(world.house))


def test_a_pc_that_claims_a_mac_is_refused() -> None:
    world = World()
    pc = world.pc(seed=1)
    mac = Device(
        "01MAC", Platform.MACOS, {"serial": pc.serial}, Ownership.CORPORATE, DeviceStatus.UNENROLLED, "", 1,
        owner="ceo@example.com",
    )  # fmt: skip
    world.house.store.commit(Create(mac), Create(Identifier("serial", pc.serial.upper(), mac.id)))
    with pytest.raises(ServerRefused):
        pc.enroll_on_premise(world.house.settings.device_url, "eve", world.code())
    answer = replies(world)[-1]
    assert (answer.status, mac.id.encode() in answer.body) == (403, False)
    assert world.device() == replace(mac, version=1)
    assert f"Device {mac.id} has these identifiers and is of another platform (macos)." in "".join(
        audit.export(world.house)
    )


def test_a_serial_number_that_the_invitation_does_not_list_is_refused() -> None:
    world = World()
    pc = world.pc(seed=1)
    with pytest.raises(ServerRefused):
        pc.enroll_on_premise(world.house.settings.device_url, "ada", world.code(serials=["OTHER"]))
    assert world.house.store.listing(Device).items == ()


@needs_captures
@pytest.mark.parametrize("name", ["04-syncml-first-session", "05-syncml-unenroll"])
def test_the_sessions_of_a_real_device(name: str) -> None:
    """Both begin with the PC's own words; the second one says good-bye."""
    world = World()
    pc = world.pc(seed=1)
    pc.state.device_id = "B5B954E81FBCB94EB79BD08BE625F4EE"
    pc.enroll_on_premise(world.house.settings.device_url, "demo", world.code())
    said = (CAPTURES / f"{name}.request.xml").read_bytes()
    heard = pc.heard(pc.post(pc.state.manage_url, said))
    codes = [(told.verb, told.code) for told in heard.statuses]
    unenrolls = name.startswith("05")
    assert codes == [("SyncHdr", 200), *[("Alert", 200)] * (3 if unenrolls else 2), ("Replace", 200)]
    assert (world.device().status is DeviceStatus.UNENROLLED) == unenrolls


def test_the_enrollment_page_is_told_that_all_is_done(world: World) -> None:
    pc = world.enrolled(seed=1)
    done = [each for each in pc.received if each.uri.endswith(("InstallationState", "HasFinishedProvisioning"))]
    assert [(each.verb, each.data) for each in done] == [("Add", "1"), ("Replace", "3"), ("Replace", "true")]
    world.clock.forward(2 * DAY)
    pc.received.clear()
    pc.poll()
    assert not [each for each in pc.received if each.verb != "Get"]


def test_a_pc_gets_a_push_channel_and_then_polls_less_often(world: World) -> None:
    pc = world.enrolled(seed=1)
    world.house.store.commit(Create(Setting("windows.wns", {"pfn": "Muster_8wekyb3d8bbwe", "sid": "ms-app://s-1"})))
    world.clock.forward(DAY)
    pc.poll()
    channel = world.poll().enrollment.push["channel"]
    assert channel == pc.channel
    assert channel.startswith("https://")
    assert pc.node(f"{POLL}/IntervalForRemainingScheduledRetries") == "240"
    world.clock.forward(DAY)
    pc.poll()
    assert pc.node(f"{POLL}/IntervalForRemainingScheduledRetries") == "480"


def test_a_push_channel_elsewhere_is_not_kept() -> None:
    world = World()
    pc = world.enrolled(seed=1, channels=lambda family: "https://evilnotify.windows.com/?token=1")
    world.house.store.commit(Create(Setting("windows.wns", {"pfn": "Muster_8wekyb3d8bbwe", "sid": "ms-app://s-1"})))
    world.clock.forward(DAY)
    pc.poll()
    assert world.poll().enrollment.push.get("channel") is None


# -- who speaks


def test_an_idle_session_costs_one_read_by_tls_and_two_calls_by_digest(world: World) -> None:
    pc = world.enrolled(seed=1)
    pc.poll()
    assert "devinfo" in inventory.read(world.house, world.device().id)
    meter = world.meter()
    assert pc.poll() == []
    assert meter.total("dynamodb").calls == (1 if world.channel.tls else 2)
    assert meter.total("dynamodb").read_units <= 2
    assert (meter.total("sqs").calls, meter.total("kms").calls, meter.total("s3").calls) == (0, 0, 0)
    if world.channel.tls:
        assert meter.total("dynamodb").write_units == 0


def test_another_source_is_refused(world: World) -> None:
    pc = world.enrolled(seed=1)
    pc.knobs.source = "0" * 32
    with pytest.raises((ServerRefused, SessionRefused)):
        pc.poll()


def test_a_digest_counts_once() -> None:
    world = World(tls=False)
    pc = world.enrolled(seed=1)
    pc.poll()
    exchange = world.channel.exchanges[-1]
    heard = pc.heard(pc.post(pc.state.manage_url, exchange.body))
    assert [told.code for told in heard.statuses] == [401]
    pc.knobs.digest = "wrong"
    with pytest.raises(SessionRefused):
        pc.poll()
    pc.knobs.digest = "normal"
    assert pc.poll() == []  # the refusal told it what to digest next


def test_without_a_digest_the_pc_is_asked_for_one_and_nothing_is_written() -> None:
    world = World(tls=False)
    pc = world.enrolled(seed=1)
    meter = world.meter()
    heard = pc.heard(pc.post(pc.state.manage_url, pc.message([])))
    assert [told.code for told in heard.statuses] == [407]
    assert meter.total("dynamodb").write_units == 0
    stranger = pc.heard(pc.post(pc.state.manage_url, pc.message([], source="F" * 32)))
    assert [told.code for told in stranger.statuses] == [407]


def test_a_certificate_of_another_platform_does_not_speak_for_a_pc() -> None:
    world = World()
    pc = world.enrolled(seed=1)
    bound = world.poll().enrollment
    world.house.store.replace(replace(bound, platform="apple"))
    with pytest.raises(ServerRefused):
        pc.poll()


def test_one_pc_cannot_report_on_the_command_of_another(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    pc = world.enrolled(seed=1)
    asked = queue(world, Step("Exec", "./Device/Vendor/MSFT/Reboot/RebootNow", "null"))
    foreign = "9" + asked.id[1:]
    capsys.readouterr()
    pc.post(pc.state.manage_url, _status(pc, foreign))
    assert '"alert":"report on a foreign command"' in capsys.readouterr().err
    pc.post(pc.state.manage_url, _status(pc, f"{asked.id}.0"))
    assert '"alert"' not in capsys.readouterr().err
    assert world.state(asked).state is not CommandState.ACKNOWLEDGED  # its MsgRef is of no message of ours


def _status(pc: WindowsPC, reference: str) -> bytes:
    return (
        '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
        f"<SessionID>77</SessionID><MsgID>1</MsgID><Target><LocURI>x</LocURI></Target><Source><LocURI>{pc.device_id}</LocURI></Source>"
        f"</SyncHdr><SyncBody><Status><CmdID>1</CmdID><MsgRef>9</MsgRef><CmdRef>{reference}</CmdRef><Cmd>Exec</Cmd>"
        "<Data>200</Data></Status><Final/></SyncBody></SyncML>"
    ).encode()


def test_muster_proves_itself_where_the_pc_asks_for_it() -> None:
    world = World()
    pc = world.enrolled(seed=1)
    bound = world.poll().enrollment.id
    queue(world, Step("Replace", LENGTH, "int", "7"))
    for nonce, proven in (("bm9uY2U=", True), ("no base64", False)):
        challenge = (
            f"<Chal><Meta><Format xmlns='syncml:metinf'>b64</Format><Type xmlns='syncml:metinf'>syncml:auth-md5</Type>"
            f"<NextNonce xmlns='syncml:metinf'>{nonce}</NextNonce></Meta></Chal>"
        )
        said = _status(pc, "0").replace(b"<Cmd>Exec</Cmd>", f"<Cmd>SyncHdr</Cmd>{challenge}".encode())
        reply = pc.post(pc.state.manage_url, said.replace(b"<Data>200<", b"<Data>407<"))
        assert reply.status == (200 if proven else 400)
        if proven:
            secret = hashlib.md5(f"Muster:{pc.state.server_auth['secret']}".encode()).digest()
            told = hashlib.md5(base64.b64encode(secret) + b":nonce").digest()
            assert base64.b64encode(told) in reply.body, bound


# -- jobs


def test_steps_are_done_and_the_command_ends(world: World) -> None:
    pc = world.enrolled(seed=1)
    asked = queue(world, Step("Replace", LENGTH, "int", "8"), Step("Delete", GONE))
    pc.poll()
    assert ended(world, asked) == (CommandState.ACKNOWLEDGED, "")  # 404 to a Delete is success
    assert pc.node(LENGTH) == "8"


def test_a_node_that_is_there_is_replaced(world: World) -> None:
    pc = world.enrolled(seed=1)
    pc.poll()
    queue(world, Step("Add", LENGTH, "int", "6"))
    pc.poll()
    asked = queue(world, Step("Add", ENABLED, "int", "0"), Step("Add", LENGTH, "int", "9"))
    handled = pc.poll()
    assert ended(world, asked) == (CommandState.ACKNOWLEDGED, "")
    assert pc.node(LENGTH) == "9"
    assert (f"Add {LENGTH}", 418) in handled
    assert (f"Replace {LENGTH}", 200) in handled
    assert [request for request, _ in handled].count(f"Add {ENABLED}") == 1


def test_an_atomic_that_meets_a_node_again_is_done_anew_as_a_whole(world: World) -> None:
    pc = world.enrolled(seed=1)
    queue(world, Step("Add", LENGTH, "int", "6"))
    pc.poll()
    asked = queue(world, Step("Add", ENABLED, "int", "0"), Step("Add", LENGTH, "int", "9"), atomic=True)
    pc.poll()
    assert ended(world, asked) == (CommandState.ACKNOWLEDGED, "")
    assert (pc.node(LENGTH), pc.node(ENABLED)) == ("9", "0")


def test_an_atomic_that_fails_names_the_step_that_did_it(world: World) -> None:
    pc = world.enrolled(seed=1)
    pc.answer(LENGTH, 500)
    asked = queue(world, Step("Replace", ENABLED, "int", "0"), Step("Replace", LENGTH, "int", "9"), atomic=True)
    pc.poll()
    state, detail = ended(world, asked)
    assert state is CommandState.FAILED
    assert f"500 to Replace {LENGTH}" in detail
    assert pc.node(LENGTH) is None


@pytest.mark.parametrize(("code", "state"), [(200, "acknowledged"), (202, "acknowledged"), (405, "failed"),
                                             (500, "failed"), (999, "failed")])  # fmt: skip
def test_what_a_status_code_makes_of_a_job(code: int, state: str) -> None:
    world = World()
    pc = world.enrolled(seed=1)
    pc.answer(LENGTH, code)
    asked = queue(world, Step("Replace", LENGTH, "int", "9"))
    pc.poll()
    assert world.state(asked).state == state


def test_a_lost_reply_is_sent_again_but_not_what_must_happen_once(world: World) -> None:
    pc = world.enrolled(seed=1)
    asked = queue(world, Step("Replace", LENGTH, "int", "7"))
    pc.lose_next_reply()
    pc.poll()
    assert world.state(asked).state is CommandState.SENT
    pc.poll()
    assert ended(world, asked) == (CommandState.ACKNOWLEDGED, "")
    restart = world.ask("restart")
    pc.lose_next_reply()
    pc.poll()
    pc.poll()
    state, detail = ended(world, restart)
    assert (state, "may have happened" in detail) == (CommandState.FAILED, True)
    assert not [each for each in pc.received if "RebootNow" in each.uri]


def test_a_message_that_comes_twice_is_answered_alike_and_counts_once() -> None:
    world = World()
    pc = world.enrolled(seed=1)
    asked = queue(world, Step("Replace", LENGTH, "int", "7"))
    pc.knobs.duplicates = 3
    pc.poll()
    assert pc.doubled
    assert all(first.body == second.body for first, second in pc.doubled)
    assert ended(world, asked) == (CommandState.ACKNOWLEDGED, "")


def test_a_session_id_may_come_again(world: World) -> None:
    pc = world.enrolled(seed=1)
    pc.knobs.reuse_session = True
    for length in ("5", "6"):
        asked = queue(world, Step("Replace", LENGTH, "int", length))
        pc.poll()
        assert ended(world, asked) == (CommandState.ACKNOWLEDGED, "")
    assert pc.node(LENGTH) == "6"


def test_what_is_for_the_user_waits_until_somebody_is_there() -> None:
    world = World()
    pc = world.enrolled(seed=1, logged_in="none")
    asked = queue(world, Step("Add", "./User/Vendor/MSFT/WiFi/Profile/Office/WlanXml", "chr", "<WLANProfile/>"))
    pc.poll()
    assert world.state(asked).state is CommandState.QUEUED
    pc.log_in()
    pc.poll()
    assert world.state(asked).state is CommandState.ACKNOWLEDGED


# -- size


def test_five_hundred_nodes_go_in_as_many_messages_as_it_takes(world: World) -> None:
    pc = world.enrolled(seed=1)
    pc.knobs.max_message_size = 16 * 1024
    steps = [Step("Add", f"./Device/Vendor/MSFT/WiFi/Profile/Net{n}/WlanXml", "chr", "<W/>") for n in range(500)]
    asked = queue(world, *steps)
    before = len(replies(world))
    pc.poll()
    sizes = [len(reply.body) for reply in replies(world)[before:]]
    assert max(sizes) <= 16 * 1024
    assert len(sizes) > 5
    got = [each.uri for each in pc.received if "/Profile/Net" in each.uri]
    assert len(got) == len(set(got)) == 500
    assert ended(world, asked) == (CommandState.ACKNOWLEDGED, "")


def test_a_large_object_goes_in_pieces() -> None:
    world = World()
    pc = world.enrolled(seed=1)
    pc.knobs.max_message_size = 8 * 1024
    profile = "<WLANProfile>" + "&<'\"é" * 5_000 + "</WLANProfile>"
    asked = queue(world, Step("Add", WLAN, "chr", profile))
    pc.poll()
    assert pc.node(WLAN) == profile
    assert ended(world, asked) == (CommandState.ACKNOWLEDGED, "")


def test_a_large_answer_comes_in_pieces(world: World) -> None:
    pc = world.enrolled(seed=1)
    pc.knobs.chunk_size = 40
    pc.knobs.max_message_size = 8 * 1024
    pc.state.name = "DESKTOP-" + "X" * 200
    asked = world.ask("device-information")
    pc.poll()
    assert ended(world, asked)[0] is CommandState.ACKNOWLEDGED
    assert pc.complaints == []


def test_a_piece_of_a_wrong_size_is_refused_and_the_rest_counts() -> None:
    world = World()
    pc = world.enrolled(seed=1)
    world.clock.forward(2 * 86_400)
    pc.knobs.chunk_size, pc.knobs.wrong_size, pc.knobs.strict = 8, True, False
    pc.poll()
    codes = [told for reply in replies(world) for told in pc.heard(reply).statuses if told.verb == "Results"]
    assert {told.code for told in codes} >= {213, 424}


# -- odd words


def test_unknown_alerts_and_commands_are_answered_and_change_nothing(world: World) -> None:
    pc = world.enrolled(seed=1)
    pc.knobs.extra_alerts = [("1226", "com.example:news", "1"), ("9999", "", "")]
    pc.knobs.extra_commands = ["Get", "Exec", "Search"]
    pc.poll()
    codes = [(told.verb, told.code) for told in pc.heard(replies(world)[-1]).statuses]
    assert ("Alert", 406) in codes
    assert codes.count(("Alert", 200)) == 3
    assert {("Get", 406), ("Exec", 406), ("Search", 406)} <= set(codes)
    assert world.device().status is DeviceStatus.ENROLLED


def test_comments_in_a_text_do_not_cut_it(world: World) -> None:
    pc = world.enrolled(seed=1)
    pc.knobs.comments = True
    assert pc.poll() == []


# -- leaving


def test_the_user_leaves(world: World) -> None:
    pc = world.enrolled(seed=1)
    pc.unenroll()
    device = world.device()
    assert device.status is DeviceStatus.UNENROLLED
    assert world.house.store.get(Enrollment, device.enrollment_id).status is EnrollmentStatus.DISABLED


def test_a_retired_pc_leaves_and_says_so(world: World) -> None:
    pc = world.enrolled(seed=1)
    devices.retire(world.house, ADMIN, world.device().id)
    pc.poll()
    device = world.device()
    assert not pc.enrolled
    assert device.status is DeviceStatus.RETIRED
    assert world.house.store.get(Enrollment, device.enrollment_id).status is EnrollmentStatus.DISABLED
    (removal,) = world.house.store.collect(Command, device.enrollment_id).items
    assert removal.state is CommandState.ACKNOWLEDGED


def test_an_erased_pc_is_gone(world: World) -> None:
    pc = world.enrolled(seed=1)
    asked = world.ask("erase")
    later = world.ask("sync")
    pc.poll()
    assert pc.state.gone
    assert world.state(asked).state is CommandState.ACKNOWLEDGED
    assert world.device().status is DeviceStatus.UNENROLLED
    assert world.state(later).state in (CommandState.CANCELLED, CommandState.ACKNOWLEDGED)
    assert [each.verb for each in pc.received if "RemoteWipe" in each.uri] == ["Exec"]


# -- actions to their end


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("lock", {}), ("restart", {}), ("sync", {}), ("set-device-name", {"name": "PC-0042"}),
        ("defender-scan", {"type": "quick"}), ("rotate-bitlocker-key", {}), ("reset-laps-password", {}),
        ("device-information", {}), ("security-information", {}), ("installed-apps", {}), ("certificates", {}),
        ("autopilot-reset", {}),
    ],
)  # fmt: skip
def test_an_action_is_done_when_the_pc_has_done_it(world: World, action: str, params: dict[str, str]) -> None:
    pc = world.enrolled(seed=1)
    asked = world.ask(action, **params)
    for _ in range(4):
        pc.poll()
        pc.restart()
        world.clock.forward(3600)
    assert ended(world, asked)[0] is CommandState.ACKNOWLEDGED, ended(world, asked)
    assert pc.complaints == []
