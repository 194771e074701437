"""What Muster says to a device: read back by another parser and held against the DTD's order of elements."""

import re
from typing import Any
from xml.dom import minidom
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.windows import syncml_read, syncml_write
from chalicelib.platforms.windows.syncml import (
    Alert,
    Command,
    Credential,
    Group,
    Header,
    Item,
    Message,
    Meta,
    Part,
    Results,
    Status,
)

# Content models of OMA-TS-SyncML_RepPro_DTD-V1_2, as far as Muster writes them; each name is followed by a blank.
_ITEMS = "(CmdID )(NoResp )?(Cred )?(Meta )?(Item )+"
_PARTS = "((Alert|Atomic|Exec|Get|Results|Sequence|Status|Add|Replace|Delete) )+"
DTD = {
    "SyncML": "SyncHdr SyncBody ",
    "SyncHdr": "VerDTD VerProto SessionID MsgID Target Source (Cred )?(Meta )?",
    "SyncBody": f"{_PARTS}(Final )?",
    "Target": "LocURI (LocName )?",
    "Source": "LocURI (LocName )?",
    "Cred": "(Meta )?Data ",
    "Chal": "Meta ",
    "Item": "(Target )?(Source )?(Meta )?(Data )?(MoreData )?",
    "Alert": "CmdID (Cred )?(Data )?(Item )*",
    "Status": "CmdID MsgRef CmdRef Cmd (TargetRef )*(SourceRef )*(Cred )?(Chal )?Data (Item )*",
    "Results": "CmdID (MsgRef )?CmdRef (Meta )?(TargetRef )?(SourceRef )?(Item )+",
    "Add": _ITEMS,
    "Replace": _ITEMS,
    "Delete": _ITEMS,
    "Get": _ITEMS,
    "Exec": "CmdID (Meta )?Item ",
    "Atomic": f"CmdID (Meta )?{_PARTS}",
    "Sequence": f"CmdID (Meta )?{_PARTS}",
    "Meta": "(Format )?(Type )?(Mark )?(Size )?(NextNonce )?(MaxMsgSize )?(MaxObjSize )?",
}
METINF = ("Format", "Type", "Mark", "Size", "NextNonce", "MaxMsgSize", "MaxObjSize")


def valid(body: bytes) -> None:
    for element in ElementTree.fromstring(body).iter():
        namespace, _, name = element.tag[1:].partition("}")
        assert namespace == ("syncml:metinf" if name in METINF else "SYNCML:SYNCML1.2"), element.tag
        children = "".join(child.tag.partition("}")[2] + " " for child in element)
        assert re.fullmatch(DTD.get(name, ""), children), (name, children)


_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r&<>'\"]"), max_size=20).filter(
    lambda text: not re.search("[\ufffe\uffff]", text)
)
_word = st.from_regex(r"[!-%'-;=?-~]{1,20}", fullmatch=True)
_maybe = st.just("") | _word
_number = st.integers(0, 999_999_999)
_size = st.just(-1) | _number
_meta = st.builds(Meta, _maybe, _maybe, _maybe, _size, _size, _size)
_item = st.builds(Item, _maybe, _maybe, _meta, st.none() | _text, st.booleans())
_items = st.lists(_item, min_size=1, max_size=3).map(tuple)
_refs = st.lists(_word, max_size=2).map(tuple)
_alert = st.builds(Alert, _word, _number, _items)
_verbs = st.sampled_from(["Add", "Replace", "Delete", "Get"])
_command: st.SearchStrategy[Any] = st.builds(Command, _word, _verbs, _items, _meta)
_command |= st.builds(Command, _word, st.just("Exec"), st.tuples(_item), _meta)
_challenge = st.none() | _meta.filter(lambda meta: meta != Meta())
_status = st.builds(Status, _word, _number, _word, _word, _number, _refs, _refs, _items, _challenge)
_results = st.builds(Results, _word, _number, _word, _items, _meta)
_group = st.builds(Group, _word, st.sampled_from(["Atomic", "Sequence"]),
                   st.lists(_command | _alert, min_size=1, max_size=3).map(tuple))  # fmt: skip
_part: st.SearchStrategy[Part] = st.one_of(_alert, _status, _results, _command, _group)
_credential = st.none() | st.builds(Credential, _meta, _word)
_header = st.builds(Header, _word, st.integers(1, 999), _word, _word, _maybe, _credential, _meta)
_message = st.builds(Message, _header, st.lists(_part, min_size=1, max_size=4).map(tuple), st.booleans())


@settings(deadline=None)
@given(_message)
def test_what_is_written_is_read_again(message: Message) -> None:
    body = syncml_write.write(message)
    assert syncml_read.read(body) == message
    valid(body)


@settings(deadline=None)
@given(_header, _part)
def test_size_is_what_a_part_adds(header: Header, part: Part) -> None:
    alone = syncml_write.write(Message(header, (Alert("1", 1),)))
    assert len(syncml_write.write(Message(header, (Alert("1", 1), part)))) == len(alone) + syncml_write.size(part)


@given(_text)
def test_another_parser_reads_the_same_data(text: str) -> None:
    body = syncml_write.write(message(data=text))
    (node,) = minidom.parseString(body).getElementsByTagName("Data")
    assert "".join(child.data for child in node.childNodes) == text


def message(data: str | None = None, **fields: Any) -> Message:
    item = Item(target="./a", meta=Meta("chr"), data=data)
    return Message(Header("1", 1, "DEV", "https://h"), (Command("1", "Replace", (item,)),))


def test_to_the_letter() -> None:
    assert syncml_write.write(message("AT&T ]]> <b>\r\n€")).decode() == (
        '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
        "<SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>DEV</LocURI></Target>"
        "<Source><LocURI>https://h</LocURI></Source></SyncHdr><SyncBody><Replace><CmdID>1</CmdID>"
        '<Item><Target><LocURI>./a</LocURI></Target><Meta><Format xmlns="syncml:metinf">chr</Format></Meta>'
        "<Data>AT&amp;T ]]&gt; &lt;b&gt;&#13;\n€</Data></Item></Replace><Final /></SyncBody></SyncML>"
    )


@pytest.mark.parametrize("character", ["\0", "\x01", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_carry_is_refused(character: str) -> None:
    with pytest.raises(Unprocessable, match="control characters"):
        syncml_write.write(message(f"a{character}b"))
    with pytest.raises(Unprocessable):
        syncml_write.check(character)
    with pytest.raises(Unprocessable):
        syncml_write.size(message(character).body[0])


@pytest.mark.parametrize("character", ["\x7f", "\x85", "\u2028", "\ufffd", "\U0010ffff"])
def test_what_xml_can_carry_is_carried(character: str) -> None:
    assert syncml_read.read(syncml_write.write(message(character))) == message(character)
