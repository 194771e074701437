"""The simulated PC in session: packages, proofs, pieces, Atomic, and what it complains about."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tests.devices.apple.transport import Reply
from tests.devices.windows import WindowsPC
from tests.devices.windows.complaints import Complaint, MessageRefused, ServerRefused, SessionRefused
from tests.devices.windows.digest import digest
from tests.unit.devices.stub_windows import WindowsStub
from tests.unit.devices.test_windows_enrollment import Change, swap, without

SWV = "./DevDetail/SwV"
POLICY = "./Device/Vendor/MSFT/Policy/Config/DeviceLock/MaxInactivityTimeDeviceLock"
REBOOT = "./Device/Vendor/MSFT/Reboot/RebootNow"
BITLOCKER = "./Device/Vendor/MSFT/BitLocker"


@pytest.fixture
def stub() -> WindowsStub:
    return WindowsStub()


@pytest.fixture
def pc(stub: WindowsStub) -> WindowsPC:
    pc = WindowsPC(seed=1, transport=stub)
    pc.enroll(stub.page_url)
    stub.messages.clear()
    stub.bodies.clear()
    return pc


def test_package_one(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.poll()
    [said] = stub.messages
    assert (said.session, said.number, said.source, said.final) == ("2", "1", pc.device_id, True)
    assert said.alerts == [("1201", "", ""), ("1224", "com.microsoft/MDM/LoginStatus", "user")]
    assert [cmd_id for cmd_id, _ in said.commands] == ["2", "3", "4"]
    method, url, headers, _ = stub.requests[-1]
    assert (method, headers["Content-Type"]) == ("POST", "application/vnd.syncml.dm+xml; charset=UTF-8")
    assert "mode=Maintenance&Platform=WoA" in url


def test_a_push_is_told(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.poll(pushed=True)
    assert stub.alerts[0][0] == "1200"


def test_several_messages(stub: WindowsStub, pc: WindowsPC) -> None:
    first = stub.send("Get", SWV)
    second = stub.send("Get", "./DevInfo/Man")
    assert pc.poll() == [(f"Get {SWV}", 200), ("Get ./DevInfo/Man", 200)]
    assert [message.number for message in stub.messages] == ["1", "2", "3"]
    assert stub.messages[1].statuses == {"0": "200", first: "200"}
    assert stub.messages[2].statuses == {"0": "200", second: "200"}
    assert stub.values[SWV] == pc.state.os_version


# -- proofs


def test_the_digest_of_the_specification() -> None:
    assert digest("Bruce2", "OhBehave", b"Nonce") == "Zz6EivR3yeaaENcRN6lpAQ=="


def test_one_proof_a_session(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.send("Get", SWV)
    pc.poll()
    assert [message.credentials is not None for message in stub.messages] == [True, False]
    assert stub.messages[0].name == "device"


def test_a_proof_each_message_with_its_own_nonce(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.once = False
    stub.send("Get", SWV)
    pc.poll()
    proofs = [message.credentials for message in stub.messages]
    assert None not in proofs
    assert len(set(proofs)) == 2


def test_a_lost_nonce_is_caught_up(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.nonce = b"quite another one"
    stub.send("Get", SWV)
    assert pc.poll() == [(f"Get {SWV}", 200)]
    assert [message.number for message in stub.messages] == ["1", "2", "3"]
    assert stub.messages[0].alerts == stub.messages[1].alerts


@pytest.mark.parametrize(("mode", "code"), [("wrong", 401), ("replay", 401), ("none", 407)])
def test_bad_proofs_are_given_up(stub: WindowsStub, pc: WindowsPC, mode: str, code: int) -> None:
    pc.knobs.digest = mode
    if mode == "replay":
        pc.first_nonce = b"first-nonce-0001"
    with pytest.raises(SessionRefused) as told:
        pc.poll()
    assert told.value.status == code
    assert len(stub.messages) == 3


def test_a_nonce_twice_is_noticed(stub: WindowsStub, pc: WindowsPC) -> None:
    used = base64.b64encode(stub.nonce).decode()
    stub.alter["syncml"] = lambda text: re.sub(
        r'(NextNonce xmlns="syncml:metinf">)[^<]+', lambda found: found[1] + used, text
    )  # fmt: skip
    with pytest.raises(Complaint, match="just used"):
        pc.poll()


def _server_says(name: str, secret: str, nonce: bytes) -> str:
    inner = base64.b64encode(hashlib.md5(f"{name}:{secret}".encode()).digest())
    proof = base64.b64encode(hashlib.md5(inner + b":" + nonce).digest()).decode()
    return f'<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-md5</Type></Meta><Data>{proof}</Data></Cred>'


def test_the_server_may_prove_itself(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.send("Get", SWV)
    stub.server_credentials = _server_says("Stub", stub.server_secret, stub.server_nonce)
    with pytest.raises(Complaint, match="credentials are wrong"):  # the second message repeats the first one's nonce
        pc.poll()
    assert stub.messages[1].statuses["0"] == "212"
    assert b"NextNonce" in stub.bodies[1]


# -- pieces


def test_results_in_pieces(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.chunk_size = 16
    value = "Grüße " * 20
    pc.state.tree.put(SWV, "chr", value)
    stub.send("Get", SWV)
    pc.poll()
    assert stub.values[SWV] == value
    pieces = [piece for message in stub.messages for piece in message.pieces]
    assert len(pieces) > 8
    assert [piece[2] for piece in pieces] == [len(value.encode())] + [None] * (len(pieces) - 1)
    assert [piece[3] for piece in pieces] == [True] * (len(pieces) - 1) + [False]


def test_the_servers_limit_is_kept(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.max_message_size = 4000
    pc.state.tree.put(SWV, "chr", "x" * 20000)
    stub.batches.append([stub.command("Get", "./DevInfo/Man"), stub.command("Get", SWV)])
    pc.poll()
    assert stub.values[SWV] == "x" * 20000
    assert max(len(body) for body in stub.bodies[1:]) <= 4000


def test_a_wrong_size_can_be_claimed(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.chunk_size, pc.knobs.wrong_size = 16, True
    pc.state.tree.put(SWV, "chr", "y" * 40)
    stub.send("Get", SWV)
    pc.poll()
    assert next(piece[2] for message in stub.messages for piece in message.pieces) == 47


def test_a_piece_must_be_taken_with_213(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.chunk_size = 16
    pc.state.tree.put(SWV, "chr", "y" * 40)
    stub.send("Get", SWV)
    stub.alter["syncml"] = lambda text: text.replace("<Data>213<", "<Data>200<")
    with pytest.raises(Complaint, match="213 expected"):
        pc.poll()


def test_the_next_piece_must_be_asked_for(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.chunk_size = 16
    pc.state.tree.put(SWV, "chr", "y" * 40)
    stub.send("Get", SWV)
    stub.alter["syncml"] = lambda text: re.sub("<Alert>.*</Alert>", "", text)
    with pytest.raises(Complaint, match="1222"):
        pc.poll()


def in_pieces(stub: WindowsStub, uri: str, pieces: list[str], size: int) -> None:
    for place, piece in enumerate(pieces):
        last = place == len(pieces) - 1
        more = "" if last else f'<Size xmlns="syncml:metinf">{size}</Size>' if place == 0 else "more"
        stub.batches.append([stub.command("Add", uri, piece, "chr", more=more)])
    stub.unfinished = set(range(stub._sent + 1, stub._sent + len(pieces)))


PROFILE = "./Device/Vendor/MSFT/WiFi/Profile/Office/WlanXml"


def test_a_large_object_arrives(stub: WindowsStub, pc: WindowsPC) -> None:
    in_pieces(stub, PROFILE, ["<a>", "ü&", "</a>"], 10)
    assert pc.poll() == [(f"Add {PROFILE}", 200)]
    assert pc.node(PROFILE) == "<a>ü&</a>"
    codes = [code for message in stub.messages for ref, code in message.statuses.items() if ref != "0"]
    assert codes == ["213", "213", "200"]
    assert [alert[0] for alert in stub.alerts].count("1222") == 2


def test_a_wrong_size_is_424(stub: WindowsStub, pc: WindowsPC) -> None:
    in_pieces(stub, PROFILE, ["<a>", "</a>"], 99)
    assert pc.poll() == []
    assert [code for message in stub.messages for ref, code in message.statuses.items() if ref != "0"] == ["213", "424"]
    assert pc.node(PROFILE) is None


def test_the_rest_that_does_not_come(stub: WindowsStub, pc: WindowsPC) -> None:
    in_pieces(stub, PROFILE, ["<a>", "</a>"], 7)
    stub.batches[1] = [stub.command("Get", SWV)]
    pc.knobs.strict = False
    pc.poll()
    assert "1225" in [alert[0] for alert in stub.alerts]
    assert "does not come" in pc.complaints[0]


def test_a_piece_without_size(stub: WindowsStub, pc: WindowsPC) -> None:
    in_pieces(stub, PROFILE, ["<a>", "</a>"], 7)
    stub.alter["syncml"] = without_if_there('<Size xmlns="syncml:metinf">7</Size>')
    with pytest.raises(Complaint, match="no Size"):
        pc.poll()


def without_if_there(text: str) -> Change:
    return lambda whole: whole.replace(text, "")


# -- groups


def test_atomic(stub: WindowsStub, pc: WindowsPC) -> None:
    add = stub.command("Add", POLICY, "5", "int")
    group = stub.group("Atomic", add, stub.command("Exec", REBOOT))
    pc.poll()
    assert (stub.statuses[group], pc.node(POLICY), pc.state.restarts) == ("200", "5", 1)


def test_atomic_is_all_or_nothing(stub: WindowsStub, pc: WindowsPC) -> None:
    ids = ["a1", "a2", "a3", "a4"]
    children = [
        stub.command("Add", POLICY, "5", "int", ids[0]),
        stub.command("Exec", REBOOT, cmd_id=ids[1]),
        stub.command("Delete", f"{BITLOCKER}/RequireDeviceEncryption", cmd_id=ids[2]),
        stub.command("Exec", REBOOT, cmd_id=ids[3]),
    ]
    group = stub.group("Atomic", *children)
    handled = pc.poll()
    assert [stub.statuses[one] for one in (group, *ids)] == ["507", "216", "216", "404", "215"]
    assert (pc.node(POLICY), pc.state.restarts) == (None, 0)
    assert [one.status for one in handled] == [216, 216, 404]


@pytest.mark.parametrize("child", ["<Atomic><CmdID>n</CmdID></Atomic>", "get"])
def test_what_atomic_does_not_hold(stub: WindowsStub, pc: WindowsPC, child: str) -> None:
    inner = stub.command("Get", SWV, cmd_id="n") if child == "get" else child
    group = stub.group("Atomic", inner)
    stub.batches *= 2
    with pytest.raises(Complaint, match="inside an Atomic"):
        pc.poll()
    pc.knobs.strict = False
    pc.poll()
    assert (stub.statuses[group], stub.statuses["n"]) == ("507", "500")


def test_replace_after_add_in_atomic(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.group("Atomic", stub.command("Add", POLICY, "5", "int"), stub.command("Replace", POLICY, "6", "int"))
    with pytest.raises(Complaint, match="Replace after Add"):
        pc.poll()


def test_sequence_goes_on(stub: WindowsStub, pc: WindowsPC) -> None:
    ids = ["s1", "s2"]
    children = [stub.command("Delete", POLICY, cmd_id=ids[0]), stub.command("Add", POLICY, "7", "int", ids[1])]
    group = stub.group("Sequence", *children)
    pc.poll()
    assert [stub.statuses[one] for one in (group, *ids)] == ["200", "404", "200"]


# -- what it complains about


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (without(r"<Status><CmdID>3</CmdID>.*?</Status>"), "no Status for Alert"),
        (without(r"<Status><CmdID>1</CmdID>.*?</Status>"), "not for the SyncHdr|not for SyncHdr"),
        (without(r"<Status>.*</Status>"), "without a Status for the SyncHdr"),
        (swap("<Cmd>Replace</Cmd>", "<Cmd>Add</Cmd>"), "never sent"),
        (swap("<CmdRef>4</CmdRef>", "<CmdRef>44</CmdRef>"), "never sent"),
        (swap("<MsgRef>1</MsgRef><CmdRef>0<", "<MsgRef>2</MsgRef><CmdRef>0<"), "not for SyncHdr"),
        (swap("<CmdID>3</CmdID>", "<CmdID>2</CmdID>"), "was used before"),
        (swap("<CmdID>get</CmdID>", "<CmdID></CmdID>"), "empty or was used"),
        (swap("<CmdID>get</CmdID>", "<CmdID>2</CmdID>"), "was used before"),
        (swap("</MsgID>", "7</MsgID>"), "MsgID 17"),
        (swap("<SessionID>2<", "<SessionID>3<"), "SessionID 3"),
        (swap("<Final/></SyncBody>", "</SyncBody>"), "no Final"),
        (swap("<SyncBody>", "<SyncBody><Final/>"), "Final is not the last"),
        (swap("SYNCML:SYNCML1.2", "SYNCML:SYNCML1.1"), "not a SyncML 1.2"),
        (swap("<Get>", '<Get xmlns="">'), "no namespace of SyncML"),
        (swap('NextNonce xmlns="syncml:metinf"', "NextNonce"), "not in syncml:metinf|challenge of"),
        (swap("<VerProto>DM/1.2<", "<VerProto>DM/1.1<"), "VerProto"),
        (swap("<Data>200</Data>", "<Data>OK</Data>"), "a Status with the Data 'OK'"),
        (swap("<Target><LocURI>", "<Target><LocURI>x"), "is for 'x"),
        (swap("</SyncHdr>", "<RespURI>https://evil.example.com/</RespURI></SyncHdr>"), "another server's"),
        (swap("syncml:auth-md5", "syncml:auth-MAC"), "a challenge of"),
    ],
)
def test_breaches(stub: WindowsStub, pc: WindowsPC, change: Change, text: str) -> None:
    stub.send("Get", SWV, cmd_id="get")
    stub.alter["syncml"] = lambda whole: change(whole) if "<CmdRef>4<" in whole or "44" in whole else whole
    with pytest.raises(Complaint, match=text):
        pc.poll()


def test_data_has_to_be_escaped(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.send("Add", PROFILE, "DATA", "chr")
    stub.batches *= 3
    for bad, kind in (("<WLANProfile/>", Complaint), ("AT&T", MessageRefused), ("<b>", MessageRefused)):
        stub.alter["syncml"] = lambda text, bad=bad: text.replace(">DATA<", f">{bad}<")  # type: ignore[misc]
        with pytest.raises(kind):
            pc.poll()
    stub.alter.clear()
    stub.send("Add", PROFILE, "AT&T ]]> <b/>", "chr")
    pc.poll()
    assert pc.node(PROFILE) == "AT&T ]]> <b/>"


def test_unfinished_business_is_told(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.send("Get", SWV)
    stub.unfinished = {stub._sent + 1}
    stub.batches.append([])
    with pytest.raises(Complaint, match="no Final, and no commands follow"):
        pc.poll()


def test_http_has_its_rules(stub: WindowsStub, pc: WindowsPC) -> None:
    for reply, kind in ((Reply(401, {}, b""), Complaint), (Reply(403, {}, b""), ServerRefused),
                        (Reply(200, {"content-type": "text/xml"}, b"<x/>"), Complaint)):  # fmt: skip
        pc.transport = lambda *_, reply=reply: reply  # type: ignore[misc]
        with pytest.raises(kind):
            pc.poll()


def test_a_lenient_pc_notes_it(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.strict = False
    stub.alter["syncml"] = without(r"<Status><CmdID>3</CmdID>.*?</Status>")
    pc.poll()
    assert pc.complaints == ["no Status for Alert 1/3"]


def test_an_endless_session_ends(stub: WindowsStub, pc: WindowsPC) -> None:
    for _ in range(500):
        stub.send("Get", SWV)
    with pytest.raises(Complaint, match="does not end"):
        pc.poll()


# -- misbehaviour on demand


def test_a_lost_reply(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.send("Exec", REBOOT)
    pc.lose_next_reply()
    assert pc.poll() == []
    assert (len(stub.messages), pc.state.restarts, stub.batches) == (1, 0, [])


def test_a_lost_report(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.send("Exec", REBOOT)
    pc.lose_next_report()
    assert pc.poll() == [(f"Exec {REBOOT}", 200)]
    assert (len(stub.messages), pc.state.restarts) == (1, 1)
    assert pc.poll() == []
    assert stub.messages[-1].session == "3"


def test_silence(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.go_silent()
    assert pc.poll() == []
    assert stub.messages == []
    pc.wake()
    pc.poll()
    assert len(stub.messages) == 1


def test_sessions_can_be_reused(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.reuse_session = True
    pc.poll()
    assert (stub.messages[0].session, stub.messages[0].number) == ("1", "1")


def test_messages_can_be_doubled(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.duplicates = 1
    stub.alter["syncml"] = lambda text: re.sub(r"<MsgID>\d+<", "<MsgID>1<", text)
    pc.poll()
    assert len(stub.bodies) == 2
    assert stub.bodies[0] == stub.bodies[1]
    assert len(pc.doubled) == 1


def test_another_source(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.source = "F" * 32
    pc.poll()
    assert stub.messages[0].source == "F" * 32


def test_unknown_alerts_commands_and_comments(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.extra_alerts = [("1226", "com.example:what", "1"), ("9999", "", "")]
    pc.knobs.extra_commands = ["Frobnicate"]
    pc.knobs.comments = True
    pc.poll()
    [said] = stub.messages
    assert ("1226", "com.example:what", "1") in said.alerts
    assert "Frobnicate" in [verb for _, verb in said.commands]
    assert b"<Data>12<!-- a comment -->01</Data>" in stub.bodies[0]
    pc.knobs.comments = False
    pc.poll()
    assert len(stub.messages[1].commands) == 3


def test_a_wanted_answer(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.answer(POLICY, 500, times=2)
    ids = [stub.send("Add", POLICY, "5", "int") for _ in range(3)]
    pc.poll()
    assert [stub.statuses[one] for one in ids] == ["500", "500", "200"]
    pc.answer(SWV, 404, verb="Get")
    stub.send("Get", SWV)
    assert pc.poll() == [(f"Get {SWV}", 404)]
    assert stub.values == {}


def test_max_message_size_is_told_and_kept(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.max_message_size = 3000
    pc.poll()
    assert b'<MaxMsgSize xmlns="syncml:metinf">3000</MaxMsgSize>' in stub.bodies[0]
    stub.send("Add", PROFILE, "x" * 4000, "chr")
    with pytest.raises(Complaint, match="takes 3000"):
        pc.poll()
