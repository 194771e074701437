"""Checks steps on CSP nodes against Microsoft's own description files (DDF v2, OMA-TS-DM_TND-V1_2).

The files lie beside the project in `../shared`; elsewhere `needs_ddf` skips. Shares nothing with chalicelib.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[3] / "shared" / "schemas" / "windows-csp-ddf"
needs_ddf = pytest.mark.skipif(not ROOT.is_dir(), reason="the DDF files are not beside the project (../shared/schemas)")

_MSFT = "{http://schemas.microsoft.com/MobileDevice/DM}"
_DYNAMIC = "{}"

# Nodes that these files (May 2024) lack and Microsoft documents, below learn.microsoft.com/windows/client-management.
UNDESCRIBED: Mapping[str, str] = {
    "./Device/Vendor/MSFT/Accounts/": "mdm/accounts-csp",
    "./Device/Vendor/MSFT/EnrollmentStatusTracking/": "mdm/enrollmentstatustracking-csp",
}
# An area that came with a template: {name}~Policy~{category} (win32-and-centennial-app-policy-configuration).
_INGESTED = re.compile(r"\./(Device|User)/Vendor/MSFT/Policy/Config/[^/]+~Policy~[^/]+/[^/]+")


class DdfError(AssertionError):
    """The DDF does not have it so."""


class Step(Protocol):
    @property
    def verb(self) -> str: ...
    @property
    def uri(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def data(self) -> str | None: ...


@dataclass(frozen=True)
class Described:
    """One node. `kind` is the ValueType of its values, "" where the file has none; `builds` as third numbers."""

    path: str
    verbs: frozenset[str]
    format: str
    kind: str
    values: tuple[str, ...]
    delimiter: str | None
    default: str | None
    builds: tuple[int, ...]
    children: dict[str, "Described"] = field(repr=False)


@functools.cache
def tree() -> Described:
    root = _interior("")
    for path in sorted(ROOT.glob("*.xml")):
        for node in ElementTree.parse(path).getroot().iterfind("Node"):
            place = root
            for segment in (node.findtext("Path") or ".").split("/"):
                place = place.children.setdefault(segment, _interior(f"{place.path}/{segment}".lstrip("/")))
            _enter(node, place, ())
    return root


def _interior(path: str) -> Described:
    return Described(path, frozenset(), "node", "", (), None, None, (), {})


def _enter(node: ElementTree.Element, parent: Described, builds: tuple[int, ...]) -> None:
    name = (node.findtext("NodeName") or "").strip() or _DYNAMIC
    described = _described(node, f"{parent.path}/{name}", builds)
    former = parent.children.get(name)
    if former:
        described.children.update(former.children)
    parent.children[name] = described
    for child in node.iterfind("Node"):
        _enter(child, described, described.builds)


def _described(node: ElementTree.Element, path: str, builds: tuple[int, ...]) -> Described:
    properties = node.find("DFProperties")
    assert properties is not None
    own = properties.findtext(f"{_MSFT}Applicability/{_MSFT}OsBuildVersion")
    allowed = properties.find(f"{_MSFT}AllowedValues")
    several = None if allowed is None else allowed.find(f"{_MSFT}List")
    return Described(
        path,
        frozenset(access.tag for access in properties.iterfind("AccessType/*")),
        next(properties.iterfind("DFFormat/*")).tag,
        "" if allowed is None else allowed.get("ValueType", ""),
        () if allowed is None else tuple(value.text or "" for value in allowed.iter(f"{_MSFT}Value")),
        None if several is None else _delimiter(several.get("Delimiter", "")),
        properties.findtext("DefaultValue"),
        tuple(int(build.split(".")[2]) for build in own.split(",")) if own else builds,
        {},
    )


def _delimiter(written: str) -> str:
    return "\uf000" if written in (r"\xF000", "0xF000") else written


def describe(uri: str) -> Described:
    """The node of a LocURI whose dynamic segments are filled and escaped."""
    place = tree()
    for segment in uri.split("/"):
        found = place.children.get(segment) or place.children.get(_DYNAMIC)
        if found is None or not re.fullmatch(r"(?:[A-Za-z0-9._~!*'()\-]|%[0-9A-F]{2})+", segment):
            raise DdfError(f"{uri}: no {segment!r} below {place.path or 'the root'}")
        place = found
        if place.path.endswith(f"/{_DYNAMIC}") and place.kind == "RegEx":
            _values(place, unquote(segment), uri)
    return place


def check_step(step: Step) -> Described | None:
    """The description of the step's node; None for nodes that are documented elsewhere."""
    if step.uri.startswith(tuple(UNDESCRIBED)) or _INGESTED.fullmatch(step.uri):
        return None
    node = describe(step.uri)
    if step.verb not in node.verbs:
        raise DdfError(f"{step.uri}: {step.verb} is not among {sorted(node.verbs)}")
    if step.verb in ("Get", "Delete"):
        if step.data is not None:
            raise DdfError(f"{step.uri}: {step.verb} has data")
        return node
    if step.format != node.format:
        raise DdfError(f"{step.uri}: format {step.format!r} instead of {node.format!r}")
    if node.format == "node" and step.data is not None:
        raise DdfError(f"{step.uri}: an interior node has data")
    if node.format not in ("node", "null") and not (step.verb == "Exec" and not step.data and not node.kind):
        check_value(node, step.data or "", step.uri)
    return node


def check_value(node: Described, data: str, where: str) -> None:
    if node.format == "int" and not re.fullmatch("-?[0-9]+", data):
        raise DdfError(f"{where}: {data!r} is no integer")
    if node.format == "bool" and node.kind != "ENUM" and data not in ("true", "false"):
        raise DdfError(f"{where}: {data!r} is no truth value")
    for part in data.split(node.delimiter) if node.delimiter else (data,):
        _values(node, part, where)


def _values(node: Described, data: str, where: str) -> None:
    if node.kind and not _RULES[node.kind](node.values, data):
        raise DdfError(f"{where}: {data!r} is not within {node.kind} {node.values}")


def _in_range(values: tuple[str, ...], data: str) -> bool:
    lowest, highest = bounds(values)
    return bool(re.fullmatch("-?[0-9]+", data)) and lowest <= int(data) <= highest


def bounds(values: tuple[str, ...]) -> tuple[int, int]:
    match = re.fullmatch(r"\[\(?(-?\d+)\)?-(\d+)\]", values[0])
    assert match, values
    return int(match[1]), int(match[2])


def mask(values: tuple[str, ...]) -> int:
    return functools.reduce(int.__or__, (int(value, 0) for value in values))


def _admx(values: tuple[str, ...], data: str) -> bool:
    names = [child.tag.lower() for child in ElementTree.fromstring(f"<policy>{data}</policy>")]
    return names[:1] in (["enabled"], ["disabled"]) and set(names[1:]) <= {"data"}


_RULES = {
    "ENUM": lambda values, data: data in values,
    "Range": _in_range,
    "RegEx": lambda values, data: bool(re.search(values[0], data)),
    "Flag": lambda values, data: data.isdigit() and not int(data) & ~mask(values),
    "ADMX": _admx,
    "XSD": lambda values, data: ElementTree.fromstring(data) is not None,
    "JSON": lambda values, data: True,
    "SDDL": lambda values, data: True,
    "None": lambda values, data: True,
}


def leaves(node: Described) -> Iterator[Described]:
    for child in node.children.values():
        yield child
        yield from leaves(child)
