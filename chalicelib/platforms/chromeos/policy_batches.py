"""Settings of org units and groups as the batches that Google takes (chromepolicy.v1: batchModify, batchInherit).

Google's rules for one batch: one target resource, one namespace (schemas differ in their last part only), the same
names of additional keys, no policy twice, and a mask that names what is set. A mixed list is split so, in the order in
which it was given. Groups do not inherit: there a setting is deleted instead.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.errors import Unprocessable

ORG_UNIT, GROUP = "orgunits/", "groups/"
APP = "app_id"
A_MINUTE = 30  # writes of policies that Google takes from a customer in a minute
LONGEST_DELAY = 900  # seconds, of an SQS message
MOST = 100  # requests in a batch
LARGEST = 200_000  # bytes of a batch, which has to fit into a message

PolicyKey = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Target:
    """orgunits/… or groups/…, and what the schema further asks for: the app, the network, the printer."""

    resource: str
    keys: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kind, _, name = self.resource.partition("/")
        if kind + "/" not in (ORG_UNIT, GROUP) or not name or "/" in name:
            raise Unprocessable("The target of a policy is orgunits/ID or groups/ID.")

    @property
    def group(self) -> bool:
        return self.resource.startswith(GROUP)

    def wire(self) -> dict[str, Any]:
        keys = {"additionalTargetKeys": dict(self.keys)} if self.keys else {}
        return {"targetResource": self.resource, **keys}


@dataclass(frozen=True, slots=True)
class Setting:
    """A policy with a value; `value` None: as the org unit above has it, and for a group: none of its own."""

    schema: str
    target: Target
    value: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if not self.namespace or not self.leaf:
            raise Unprocessable("The name of a policy is that of its schema: chrome.users.ShowLogoutButton.")
        if self.value is not None and not self.value:
            raise Unprocessable(f"{self.schema}: a value has at least one field.")

    @property
    def namespace(self) -> str:
        return self.schema.rpartition(".")[0]

    @property
    def leaf(self) -> str:
        return self.schema.rpartition(".")[2]

    @property
    def method(self) -> str:
        if self.value is not None:
            return "batchModify"
        return "batchDelete" if self.target.group else "batchInherit"

    @property
    def key(self) -> PolicyKey:
        return (self.schema, self.target.resource, tuple(sorted(self.target.keys.items())))

    def wire(self) -> dict[str, Any]:
        if self.value is None:
            return {"policyTargetKey": self.target.wire(), "policySchema": self.schema}
        return {
            "policyTargetKey": self.target.wire(),
            "policyValue": {"policySchema": self.schema, "value": dict(self.value)},
            "updateMask": ",".join(sorted(self.value)),
        }


@dataclass(frozen=True, slots=True)
class Batch:
    method: str  # orgunits:batchModify …
    requests: tuple[Mapping[str, Any], ...]

    @property
    def body(self) -> dict[str, Any]:
        return {"requests": [dict(request) for request in self.requests]}


@dataclass(frozen=True, slots=True)
class Planned:
    """A batch and when it may go out: seconds from now, for the delay of a message."""

    batch: Batch
    delay: int


def plan(settings: Iterable[Setting]) -> list[Planned]:
    """At Google's pace, evenly, the first at once. Unprocessable where that takes longer than a message may wait."""
    found = batches(settings)
    delays = [60 * number // A_MINUTE for number in range(len(found))]
    if delays and delays[-1] > LONGEST_DELAY:
        raise Unprocessable(f"{len(found)} batches are too many at once: Google takes {A_MINUTE} a minute. Split them.")
    return [Planned(batch, delay) for batch, delay in zip(found, delays, strict=True)]


def batches(settings: Iterable[Setting]) -> list[Batch]:
    """Unprocessable where a policy is set twice: which value was meant is not ours to say."""
    sorted_out: dict[tuple[Any, ...], list[Setting]] = {}
    seen: set[PolicyKey] = set()
    for setting in settings:
        if setting.key in seen:
            raise Unprocessable(f"{setting.schema} is set twice for {setting.target.resource}.")
        seen.add(setting.key)
        sorted_out.setdefault(_kind(setting), []).append(setting)
    return [batch for alike in sorted_out.values() for batch in _cut(alike)]


def _kind(setting: Setting) -> tuple[Any, ...]:
    """What all of a batch have in common. Of a group's settings, all have to be of the same app as well."""
    target = setting.target
    app = target.keys.get(APP, "") if target.group else ""
    return (setting.method, target.resource, setting.namespace, tuple(sorted(target.keys)), app)


def _cut(alike: list[Setting]) -> Iterator[Batch]:
    method = ("groups:" if alike[0].target.group else "orgunits:") + alike[0].method
    part: list[Mapping[str, Any]] = []
    size = 0
    for setting in alike:
        request = setting.wire()
        length = len(json.dumps(request, ensure_ascii=False).encode())
        if length > LARGEST:
            raise Unprocessable(f"{setting.schema}: the value is too large.")
        if part and (len(part) == MOST or size + length > LARGEST):
            yield Batch(method, tuple(part))
            part, size = [], 0
        part.append(request)
        size += length
    yield Batch(method, tuple(part))
