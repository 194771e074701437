"""SyncML 1.2 messages as a PC reads and writes them (OMA-TS-SyncML-RepPro 1.2.2, OMA-TS-DM_RepPro 1.2, [MS-MDM])."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lxml import etree

from tests.devices.windows import xmlio
from tests.devices.windows.complaints import Complaint
from tests.devices.windows.xmlio import Element

SYNCML, METINF = "SYNCML:SYNCML1.2", "syncml:metinf"
CONTENT_TYPE = "application/vnd.syncml.dm+xml"
GROUPS = ("Atomic", "Sequence")
MD5, BASIC = "syncml:auth-md5", "syncml:auth-basic"


# -- what the server said


@dataclass(frozen=True)
class Item:
    target: str = ""
    form: str = ""
    kind: str = ""
    data: str = ""
    more: bool = False
    size: int | None = None


@dataclass(frozen=True)
class Command:
    verb: str
    cmd_id: str
    items: tuple[Item, ...] = ()
    children: tuple[Command, ...] = ()
    data: str = ""  # of an Alert


@dataclass(frozen=True)
class Told:
    """A Status of the server's."""

    msg_ref: str
    cmd_ref: str
    verb: str
    code: int
    cmd_id: str = ""
    next_nonce: bytes | None = None


@dataclass(frozen=True)
class Heard:
    """A message of the server's."""

    session_id: str
    msg_id: str
    target: str
    source: str
    respond_to: str
    max_message_size: int | None
    credentials: tuple[str, str] | None  # type, data
    statuses: tuple[Told, ...]
    commands: tuple[Command, ...]
    final: bool


def hear(raw: bytes) -> Heard:
    root = xmlio.parse(raw, "the SyncML message")
    if root.tag != f"{{{SYNCML}}}SyncML":
        raise Complaint(f"{root.tag} is not a SyncML 1.2 message")
    for element in root.iter(etree.Element):
        if xmlio.namespace(element) not in (SYNCML, METINF):
            raise Complaint(f"{element.tag} is in no namespace of SyncML: Data has to be escaped")
    header, body = _one(root, "SyncHdr"), _one(root, "SyncBody")
    for tag, wanted in (("VerDTD", "1.2"), ("VerProto", "DM/1.2")):
        if _text(header, tag) != wanted:
            raise Complaint(f"{tag} is {_text(header, tag)!r}")
    size = header.find(f"{{{SYNCML}}}Meta/{{{METINF}}}MaxMsgSize")
    return Heard(
        _text(header, "SessionID"),
        _text(header, "MsgID"),
        _locuri(header, "Target"),
        _locuri(header, "Source"),
        _text(header, "RespURI"),
        int(xmlio.text(size)) if size is not None else None,
        _credentials(header),
        tuple(_told(one) for one in body if xmlio.name(one) == "Status"),
        tuple(_command(one) for one in body if xmlio.name(one) not in ("Status", "Final")),
        _final(body),
    )


def _final(body: Element) -> bool:
    found = [place for place, one in enumerate(body) if xmlio.name(one) == "Final"]
    if found and found != [len(body) - 1]:
        raise Complaint("Final is not the last element of the SyncBody")
    return bool(found)


def _told(element: Element) -> Told:
    code = _text(element, "Data")
    if not code.isdigit() or not _text(element, "CmdID"):
        raise Complaint(f"a Status with the Data {code!r} and the CmdID {_text(element, 'CmdID')!r}")
    return Told(
        _text(element, "MsgRef"), _text(element, "CmdRef"), _text(element, "Cmd"), int(code),
        _text(element, "CmdID"), _nonce(element),
    )  # fmt: skip


def _nonce(status: Element) -> bytes | None:
    challenge = status.find(f"{{{SYNCML}}}Chal")
    if challenge is None:
        return None
    meta = _one(challenge, "Meta")
    said = {xmlio.name(one): xmlio.text(one).strip() for one in meta if _metinf(one)}
    if said.get("Type") not in (MD5, BASIC) or said.get("Format") != "b64":
        raise Complaint(f"a challenge of {said}")
    try:
        return base64.b64decode(said.get("NextNonce", ""), validate=True)
    except binascii.Error as error:
        raise Complaint(f"NextNonce is not base64: {said['NextNonce']!r}") from error


def _command(element: Element) -> Command:
    verb = xmlio.name(element)
    children = tuple(
        _command(one) for one in element if verb in GROUPS and xmlio.name(one) not in ("CmdID", "Meta", "NoResp")
    )
    items = tuple(_item(one, element) for one in element.findall(f"{{{SYNCML}}}Item"))
    return Command(verb, _text(element, "CmdID"), items, children, _text(element, "Data"))


def _item(element: Element, command: Element) -> Item:
    said: dict[str, str] = {}
    for holder in (command, element):  # the command's Meta holds for items without their own
        for meta in holder.findall(f"{{{SYNCML}}}Meta"):
            said |= {xmlio.name(one): xmlio.text(one).strip() for one in meta if _metinf(one)}
    data = element.find(f"{{{SYNCML}}}Data")
    if data is not None and len(data):
        raise Complaint(f"Data holds the element {xmlio.name(data[0])}: it has to be escaped")
    size = said.get("Size")
    return Item(
        _locuri(element, "Target") or _locuri(element, "Source"),
        said.get("Format", ""),
        said.get("Type", ""),
        xmlio.text(data),
        element.find(f"{{{SYNCML}}}MoreData") is not None,
        int(size) if size is not None else None,
    )


def _metinf(element: Element) -> bool:
    if xmlio.namespace(element) != METINF:
        raise Complaint(f"{xmlio.name(element)} inside Meta is not in {METINF}")
    return True


def _credentials(header: Element) -> tuple[str, str] | None:
    found = header.find(f"{{{SYNCML}}}Cred")
    if found is None:
        return None
    kind = xmlio.text(_one(found, "Meta").find(f"{{{METINF}}}Type")).strip()
    return kind, _text(found, "Data")


def _one(parent: Element, tag: str) -> Element:
    return xmlio.only(parent, f"{{{SYNCML}}}{tag}", xmlio.name(parent))


def _text(parent: Element, tag: str) -> str:
    found = parent.findall(f"{{{SYNCML}}}{tag}")
    if len(found) > 1:
        raise Complaint(f"{xmlio.name(parent)} has {len(found)} {tag}")
    return xmlio.text(found[0]).strip() if found else ""


def _locuri(parent: Element, tag: str) -> str:
    found = parent.find(f"{{{SYNCML}}}{tag}/{{{SYNCML}}}LocURI")
    return xmlio.text(found).strip()


# -- what the PC says


@dataclass(frozen=True)
class Part:
    """One command on its way out; text in dotted names: ("Item.Meta.@Type", …) stands in metinf."""

    verb: str
    fields: tuple[tuple[str, str], ...] = ()
    items: tuple[tuple[tuple[str, str], ...], ...] = ()
    wants_status: bool = True
    data: str | None = None  # of Results: what may be cut into pieces
    whole: int | None = None  # its size in bytes, while it is in pieces
    more: bool = False
    begun: bool = False  # a piece before this one has left

    def element(self, cmd_id: str) -> Element:
        root = etree.Element(f"{{{SYNCML}}}{self.verb}", nsmap={None: SYNCML})
        _write(root, (("CmdID", cmd_id), *self.fields))
        for place, item in enumerate(self.items):
            holder = xmlio.add(root, f"{{{SYNCML}}}Item")
            _write(holder, item)
            if place == 0 and self.data is not None:
                self._write_data(holder)
        return root

    def _write_data(self, holder: Element) -> None:
        if self.whole is not None:
            _write(holder, (("Meta.@Size", str(self.whole)),))
        xmlio.add(holder, f"{{{SYNCML}}}Data", self.data)
        if self.more:
            xmlio.add(holder, f"{{{SYNCML}}}MoreData")

    def cut(self, size: int, claimed: int | None) -> tuple[Part, Part]:
        """The piece that fits and the rest; only the first piece tells the size of all."""
        data = (self.data or "").encode()
        head = data[:size].decode(errors="ignore")
        tail = data[len(head.encode()) :].decode()
        first = replace(self, data=head, whole=claimed, more=True, wants_status=True)
        return first, replace(self, data=tail, whole=None, begun=True)


def _write(parent: Element, fields: Sequence[tuple[str, str]]) -> None:
    for path, value in fields:
        here = parent
        *above, last = path.split(".")
        for name in above:
            found = here.find(f"{{{SYNCML}}}{name}")
            here = found if found is not None else xmlio.add(here, f"{{{SYNCML}}}{name}")
        if last.startswith("@"):
            etree.SubElement(here, f"{{{METINF}}}{last[1:]}", nsmap={None: METINF}).text = value
        else:
            xmlio.add(here, f"{{{SYNCML}}}{last}", value)


def alert(code: str, kind: str = "", data: str = "", *, form: str = "", mark: str = "", source: str = "") -> Part:
    item: list[tuple[str, str]] = [("Source.LocURI", source)] if source else []
    item += [("Meta.@Type", kind)] if kind else []
    item += [("Meta.@Format", form)] if form else []
    item += [("Meta.@Mark", mark)] if mark else []
    item += [("Data", data)] if kind else []
    return Part("Alert", (("Data", code),), (tuple(item),) if item else ())


def device_info(values: dict[str, str]) -> Part:
    items = [(("Source.LocURI", f"./DevInfo/{name}"), ("Data", value)) for name, value in values.items()]
    return Part("Replace", (), tuple(items))


def status(msg_ref: str, cmd_ref: str, verb: str, code: int, *, target: str = "", nonce: bytes | None = None) -> Part:
    fields = [("MsgRef", msg_ref), ("CmdRef", cmd_ref), ("Cmd", verb)]
    fields += [("TargetRef", target)] if target else []
    if nonce is not None:
        text = base64.b64encode(nonce).decode()
        fields += [("Chal.Meta.@Format", "b64"), ("Chal.Meta.@Type", MD5), ("Chal.Meta.@NextNonce", text)]
    return Part("Status", (*fields, ("Data", str(code))), wants_status=False)


def results(msg_ref: str, cmd_ref: str, uri: str, form: str, data: str) -> Part:
    item = (("Source.LocURI", uri), ("Meta.@Format", form), ("Meta.@Type", "text/plain"))
    return Part("Results", (("MsgRef", msg_ref), ("CmdRef", cmd_ref)), (item,), wants_status=False, data=data)


def listing(msg_ref: str, cmd_ref: str, nodes: Sequence[tuple[str, str, str]]) -> Part:
    items = [
        (("Source.LocURI", uri), ("Meta.@Format", form), *([("Data", data)] if form != "node" else []))
        for uri, form, data in nodes
    ]
    return Part("Results", (("MsgRef", msg_ref), ("CmdRef", cmd_ref)), tuple(items), wants_status=False)


@dataclass
class Header:
    session_id: str
    msg_id: int
    target: str
    source: str
    name: str = ""  # LocName, with credentials
    credentials: tuple[str, str] | None = None  # type, data
    max_message_size: int = 0


@dataclass
class Said:
    """A message on its way, and what stands in it by CmdID."""

    msg_id: str
    raw: bytes
    parts: dict[str, Part] = field(default_factory=dict)
    final: bool = True


def say(header: Header, parts: Sequence[Part], *, final: bool = True, comments: bool = False) -> Said:
    root = etree.Element(f"{{{SYNCML}}}SyncML", nsmap={None: SYNCML})
    fields = [
        ("VerDTD", "1.2"), ("VerProto", "DM/1.2"), ("SessionID", header.session_id), ("MsgID", str(header.msg_id)),
        ("Target.LocURI", header.target), ("Source.LocURI", header.source),
    ]  # fmt: skip
    fields += [("Source.LocName", header.name)] if header.name else []
    if header.credentials is not None:
        kind, data = header.credentials
        fields += [("Cred.Meta.@Format", "b64"), ("Cred.Meta.@Type", kind), ("Cred.Data", data)]
    fields += [("Meta.@MaxMsgSize", str(header.max_message_size))] if header.max_message_size else []
    _write(xmlio.add(root, f"{{{SYNCML}}}SyncHdr"), fields)
    body = xmlio.add(root, f"{{{SYNCML}}}SyncBody")
    said = Said(str(header.msg_id), b"", final=final)
    for cmd_id, part in enumerate(parts, 2):  # a PC counts from 2
        said.parts[str(cmd_id)] = part
        body.append(part.element(str(cmd_id)))
    if final:
        xmlio.add(body, f"{{{SYNCML}}}Final")
    if comments:
        _interrupt(root)
    said.raw = xmlio.dump(root)
    return said


def _interrupt(root: Element) -> None:
    for element in list(root.iter(etree.Element)):
        if element.text and len(element.text) > 2:
            comment = etree.Comment(" a comment ")
            comment.tail, element.text = element.text[2:], element.text[:2]
            element.append(comment)
