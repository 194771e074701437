"""SyncML messages from bytes (OMA-TS-SyncML_RepPro-V1_2_2, OMA-TS-SyncML_MetaInfo-V1_2, MS-MDM §2.2).

Elements are taken by their local names: the field disagrees about the namespaces. What is missing and cannot be missed
is refused; what is unknown becomes a value.
"""

import re
from collections.abc import Callable, Mapping
from xml.etree import ElementTree

from chalicelib.platforms.windows import syncml, untrusted
from chalicelib.platforms.windows.syncml import Alert, Command, Credential, Group, Header, Item, Meta, Part
from chalicelib.platforms.windows.untrusted import Element, refuse

MAX_BODY = 5 * 1024 * 1024
MAX_GROUPS = 4  # Sequence in Atomic in Sequence …
_VERSIONS = {"VerDTD": ("1.2", "1.1"), "VerProto": ("DM/1.2", "DM/1.1")}
_NUMBER = re.compile(r"[0-9]{1,9}")
_ID = re.compile(r"[!-~]{1,64}")
_NOT_PARTS = ("Final", "CmdID", "NoResp", "Meta")


def read(body: bytes) -> syncml.Message:
    root = untrusted.read(body, MAX_BODY)
    if root.name != "SyncML":
        refuse("it is not a SyncML message")
    content = root.need("SyncBody")
    return syncml.Message(_header(root.need("SyncHdr")), _parts(content, 0), final=content.child("Final") is not None)


def read_header(body: bytes) -> Header:
    """Who claims to speak, before anything else of the message is read."""
    return _header(untrusted.read_to("SyncHdr", body, MAX_BODY))


def _header(element: Element) -> Header:
    for name, accepted in _VERSIONS.items():
        if element.text_of(name) not in accepted:
            refuse(f"{name} is not {' or '.join(accepted)}")
    credential = element.child("Cred")
    return Header(
        session=_id(element, "SessionID"),
        message=_number(element, "MsgID", lowest=1),
        target=_uri(element, "Target") or refuse("SyncHdr names no Target"),
        source=_uri(element, "Source") or refuse("SyncHdr names no Source"),
        source_name=element.text_of("Source", "LocName"),
        credential=Credential(_meta(credential), credential.text_of("Data")) if credential else None,
        meta=_meta(element),
    )


def _parts(element: Element, depth: int) -> tuple[Part, ...]:
    if depth > MAX_GROUPS:
        refuse("groups are nested too deeply")
    return tuple(_READERS.get(child.name, _command)(child, depth)
                 for child in element.children if child.name not in _NOT_PARTS)  # fmt: skip


def _alert(element: Element, depth: int) -> Alert:
    return Alert(_id(element, "CmdID"), _number(element, "Data"), _items(element))


def _status(element: Element, depth: int) -> syncml.Status:
    challenge = element.child("Chal")
    return syncml.Status(
        id=_id(element, "CmdID"),
        message_ref=_number(element, "MsgRef"),
        command_ref=_id(element, "CmdRef"),
        command=element.text_of("Cmd"),
        code=_number(element, "Data"),
        target_refs=tuple(ref.text.strip() for ref in element.all("TargetRef")),
        source_refs=tuple(ref.text.strip() for ref in element.all("SourceRef")),
        items=_items(element),
        challenge=_meta(challenge) if challenge else None,
    )


def _results(element: Element, depth: int) -> syncml.Results:
    references = (_number(element, "MsgRef"), _id(element, "CmdRef"))
    return syncml.Results(_id(element, "CmdID"), *references, items=_items(element), meta=_meta(element))


def _command(element: Element, depth: int) -> Command:
    return Command(_id(element, "CmdID"), element.name, _items(element), _meta(element))


def _group(element: Element, depth: int) -> Group:
    parts = _parts(element, depth + 1)
    return Group(_id(element, "CmdID"), element.name, tuple(_in_group(part) for part in parts))


def _in_group(part: Part) -> Command | Group | Alert:
    if isinstance(part, (Command, Group, Alert)):
        return part
    refuse("a Status or Results stands in a group")


_READERS: Mapping[str, Callable[[Element, int], Part]] = {
    "Alert": _alert,
    "Status": _status,
    "Results": _results,
    syncml.ATOMIC: _group,
    syncml.SEQUENCE: _group,
}


def _items(element: Element) -> tuple[Item, ...]:
    return tuple(_item(item) for item in element.all("Item"))


def _item(element: Element) -> Item:
    data = element.child("Data")
    return Item(
        target=_uri(element, "Target"),
        source=_uri(element, "Source"),
        meta=_meta(element),
        data=_data(data) if data else None,
        more=element.child("MoreData") is not None,
    )


def _data(element: Element) -> str:
    """XML that is not escaped is written anew as text, as if it had been."""
    if not element.children:
        return element.text
    inside = (ElementTree.tostring(_anew(child, element), encoding="unicode") for child in element.children)
    return element.text.strip() + "".join(inside)


def _anew(element: Element, parent: Element) -> ElementTree.Element:
    tree = ElementTree.Element(element.name, dict(element.attributes))
    if element.namespace != parent.namespace:
        tree.set("xmlns", element.namespace)
    tree.text = element.text
    tree.extend(_anew(child, element) for child in element.children)
    return tree


def _meta(element: Element) -> Meta:
    """Some senders put a MetInf between Meta and what it holds."""
    meta = element.child("Meta")
    if meta is None:
        return Meta()
    meta = meta.child("MetInf") or meta
    return Meta(
        format=meta.text_of("Format"),
        type=meta.text_of("Type"),
        next_nonce=meta.text_of("NextNonce"),
        size=_optional(meta, "Size"),
        max_message=_optional(meta, "MaxMsgSize"),
        max_object=_optional(meta, "MaxObjSize"),
    )


def _uri(element: Element, name: str) -> str:
    return element.text_of(name, "LocURI")


def _id(element: Element, name: str) -> str:
    text = element.text_of(name)
    return text if _ID.fullmatch(text) else refuse(f"{name} of {element.name} is missing or malformed")


def _number(element: Element, name: str, lowest: int = 0) -> int:
    text = element.text_of(name)
    if not _NUMBER.fullmatch(text) or int(text) < lowest:
        refuse(f"{name} of {element.name} is no number")
    return int(text)


def _optional(element: Element, name: str) -> int:
    return _number(element, name) if element.child(name) else -1
