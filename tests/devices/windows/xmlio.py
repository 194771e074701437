"""XML as a Windows PC reads and writes it, with lxml (libxml2): another parser than the server's on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from tests.devices.windows.complaints import Complaint, MessageRefused

Element = etree._Element


def parse(raw: bytes, what: str) -> Element:
    """The root; comments and processing instructions are gone, their neighbours' text is joined."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise MessageRefused(f"{what} is not well-formed ({error}): {raw[:200]!r}") from error
    if root.getroottree().docinfo.doctype:
        raise MessageRefused(f"{what} has a DOCTYPE")
    return root


def name(element: Element) -> str:
    return etree.QName(element).localname


def namespace(element: Element) -> str:
    return etree.QName(element).namespace or ""


def text(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext())


def only(parent: Element, tag: str, what: str) -> Element:
    """The one child with this qualified tag."""
    found = parent.findall(tag)
    if len(found) != 1:
        raise Complaint(f"{what} has {len(found)} {etree.QName(tag).localname}, exactly one expected")
    return found[0]


def by_local_name(root: Element, wanted: str) -> Iterator[Element]:
    """Where only the name counts: the details of a fault, whose namespace differs between documents."""
    return (one for one in root.iter(etree.Element) if name(one).lower() == wanted.lower())


def add(parent: Element, tag: str, content: str | None = None, **attributes: str) -> Element:
    child = etree.SubElement(parent, tag, attributes)
    child.text = content
    return child


def dump(root: Element) -> bytes:
    return etree.tostring(root, encoding="utf-8")
