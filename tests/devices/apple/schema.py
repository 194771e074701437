"""Apple's device-management schema (YAML, in ../shared beside the project) as a validator, where it is at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.devices.apple.complaints import ProfileRefused

ROOT = Path(__file__).resolve().parents[4] / "shared" / "schemas" / "apple-device-management"
TYPES: Mapping[str, tuple[type, ...]] = {
    "<string>": (str,), "<integer>": (int,), "<boolean>": (bool,), "<real>": (float, int), "<data>": (bytes,),
    "<date>": (datetime,), "<array>": (list, tuple), "<dictionary>": (dict,),
}  # fmt: skip
Definition = Mapping[str, Any]


def available() -> bool:
    return ROOT.is_dir() and _yaml() is not None


@cache
def _yaml() -> Any:
    try:
        import yaml
    except ImportError:
        return None
    return yaml


@cache
def definitions(folder: str, name: str = "requesttype") -> Mapping[str, Definition]:
    """Every definition under a folder of the schema by its request, payload or declaration type."""
    yaml = _yaml()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Definition] = {}
    for path in sorted((ROOT / folder).rglob("*.yaml")):
        content = yaml.load(path.read_text(), Loader=loader)
        if name in content.get("payload", {}):
            found.setdefault(content["payload"][name], content)
    return found


def command(content: Mapping[str, Any], platform: str) -> list[str]:
    """Problems of a Command dictionary, in words; [] is a good one."""
    definition = definitions("mdm/commands").get(content.get("RequestType", ""))
    if definition is None:
        return [f"no such command: {content.get('RequestType')}"]
    rest = {key: value for key, value in content.items() if key not in ("RequestType", "RequestRequiresNetworkTether")}
    return list(dictionary(definition.get("payloadkeys", []), rest, platform, str(content["RequestType"])))


def payload(content: Mapping[str, Any], platform: str) -> list[str]:
    """Problems of one payload of a profile; a type that the schema does not have has none."""
    definition = definitions("mdm/profiles", "payloadtype").get(content.get("PayloadType", ""))
    if definition is None:
        return []
    common = definitions("mdm/profiles", "payloadtype")["CommonPayloadKeys"]["payloadkeys"]
    keys = [*definition.get("payloadkeys", []), *common]
    return list(dictionary(keys, content, platform, str(content["PayloadType"])))


def check_profile(payloads: Iterable[Mapping[str, Any]], platform: str) -> None:
    """Raises ProfileRefused for what the schema does not know; silent where it is absent."""
    problems = [text for one in payloads for text in payload(one, platform)] if available() else []
    if problems:
        raise ProfileRefused("; ".join(problems))


def declaration(content: Mapping[str, Any], platform: str) -> list[str]:
    definition = definitions("declarative/declarations", "declarationtype").get(content.get("Type", ""))
    if definition is None:
        return [f"no such declaration: {content.get('Type')}"]
    keys = definition.get("payloadkeys", [])
    return list(dictionary(keys, content.get("Payload", {}), platform, str(content["Type"])))


def dictionary(keys: Iterable[Definition], content: Mapping[str, Any], platform: str, at: str) -> Iterator[str]:
    known = {one["key"]: one for one in keys}
    anything = next((one for name, one in known.items() if name.startswith("ANY")), None)
    for name, one in known.items():
        if one.get("presence") == "required" and name not in content and one is not anything and _exists(one, platform):
            yield f"{at}.{name} is missing"
    for name, value in content.items():
        key = known.get(name, anything)
        if key is None:
            yield f"{at}.{name} is unknown"
        elif not _exists(key, platform):
            yield f"{at}.{name} does not exist on {platform}"
        else:
            yield from _value(key, value, platform, f"{at}.{name}")


def _value(key: Definition, value: Any, platform: str, at: str) -> Iterator[str]:
    wanted = TYPES.get(key.get("type", "<any>"))
    if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)):
        yield f"{at} is a {type(value).__name__}, {key['type']} expected"
        return
    allowed = key.get("rangelist")
    if allowed is not None and value not in allowed:
        yield f"{at} is {value!r}, one of {allowed} expected"
    limits = key.get("range", {})
    if limits and not limits.get("min", value) <= value <= limits.get("max", value):
        yield f"{at} is {value!r}, out of {limits}"
    if "format" in key and isinstance(value, str) and not re.search(key["format"], value):
        yield f"{at} does not fit {key['format']}"
    subkeys = key.get("subkeys", [])
    if isinstance(value, dict) and subkeys:
        yield from dictionary(subkeys, value, platform, at)
    elif isinstance(value, list) and subkeys:
        yield from _items(subkeys, value, platform, at)


def _items(subkeys: Sequence[Definition], values: Sequence[Any], platform: str, at: str) -> Iterator[str]:
    for place, value in enumerate(values):
        key = subkeys[0]
        if len(subkeys) > 1:  # Settings: the item names its own definition
            named = [one for one in subkeys if isinstance(value, dict) and one["key"] == value.get("Item")]
            if not named:
                yield f"{at}[{place}] is none of {[one['key'] for one in subkeys]}"
                continue
            key = named[0]
        choices = {one["key"] for one in key.get("subkeys", [])} if key.get("type") == "<string>" else set()
        if choices and value not in choices:
            yield f"{at}[{place}] is {value!r}, unknown"
        elif not _exists(key, platform):
            yield f"{at}[{place}] does not exist on {platform}"
        else:
            yield from _value(key, value, platform, f"{at}[{place}]")


def _exists(key: Definition, platform: str) -> bool:
    return bool(key.get("supportedOS", {}).get(platform, {}).get("introduced") != "n/a")
