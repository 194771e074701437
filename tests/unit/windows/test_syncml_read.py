"""SyncML messages as devices write them, and as they must not be."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import BadRequest, TooLarge
from chalicelib.platforms.windows import syncml_read
from chalicelib.platforms.windows.syncml import Alert, Command, Group, Item, Message, Meta, Results, Status

HEADER = """<SyncHdr><VerDTD> 1.2 </VerDTD><VerProto>DM/1.2</VerProto><SessionID>1A</SessionID>
 <MsgID>\r\n 3\t</MsgID><Target><LocURI>https://h/x</LocURI></Target>
 <Source><LocURI>DEV</LocURI><LocName>user</LocName></Source>{}</SyncHdr>"""


def read(body: str, header: str = "") -> Message:
    text = f"<SyncML xmlns='SYNCML:SYNCML1.2'>{HEADER.format(header)}<SyncBody>{body}</SyncBody></SyncML>"
    return syncml_read.read(text.encode())


def refused(body: str, why: str | None = None) -> None:
    with pytest.raises(BadRequest, match=why):
        read(body)


def test_header() -> None:
    header = read("", "<Cred><Meta><Format>b64</Format><Type>syncml:auth-md5</Type></Meta><Data> YQ== </Data></Cred>"
                      "<Meta><MaxMsgSize>1024</MaxMsgSize><MaxObjSize>9</MaxObjSize></Meta>").header  # fmt: skip
    assert (header.session, header.message, header.target, header.source) == ("1A", 3, "https://h/x", "DEV")
    assert header.source_name == "user"
    assert header.credential
    assert (header.credential.meta, header.credential.data) == (Meta("b64", "syncml:auth-md5"), "YQ==")
    assert header.meta == Meta(max_message=1024, max_object=9)


def test_a_final_message_and_one_that_is_not() -> None:
    assert read("<Final/>").final
    assert not read("").final


def test_alert() -> None:
    message = read("<Alert><CmdID>4</CmdID><Data> 1226\n</Data><Item><Source><LocURI>./x</LocURI></Source><Meta>"
                   "<Type xmlns='syncml:metinf'>a:b</Type><Format xmlns='syncml:metinf'>int</Format></Meta>"
                   "<Data>1</Data></Item></Alert>")  # fmt: skip
    assert message.body == (Alert("4", 1226, (Item(source="./x", meta=Meta("int", "a:b"), data="1"),)),)


def test_prefixes_and_metinf_wrappers_are_the_senders_choice() -> None:
    message = syncml_read.read(
        b"<s:SyncML xmlns:s='SYNCML:SYNCML1.2' xmlns:m='syncml:metinf'><s:SyncHdr><s:VerDTD>1.1</s:VerDTD>"
        b"<s:VerProto>DM/1.1</s:VerProto><s:SessionID>1</s:SessionID><s:MsgID>1</s:MsgID><s:Target><s:LocURI>h"
        b"</s:LocURI></s:Target><s:Source><s:LocURI>d</s:LocURI></s:Source></s:SyncHdr><s:SyncBody><s:Get><s:CmdID>2"
        b"</s:CmdID><s:Meta><m:MetInf><m:Size>7</m:Size></m:MetInf></s:Meta></s:Get></s:SyncBody></s:SyncML>"
    )
    assert message.body == (Command("2", "Get", meta=Meta(size=7)),)


def test_status_with_a_challenge() -> None:
    message = read("<Status><CmdID>1</CmdID><MsgRef>2</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><TargetRef>a"
                   "</TargetRef><TargetRef>b</TargetRef><SourceRef>c</SourceRef><Chal><Meta><Type>syncml:auth-md5"
                   "</Type><NextNonce>bm9uY2U=</NextNonce></Meta></Chal><Data>4242</Data></Status>")  # fmt: skip
    challenge = Meta(type="syncml:auth-md5", next_nonce="bm9uY2U=")
    assert message.body == (Status("1", 2, "0", "SyncHdr", 4242, ("a", "b"), ("c",), challenge=challenge),)


def test_results_and_chunks() -> None:
    message = read("<Results><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>ask.1</CmdRef><Item><Source><LocURI>./a</LocURI>"
                   "</Source><Meta><Size>10</Size></Meta><Data>half</Data><MoreData/></Item><Item/>"
                   "</Results>")  # fmt: skip
    chunk = Item(source="./a", meta=Meta(size=10), data="half", more=True)
    assert message.body == (Results("1", 1, "ask.1", (chunk, Item())),)


def test_data_is_kept_to_the_letter() -> None:
    item = "<Replace><CmdID>1</CmdID><Item>{}</Item></Replace>"
    for written, value in [
        ("", None),
        ("<Data/>", ""),
        ("<Data> a&amp;b\r\n </Data>", " a&b\n "),
        ("<Data><![CDATA[<a>]]&gt;]]></Data>", "<a>]]&gt;"),
        ("<Data>DEV1<!-- -->ATTACKER</Data>", "DEV1ATTACKER"),
    ]:
        (command,) = read(item.format(written)).body
        assert isinstance(command, Command)
        assert command.items[0].data == value


def test_xml_inside_data_is_written_anew() -> None:
    message = read("<Exec><CmdID>1</CmdID><Item><Data> <Job id='7'><N>A&amp;T</N></Job><o:E xmlns:o='urn:o'/> </Data>"
                   "</Item></Exec>")  # fmt: skip
    (command,) = message.body
    assert isinstance(command, Command)
    assert command.items[0].data == '<Job id="7"><N>A&amp;T</N></Job><E xmlns="urn:o" />'


def test_groups_and_unknown_verbs() -> None:
    message = read("<Atomic><CmdID>1</CmdID><Meta/><Sequence><CmdID>2</CmdID><Copy><CmdID>3</CmdID></Copy></Sequence>"
                   "</Atomic><Teleport><CmdID>4</CmdID></Teleport>")  # fmt: skip
    assert [part.id for part in message.each()] == ["1", "2", "3", "4"]
    inner = Group("2", "Sequence", (Command("3", "Copy"),))
    assert message.body == (Group("1", "Atomic", (inner,)), Command("4", "Teleport"))


@pytest.mark.parametrize(
    "body",
    [
        "<Get><Item/></Get>",
        "<Get><CmdID> </CmdID></Get>",
        "<Get><CmdID>a b</CmdID></Get>",
        f"<Get><CmdID>{'1' * 65}</CmdID></Get>",
        "<Get><CmdID>1</CmdID><CmdID>2</CmdID></Get>",
        "<Alert><CmdID>1</CmdID></Alert>",
        "<Alert><CmdID>1</CmdID><Data>x</Data></Alert>",
        "<Alert><CmdID>1</CmdID><Data>\u0661</Data></Alert>",
        "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><Cmd>Get</Cmd><Data>200</Data></Status>",
        "<Status><CmdID>1</CmdID><MsgRef>-1</MsgRef><CmdRef>1</CmdRef><Data>200</Data></Status>",
        "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>1</CmdRef><Data>OK</Data></Status>",
        "<Results><CmdID>1</CmdID><CmdRef>1</CmdRef></Results>",
        "<Get><CmdID>1</CmdID><Item><Meta><Size>1e3</Size></Meta></Item></Get>",
        "<Get><CmdID>1</CmdID><Item><Data>1</Data><Data>2</Data></Item></Get>",
        "<Atomic><CmdID>1</CmdID><Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>1</CmdRef><Data>200</Data></Status>"
        "</Atomic>",
        "<Atomic><Get><CmdID>2</CmdID></Get></Atomic>",
    ],
)
def test_malformed_parts(body: str) -> None:
    refused(body)


@pytest.mark.parametrize("name", ["SessionID", "MsgID", "Target", "Source", "VerDTD", "VerProto"])
@pytest.mark.parametrize("value", ["", "0", "two words", "2.0"])
def test_malformed_headers(name: str, value: str) -> None:
    if (name, value) in {("SessionID", "0"), ("SessionID", "2.0")}:
        return
    start, _, rest = HEADER.format("").partition(f"<{name}>")
    header = f"{start}<{name}>{value}</{name}>{rest.partition(f'</{name}>')[2]}"
    with pytest.raises(BadRequest):
        syncml_read.read(f"<SyncML>{header}<SyncBody/></SyncML>".encode())


@pytest.mark.parametrize("text", ["<SyncML/>", "<Other/>", "<SyncML><SyncBody/></SyncML>"])
def test_what_is_no_message(text: str) -> None:
    with pytest.raises(BadRequest):
        syncml_read.read(text.encode())


def test_limits() -> None:
    assert read("<Atomic><CmdID>1</CmdID>" * 4 + "</Atomic>" * 4).body
    refused("<Atomic><CmdID>1</CmdID>" * 5 + "</Atomic>" * 5, "deeply")
    with pytest.raises(TooLarge):
        read(f"<Get><CmdID>1</CmdID><Item><Data>{'x' * syncml_read.MAX_BODY}</Data></Item></Get>")


_NAMES = st.sampled_from(["Alert", "Status", "Results", "Atomic", "Get", "Item", "Data", "Meta", "Size", "CmdID",
                          "MsgRef", "CmdRef", "Cred", "Chal", "Source", "LocURI", "Final"])  # fmt: skip
_TREES = st.recursive(
    st.sampled_from(["", "1", "x", " 200 "]),
    lambda inner: st.builds(lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", _NAMES, st.lists(inner)),
)


@given(_TREES)
def test_arbitrary_trees_raise_nothing_else(tree: str) -> None:
    with contextlib.suppress(BadRequest):
        assert isinstance(read(tree), Message)
