"""What a broken, hostile or unlucky PC says in a session: nothing is believed, lost or done twice because of it."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from chalicelib.core import inventory
from chalicelib.core.ports import Record
from chalicelib.model.command import CommandState
from chalicelib.model.device import DeviceStatus
from chalicelib.model.enrollment import Enrollment
from chalicelib.platforms.windows import chores, reports
from chalicelib.platforms.windows.nodes import Step
from chalicelib.platforms.windows.syncml import Item, Results
from tests.devices.windows import WindowsPC
from tests.devices.windows.complaints import ServerRefused
from tests.wire.test_windows_session import DAY, ENABLED, LENGTH, WLAN, ended, queue
from tests.wire.windows_ddf import check_step, needs_ddf
from tests.wire.windows_inprocess import World, replies, spoken, status

ALERT = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"
RESET = "./Device/Vendor/MSFT/RemoteWipe/doWipe"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def pc(world: World) -> WindowsPC:
    """Enrolled, and with nothing left to say."""
    made = world.enrolled(seed=1)
    made.poll()
    return made


def say(pc: WindowsPC, body: str, **options: object) -> str:
    reply = pc.post(pc.state.manage_url, spoken(pc, body, **options))  # type: ignore[arg-type]
    assert reply.status == 200, reply
    return reply.body.decode()


def number_of(reply: str) -> str:
    return re.findall(r"<MsgID>(\d+)</MsgID>", reply)[0]


# -- who speaks


def test_a_nonce_that_a_parallel_request_used_stays_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request saves its conversation after the second has spent the next nonce."""
    world = World(tls=False)
    pc = world.enrolled(seed=1)
    pc.poll()
    queue(world, Step("Replace", LENGTH, "int", "7"))
    store, write = world.house.store, world.house.store.replace

    def interleaved(record: Record) -> Record:
        if isinstance(record, Enrollment) and record.session.get("answered"):
            monkeypatch.setattr(type(store), "replace", type(store).replace)
            current = store.get(Enrollment, record.id)
            used = {**current.session, "nonce": current.session["nonce"] + 1}
            monkeypatch.undo()
            write(replace(current, session=used))
        return write(record)

    before = store.get(Enrollment, world.device().enrollment_id).session["nonce"]
    monkeypatch.setattr(store, "replace", interleaved)
    pc.post(pc.state.manage_url, signed(pc, ALERT, session="9"))
    after = store.get(Enrollment, world.device().enrollment_id).session["nonce"]
    assert after == before + 2


def signed(pc: WindowsPC, body: str, **options: object) -> bytes:
    auth = pc.state.client_auth
    secret = base64.b64encode(hashlib.md5(f"{auth['name']}:{auth['secret']}".encode()).digest())
    told = base64.b64encode(hashlib.md5(secret + b":" + nonce_of(pc)).digest()).decode()
    header = (
        '<Cred><Meta><Format xmlns="syncml:metinf">b64</Format>'
        '<Type xmlns="syncml:metinf">syncml:auth-md5</Type></Meta>'
        f"<Data>{told}</Data></Cred>"
    )
    return spoken(pc, body, header=header, **options)  # type: ignore[arg-type]


def nonce_of(pc: WindowsPC) -> bytes:
    reply = pc.post(pc.state.manage_url, spoken(pc, ALERT)).body.decode()
    found = re.search(r"<NextNonce[^>]*>([^<]+)<", reply)
    assert found, reply
    return base64.b64decode(found[1])


def test_an_ended_enrollment_is_refused_by_digest_too() -> None:
    world = World(tls=False)
    pc = world.enrolled(seed=1)
    bound = world.poll().enrollment
    from chalicelib.core import channels

    channels.leave(world.house, bound, "test")
    assert pc.post(pc.state.manage_url, signed(pc, ALERT)).status == 403


def test_the_digest_of_an_enrollment_of_another_platform_is_not_believed() -> None:
    world = World(tls=False)
    pc = world.enrolled(seed=1)
    message = signed(pc, ALERT)
    world.house.store.replace(replace(world.poll().enrollment, platform="apple"))
    assert b"<Data>401</Data>" in pc.post(pc.state.manage_url, message).body


def test_a_certificate_that_is_not_bound_any_more_is_refused(world: World, pc: WindowsPC) -> None:
    bound = world.poll().enrollment
    world.house.store.replace(replace(bound, fingerprints=("0" * 64,)))
    with pytest.raises(ServerRefused):
        pc.poll()


def test_of_a_stranger_only_the_header_is_read() -> None:
    world = World(tls=False)
    pc = world.enrolled(seed=1)
    for rest in ("<Alert>not closed", "<x/>" * 50_000):
        said = spoken(pc, ALERT).replace(ALERT.encode(), rest.encode())
        assert b"<Data>407</Data>" in pc.post(pc.state.manage_url, said).body


def test_what_strangers_send_does_not_fill_the_log(
    world: World, pc: WindowsPC, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    reply = pc.post(pc.state.manage_url, spoken(pc, f"<{'e' * 100_000}/>"))
    assert reply.status == 400
    assert len(reply.body) < 600
    assert len(capsys.readouterr().err) < 1_500


def test_an_unknown_device_is_asked_for_the_same_digest_again() -> None:
    """As a known one is: the answer does not tell which there are."""
    world = World(tls=False)
    pc = world.enrolled(seed=1)
    said = spoken(pc, ALERT).replace(pc.device_id.encode(), b"F" * 32)
    first, second = (pc.post(pc.state.manage_url, said).body for _ in range(2))
    assert first == second


def test_before_it_arrived_a_pc_keeps_nothing_here(world: World) -> None:
    pc = world.pc(seed=1)
    pc.enroll_on_premise(world.house.settings.device_url, "ada", world.code(), sync=False)
    meter = world.meter()
    assert pc.post(pc.state.manage_url, spoken(pc, ALERT, final=False)).status == 400
    assert meter.total("s3").calls == 0


# -- numbers


def test_our_messages_are_counted_by_us(world: World, pc: WindowsPC) -> None:
    for length in ("5", "6", "7"):
        queue(world, Step("Replace", LENGTH, "int", length))
    first = say(pc, ALERT, session="8")
    references = re.findall(r"<CmdID>(5\w{26}\.0)</CmdID>", first)
    queue(world, Step("Replace", LENGTH, "int", "8"))
    second = say(pc, status(references[0], verb="Replace"), session="8", number=2)
    third = say(pc, status(references[1], verb="Replace"), session="8", number=2)  # the PC counts wrongly
    assert [number_of(reply) for reply in (first, second, third)] == ["1", "2", "3"]


@pytest.mark.parametrize("options", [{"session": "other", "number": 2}, {"session": "8", "number": 2}])
def test_a_status_counts_in_its_own_session_only(world: World, pc: WindowsPC, options: dict[str, object]) -> None:
    asked = queue(world, Step("Exec", "./Device/Vendor/MSFT/Reboot/RebootNow", "null"))
    say(pc, ALERT, session="8")
    say(pc, status(f"{asked.id}.0", message=1), **options)
    assert (world.state(asked).state is CommandState.ACKNOWLEDGED) == (options["session"] == "8")


def test_a_repeated_message_brings_no_second_wipe(world: World, pc: WindowsPC) -> None:
    world.ask("erase")
    assert RESET in say(pc, ALERT, session="8")
    assert RESET not in say(pc, ALERT, session="8")
    assert RESET not in say(pc, ALERT, session="9")


def test_questions_that_were_lost_are_asked_again(world: World, pc: WindowsPC) -> None:
    world.clock.forward(DAY)
    first, again = (say(pc, ALERT, session="8") for _ in range(2))
    assert first == again
    assert first.count("<Get>") > 50


def test_a_piece_that_was_lost_is_sent_again(world: World, pc: WindowsPC) -> None:
    queue(world, Step("Add", WLAN, "chr", "x" * 30_000))
    size = '<Meta><MaxMsgSize xmlns="syncml:metinf">8192</MaxMsgSize></Meta>'
    first = say(pc, ALERT, session="8", header=size)
    (reference,) = re.findall(r"<CmdID>(5\w{26}\.0c0)</CmdID>", first)
    second = say(pc, status(reference, 213, verb="Add"), session="8", number=2, header=size)
    assert second == say(pc, status(reference, 213, verb="Add"), session="8", number=2, header=size)
    assert reference.replace("c0", "c1") in second
    assert "<Final" not in second


def test_after_an_abort_nothing_is_sent(world: World, pc: WindowsPC) -> None:
    queue(world, Step("Replace", LENGTH, "int", "7"))
    reply = say(pc, "<Alert><CmdID>2</CmdID><Data>1223</Data></Alert>", session="8")
    assert "<Replace>" not in reply


def test_what_the_pc_did_not_read_is_sent_again_with_our_proof(world: World, pc: WindowsPC) -> None:
    asked = queue(world, Step("Exec", "./Device/Vendor/MSFT/Reboot/RebootNow", "null"), once=True)
    say(pc, ALERT, session="8")
    challenge = (
        '<Chal><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-md5</Type>'
        '<NextNonce xmlns="syncml:metinf">bm9uY2U=</NextNonce></Meta></Chal>'
    )
    reply = say(pc, status("0", 407, verb="SyncHdr", inner=challenge), session="8", number=2)
    assert "<Cred>" in reply
    assert "RebootNow" in reply
    say(pc, status(f"{asked.id}.0", message=2), session="8", number=3)
    assert world.state(asked).state is CommandState.ACKNOWLEDGED


# -- outcomes


def atomic(world: World, pc: WindowsPC, codes: tuple[int | None, int | None, int | None]) -> tuple[CommandState, str]:
    steps = (Step("Replace", ENABLED, "int", "0"), Step("Replace", LENGTH, "int", "9"))
    asked = queue(world, *steps, atomic=True)
    say(pc, ALERT, session="8")
    told = zip((asked.id, f"{asked.id}.0", f"{asked.id}.1"), ("Atomic", "Replace", "Replace"), codes, strict=True)
    said = "".join(status(name, code, verb=verb) for name, verb, code in told if code is not None)
    say(pc, said, session="8", number=2)
    return ended(world, asked)


@pytest.mark.parametrize(
    ("codes", "state"),
    [
        ((200, 200, 200), CommandState.ACKNOWLEDGED),
        ((200, None, None), CommandState.ACKNOWLEDGED),
        ((507, 200, 200), CommandState.FAILED),
        ((507, None, None), CommandState.FAILED),
        ((507, 216, 500), CommandState.FAILED),
        ((None, 200, 200), CommandState.ACKNOWLEDGED),
        ((None, 200, None), CommandState.SENT),
    ],
)
def test_an_atomic_is_as_good_as_its_own_status(
    world: World, pc: WindowsPC, codes: tuple[int | None, int | None, int | None], state: CommandState
) -> None:
    assert atomic(world, pc, codes)[0] is state


@pytest.mark.parametrize(("code", "last"), [(200, False), (500, False), (213, True)])
def test_a_piece_is_not_the_whole(world: World, pc: WindowsPC, code: int, last: bool) -> None:
    asked = queue(world, Step("Add", WLAN, "chr", "x" * (100 if last else 30_000)))
    size = '<Meta><MaxMsgSize xmlns="syncml:metinf">8192</MaxMsgSize></Meta>'
    first = say(pc, ALERT, session="8", header=size)
    (reference,) = re.findall(r"<CmdID>(5\w{26}\.0(?:c0)?)</CmdID>", first)
    say(pc, status(reference, code, verb="Add"), session="8", number=2, header=size)
    assert ended(world, asked)[0] is CommandState.FAILED


def test_an_object_that_is_too_large_for_the_pc_is_given_up(world: World, pc: WindowsPC) -> None:
    asked = queue(world, Step("Add", WLAN, "chr", "x" * 30_000))
    told = "".join(f'<{name} xmlns="syncml:metinf">{size}</{name}>' for name, size in SIZES.items())
    say(pc, ALERT, session="8", header=f"<Meta>{told}</Meta>")
    state, detail = ended(world, asked)
    assert (state, "20000" in detail) == (CommandState.FAILED, True)


SIZES = {"MaxMsgSize": 8192, "MaxObjSize": 20_000}


def test_all_items_of_an_answer_are_read() -> None:
    part = Results("1", 1, "x.0", (Item(source="./a", data="1"), Item(source="./b", data="2")))
    assert reports.of([part]).answers(1, {"x.0": "./a"}) == {"./a": "1", "./b": "2"}


def test_an_object_without_an_end_is_said(world: World, pc: WindowsPC) -> None:
    piece = (
        "<Results><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>x.0</CmdRef><Item><Source><LocURI>./a</LocURI></Source>"
        "<Data>part</Data><MoreData/></Item></Results>"
    )
    assert "<Data>1222</Data>" in say(pc, piece, session="8")
    other = piece.replace("./a", "./b").replace("<MoreData/>", "")
    assert "<Data>1225</Data>" in say(pc, other, session="8", number=2)


@pytest.mark.parametrize("action", ["autopilot-reset", "rotate-bitlocker-key", "reset-laps-password", "defender-scan"])
def test_a_status_200_is_not_the_end_of_it(world: World, pc: WindowsPC, action: str) -> None:
    pc.knobs.work_sessions = 2
    asked = world.ask(action)
    pc.poll()
    assert world.state(asked).state is CommandState.SENT
    for _ in range(3):
        world.clock.forward(3600)
        pc.poll()
    assert world.state(asked).state is CommandState.ACKNOWLEDGED


def test_what_the_node_says_is_what_counts(world: World, pc: WindowsPC) -> None:
    pc.knobs.outcomes["./Device/Vendor/MSFT/BitLocker/Status/RotateRecoveryPasswordsStatus"] = "-2147024809"
    asked = world.ask("rotate-bitlocker-key")
    for _ in range(3):
        pc.poll()
        world.clock.forward(3600)
    state, detail = ended(world, asked)
    assert (state, "0x80070057" in detail) == (CommandState.FAILED, True)


# -- size


@pytest.mark.parametrize("room", [16 * 1024, 64 * 1024, 0])
@pytest.mark.parametrize("ask", [True, False], ids=["asked", "daily"])
def test_a_pc_with_little_room_is_asked_in_portions(world: World, pc: WindowsPC, room: int, ask: bool) -> None:
    for number in range(120):
        product = (
            f"./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/%7B{number:08X}-0000-0000-0000-000000000000%7D"
        )
        for name, value in (("Name", f"App {number}"), ("Version", "1.0"), ("Publisher", "Example")):
            pc.state.tree.put(f"{product}/{name}", "chr", value)
    pc.knobs.max_message_size = room
    before = len(replies(world))
    if ask:
        asked = world.ask("installed-apps")
    else:
        world.clock.forward(DAY)
    pc.poll()
    apps = inventory.section(world.house, world.device().id, "apps")
    assert len([each for each in apps if each["name"].startswith("App ")]) == 120
    assert not room or max(len(reply.body) for reply in replies(world)[before:]) <= room
    if ask:
        assert ended(world, asked)[0] is CommandState.ACKNOWLEDGED


def test_many_statuses_leave_less_room(world: World, pc: WindowsPC) -> None:
    queue(world, *[Step("Add", f"./Device/Vendor/MSFT/WiFi/Profile/N{n}/WlanXml", "chr", "<W/>") for n in range(60)])
    size = '<Meta><MaxMsgSize xmlns="syncml:metinf">8192</MaxMsgSize></Meta>'
    alerts = "".join(f"<Alert><CmdID>{n}</CmdID><Data>1201</Data></Alert>" for n in range(2, 42))
    reply = say(pc, alerts, session="8", header=size)
    assert "<Add>" in reply
    assert len(reply) <= 8192


def test_only_what_devinfo_is_made_of_is_kept(world: World, pc: WindowsPC) -> None:
    items = "".join(
        f"<Item><Source><LocURI>./DevInfo/{name}</LocURI></Source><Data>{name} \u202e value</Data></Item>"
        for name in ("Man", "Invented")
    )
    say(pc, f"<Replace><CmdID>2</CmdID>{items}</Replace>", session="8")
    kept = inventory.section(world.house, world.device().id, "devinfo")
    assert list(kept) == ["Man"]


# -- chores


@needs_ddf
def test_chores_are_made_of_nodes_that_windows_has(world: World, pc: WindowsPC) -> None:
    from chalicelib.core.ports import Create
    from chalicelib.model.records import Setting

    world.house.store.commit(Create(Setting("windows.wns", {"pfn": "Muster_8wekyb3d8bbwe", "sid": "ms-app://s-1"})))
    poll, device = world.poll(), world.device()
    steps = [step for chore in chores.CHORES.values() for step in chore(world.house, poll, device)]
    assert len(steps) == 7
    for step in steps:
        check_step(step)


def poll_interval(pc: WindowsPC) -> str | None:
    return pc.node("./Device/Vendor/MSFT/DMClient/Provider/Muster/Poll/IntervalForRemainingScheduledRetries")


@pytest.mark.parametrize("end", ["gone", "closed"])
def test_a_pc_whose_push_ended_polls_as_before(world: World, pc: WindowsPC, end: str) -> None:
    from chalicelib.core.ports import Create, Remove
    from chalicelib.model.records import Setting

    setting = Setting("windows.wns", {"pfn": "Muster_8wekyb3d8bbwe", "sid": "ms-app://s-1"})
    world.house.store.commit(Create(setting))
    for _ in range(2):
        world.clock.forward(DAY)
        pc.poll()
    assert poll_interval(pc) == "480"
    if end == "gone":
        world.house.store.replace(replace(world.poll().enrollment, push_failed_at=world.clock()))
    else:
        world.house.store.commit(Remove(replace(setting, version=1)))
    world.clock.forward(DAY)
    pc.poll()
    assert poll_interval(pc) == "240"
    assert world.device().status is DeviceStatus.ENROLLED
