"""SyncML messages to bytes, elements in the order of the DTD.

OMA-TS-SyncML_RepPro-V1_2_2, OMA-TS-SyncML_MetaInfo-V1_2, MS-MDM §2.2.
"""

import functools
import re
from collections.abc import Iterable
from xml.etree import ElementTree

from chalicelib.core.errors import Unprocessable
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

_Tree = ElementTree.Element
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2


def write(message: Message) -> bytes:
    root = ElementTree.Element("SyncML", {"xmlns": "SYNCML:SYNCML1.2"})
    root.append(_header(message.header))
    body = ElementTree.SubElement(root, "SyncBody")
    body.extend(_part(part) for part in message.body)
    if message.final:
        ElementTree.SubElement(body, "Final")
    return _bytes(root)


def size(part: Part) -> int:
    """How many bytes it adds to a message."""
    return len(_bytes(_part(part)))


def check(text: str) -> None:
    if _FORBIDDEN.search(text):
        raise Unprocessable("The text has a character that XML cannot carry: take control characters out.")


def _bytes(tree: _Tree) -> bytes:
    text = ElementTree.tostring(tree, encoding="unicode")
    check(text)
    # A reader makes line feeds of carriage returns that stand as they are; no markup of ours has one.
    return text.replace("\r", "&#13;").encode()


def _header(header: Header) -> _Tree:
    tree = ElementTree.Element("SyncHdr")
    _text(tree, "VerDTD", "1.2")
    _text(tree, "VerProto", "DM/1.2")
    _text(tree, "SessionID", header.session)
    _text(tree, "MsgID", str(header.message))
    _location(tree, "Target", header.target)
    _location(tree, "Source", header.source, header.source_name)
    if header.credential:
        _credential(tree, header.credential)
    _meta(tree, header.meta)
    return tree


def _credential(parent: _Tree, credential: Credential) -> None:
    tree = ElementTree.SubElement(parent, "Cred")
    _meta(tree, credential.meta)
    _text(tree, "Data", credential.data)


@functools.singledispatch
def _part(part: Part) -> _Tree:
    raise TypeError(f"{type(part).__name__} is no part of a message")


@_part.register
def _(part: Alert) -> _Tree:
    tree = _begin("Alert", part.id)
    _text(tree, "Data", str(part.code))
    return _items(tree, part.items)


@_part.register
def _(part: Status) -> _Tree:
    tree = _begin("Status", part.id)
    _text(tree, "MsgRef", str(part.message_ref))
    _text(tree, "CmdRef", part.command_ref)
    _text(tree, "Cmd", part.command)
    for name, references in (("TargetRef", part.target_refs), ("SourceRef", part.source_refs)):
        for reference in references:
            _text(tree, name, reference)
    if part.challenge:
        _meta(ElementTree.SubElement(tree, "Chal"), part.challenge)
    _text(tree, "Data", str(part.code))
    return _items(tree, part.items)


@_part.register
def _(part: Results) -> _Tree:
    tree = _begin("Results", part.id)
    _text(tree, "MsgRef", str(part.message_ref))
    _text(tree, "CmdRef", part.command_ref)
    _meta(tree, part.meta)
    return _items(tree, part.items)


@_part.register
def _(part: Command) -> _Tree:
    tree = _begin(part.verb, part.id)
    _meta(tree, part.meta)
    return _items(tree, part.items)


@_part.register
def _(part: Group) -> _Tree:
    tree = _begin(part.verb, part.id)
    tree.extend(_part(inner) for inner in part.parts)
    return tree


def _begin(name: str, command_id: str) -> _Tree:
    tree = ElementTree.Element(name)
    _text(tree, "CmdID", command_id)
    return tree


def _items(tree: _Tree, items: Iterable[Item]) -> _Tree:
    for item in items:
        inner = ElementTree.SubElement(tree, "Item")
        _location(inner, "Target", item.target)
        _location(inner, "Source", item.source)
        _meta(inner, item.meta)
        if item.data is not None:
            _text(inner, "Data", item.data)
        if item.more:
            ElementTree.SubElement(inner, "MoreData")
    return tree


def _location(tree: _Tree, name: str, uri: str, display: str = "") -> None:
    if uri:
        inner = ElementTree.SubElement(tree, name)
        _text(inner, "LocURI", uri)
        if display:
            _text(inner, "LocName", display)


def _meta(tree: _Tree, meta: Meta) -> None:
    if meta == _NO_META:
        return
    inner = ElementTree.SubElement(tree, "Meta")
    named = (("Format", meta.format), ("Type", meta.type), ("Size", _told(meta.size)), ("NextNonce", meta.next_nonce),
             ("MaxMsgSize", _told(meta.max_message)), ("MaxObjSize", _told(meta.max_object)))  # fmt: skip
    for name, value in named:
        if value:
            ElementTree.SubElement(inner, name, {"xmlns": "syncml:metinf"}).text = value


def _told(number: int) -> str:
    return str(number) if number >= 0 else ""


def _text(tree: _Tree, name: str, text: str) -> None:
    ElementTree.SubElement(tree, name).text = text


_NO_META = Meta()
