"""Microsoft's DDF files (in ../shared beside the project), where they are at hand: what no line of nodes.py says."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from lxml import etree

from tests.devices.windows.nodes import Definition

ROOT = Path(__file__).resolve().parents[4] / "shared" / "schemas" / "windows-csp-ddf"
MSFT = "{http://schemas.microsoft.com/MobileDevice/DM}"


def available() -> bool:
    return ROOT.is_dir()


def find(uri: str) -> Definition | None:
    """By canonical LocURI."""
    parts = uri.split("/")
    fitting = [one for file in _files(uri) for one in _read(file) if _fits(one.uri.split("/"), parts)]
    return min(fitting, key=lambda one: one.uri.count("*"), default=None)


def _fits(segments: list[str], parts: list[str]) -> bool:
    return len(segments) == len(parts) and all(
        mine in ("*", theirs) for mine, theirs in zip(segments, parts, strict=True)
    )


def _files(uri: str) -> list[Path]:
    found = re.match(r"\./(?:Device|User)/Vendor/MSFT/(?:Policy/(?:Config|Result)/)?([^/]+)", uri)
    if not available() or (found is None and not uri.startswith(("./DevInfo", "./DevDetail"))):
        return []
    name = found[1] if found else uri.split("/")[1]
    policy = "/Policy/Config/" in uri or "/Policy/Result/" in uri
    path = ROOT / (f"{name}_AreaDDF.xml" if policy else f"{name}.xml")
    return [path] if path.is_file() else []


@cache
def _read(path: Path) -> list[Definition]:
    found: list[Definition] = []
    for node in etree.parse(str(path)).getroot().findall("Node"):
        _walk(node, (node.findtext("Path") or "").replace("./Vendor/", "./Device/Vendor/"), found)
    return found


def _walk(node: etree._Element, above: str, found: list[Definition]) -> None:
    uri = f"{above}/{node.findtext('NodeName') or '*'}" if above else node.findtext("NodeName") or "*"
    properties = node.find("DFProperties")
    assert properties is not None
    values, interval = _allowed(properties)
    found.append(
        Definition(
            uri,
            frozenset(_names(properties.find("AccessType"))),
            "".join(_names(properties.find("DFFormat"))),
            values=values,
            interval=interval,
        )
    )
    for child in node.findall("Node"):
        _walk(child, uri, found)


def _names(holder: etree._Element | None) -> list[str]:
    return [] if holder is None else [str(one.tag) for one in holder if isinstance(one.tag, str)]


def _allowed(properties: etree._Element) -> tuple[frozenset[str] | None, tuple[int, int] | None]:
    allowed = properties.find(f"{MSFT}AllowedValues")
    if allowed is None:
        return None, None
    if allowed.get("ValueType") == "ENUM":
        return frozenset(one.text or "" for one in allowed.iter(f"{MSFT}Value")), None
    bounds = re.fullmatch(r"\[(-?\d+)-(-?\d+)\]", allowed.findtext(f"{MSFT}Value") or "")
    if allowed.get("ValueType") == "Range" and bounds:
        return None, (int(bounds[1]), int(bounds[2]))
    return None, None
