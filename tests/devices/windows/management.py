"""What a PC does with one command on one node: the statuses of OMA-TS-DM_RepPro 1.2, ch. 10, as Windows gives them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.devices.windows import ddf, effects, nodes
from tests.devices.windows.nodes import Definition
from tests.devices.windows.syncml import Item
from tests.devices.windows.tree import canonical, is_user

if TYPE_CHECKING:
    from tests.devices.windows.device import WindowsPC

VERBS = ("Get", "Add", "Replace", "Delete", "Exec")
VALUES = {"int": r"-?\d+", "bool": "true|false", "b64": r"[A-Za-z0-9+/=\s]*"}
ALIKE = {"bin": {"bin", "b64", "chr"}, "xml": {"xml", "chr"}}


@dataclass(frozen=True)
class Outcome:
    """A status, and for a Get the (format, data); of a whole subtree (LocURI, format, data) each."""

    code: int
    result: tuple[str, str] | None = None
    listed: tuple[tuple[str, str, str], ...] = ()


def act(pc: WindowsPC, verb: str, item: Item) -> Outcome:
    wanted = pc.knobs.answer_for(verb, item.target)
    if wanted is not None:
        return Outcome(wanted)
    target, _, query = item.target.partition("?")
    uri = canonical(target)
    if not uri or query not in ("", "list=StructData") or (query and verb != "Get"):
        return Outcome(400)
    if is_user(uri) and pc.state.logged_in != "user":
        pc.complaints.append(f"{verb} {item.target} while LoginStatus is {pc.state.logged_in}")
        return Outcome(500)
    if _of_another_provider(pc, uri):
        return Outcome(425)
    definition = define(uri)
    if definition is None and not nodes.is_interior(uri) and uri not in pc.state.tree:
        return Outcome(404)
    if query:
        return _list(pc, uri)
    return {"Get": _get, "Add": _add, "Replace": _replace, "Delete": _delete, "Exec": _exec}[verb](
        pc, uri, definition, item
    )


def define(uri: str) -> Definition | None:
    """The table's word counts; a policy is looked up in its area's file where that is at hand."""
    known = nodes.find(uri)
    if known is None or (known.form == "null" and "/Policy/" in known.uri):
        found = ddf.find(uri)
        if found is not None:
            return found
        if ddf.available() and "/Policy/Config/" in uri and not re.search(r"~Policy~|/ADMX_", uri):
            return None  # policies are all described there, but for those that come with an ADMX file
    return known


def _of_another_provider(pc: WindowsPC, uri: str) -> bool:
    found = re.match(r"\./(?:Device|User)/Vendor/MSFT/DMClient/Provider/([^/]+)", uri)
    return found is not None and found[1] != quote(pc.state.provider_id, safe="!~*'()")


def _get(pc: WindowsPC, uri: str, definition: Definition | None, item: Item) -> Outcome:
    if definition is not None and "Get" not in definition.verbs:
        return Outcome(405)
    tree = pc.state.tree
    leaf = tree.get(uri.replace("/Policy/Result/", "/Policy/Config/"))
    if leaf is not None and leaf[0] != "node":
        return Outcome(200, leaf)
    if uri in tree or nodes.is_interior(uri):
        fixed = [] if "*" in uri else _fixed(uri)
        return Outcome(200, ("node", "/".join(sorted({*tree.children(uri), *fixed}))))
    return Outcome(404)


def _list(pc: WindowsPC, uri: str) -> Outcome:
    tree = pc.state.tree
    found = tuple((one, *tree.nodes[one]) for one in sorted(tree.below(uri)))
    return Outcome(200, listed=found) if found else Outcome(404)


def _fixed(uri: str) -> list[str]:
    """Children that exist whatever happens: fixed interior nodes."""
    parts = uri.split("/")
    below = [one.uri.split("/") for one in nodes.DEFINITIONS.values()]
    return [
        segments[len(parts)]
        for segments in below
        if segments[: len(parts)] == parts and len(segments) > len(parts) + 1 and segments[len(parts)] != "*"
    ]


def _add(pc: WindowsPC, uri: str, definition: Definition | None, item: Item) -> Outcome:
    if definition is None or "Add" not in definition.verbs:
        return Outcome(418 if uri in pc.state.tree else 405)
    if uri in pc.state.tree:
        return Outcome(418)
    return _store(pc, uri, definition, item)


def _replace(pc: WindowsPC, uri: str, definition: Definition | None, item: Item) -> Outcome:
    if definition is None or "Replace" not in definition.verbs:
        return Outcome(405)
    if uri not in pc.state.tree and not definition.creates:
        return Outcome(404)
    return _store(pc, uri, definition, item)


def _store(pc: WindowsPC, uri: str, definition: Definition, item: Item) -> Outcome:
    form = item.form or "chr"
    if definition.form not in ("null", "") and form not in ALIKE.get(definition.form, {definition.form}):
        return Outcome(415)
    if not _fits(uri, definition, item.data):
        return Outcome(500)
    refused = effects.refuses(uri, item.data)
    if refused is not None:
        return Outcome(refused)
    pc.state.tree.put(uri, definition.form if definition.form != "null" else form, item.data)
    effects.written(pc, uri, item.data)
    return Outcome(200)


def _fits(uri: str, definition: Definition, value: str) -> bool:
    if definition.form in VALUES and not re.fullmatch(VALUES[definition.form], value.strip()):
        return False
    described = ddf.find(uri) or definition
    if described.values is not None and definition.form == "int":
        return value in described.values
    if described.interval is not None and definition.form == "int":
        return described.interval[0] <= int(value) <= described.interval[1]
    return True


def _delete(pc: WindowsPC, uri: str, definition: Definition | None, item: Item) -> Outcome:
    if uri not in pc.state.tree:
        return Outcome(404)
    if definition is None or "Delete" not in definition.verbs:
        return Outcome(405)
    pc.state.tree.remove(uri)
    effects.removed(pc, uri)
    return Outcome(200)


def _exec(pc: WindowsPC, uri: str, definition: Definition | None, item: Item) -> Outcome:
    if definition is None or "Exec" not in definition.verbs:
        return Outcome(405)
    return Outcome(effects.execute(pc, uri, item.data))
