"""The posture of a device: what the rules expect, what it reported, and the findings that follow.

A control is a pure function; a finding is written when it opens and when it resolves, never in between.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from chalicelib.core.devices import Seen
from chalicelib.core.errors import AlreadyExists, Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Replace
from chalicelib.core.trail import SYSTEM, event
from chalicelib.model.device import DeviceStatus, Platform
from chalicelib.model.finding import Finding
from chalicelib.model.records import Setting

SETTING = "posture"
UNKNOWN = "not reported"
# What a platform has no means to tell us is not held against it.
NEVER_REPORTED = frozenset(
    {
        (Platform.MACOS, "passcode_set"),
        (Platform.TVOS, "passcode_set"),
        (Platform.TVOS, "encrypted"),
        (Platform.CHROMEOS, "passcode_set"),  # people sign in with their account
        (Platform.WINDOWS, "passcode_set"),  # passwords belong to accounts; no node tells whether they have one
    }
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the organisation expects. `os_minimum`: platform → version; a platform that is absent has no minimum."""

    seen_within_days: int = 14
    os_minimum: Mapping[str, str] = field(default_factory=dict)
    passcode_required: bool = True
    encryption_required: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    expected: str
    observed: str
    met: bool


Control = Callable[[Seen, Rules, int], Verdict | None]


def seen_lately(seen: Seen, rules: Rules, now: int) -> Verdict | None:
    last = max(seen.last_seen, seen.device.enrolled_at)
    days = (now - last) // 86_400
    return Verdict(
        f"seen within {rules.seen_within_days} days", f"last seen {days} days ago", days < rules.seen_within_days
    )


def os_minimum(seen: Seen, rules: Rules, now: int) -> Verdict | None:
    minimum = rules.os_minimum.get(seen.device.platform)
    if minimum is None:
        return None
    observed = seen.device.os_version
    met = bool(observed) and version_key(observed) >= version_key(minimum)
    return Verdict(f"at least {minimum}", observed or UNKNOWN, met)


def passcode_set(seen: Seen, rules: Rules, now: int) -> Verdict | None:
    return _flag(seen, "passcode_set", "a passcode is set") if rules.passcode_required else None


def disk_encrypted(seen: Seen, rules: Rules, now: int) -> Verdict | None:
    return _flag(seen, "encrypted", "the disk is encrypted") if rules.encryption_required else None


def policy_applied(seen: Seen, rules: Rules, now: int) -> Verdict | None:
    """Only where the device has judged the version that it is to have: what is under way neither meets nor fails."""
    told = str(seen.device.facts.get("policy", ""))
    if told != "applied" and not told.startswith("failed"):
        return None
    return Verdict("all of its policy is applied", told, told == "applied")


def _flag(seen: Seen, fact: str, expected: str) -> Verdict | None:
    value = seen.device.facts.get(fact)
    if value is None and (seen.device.platform, fact) in NEVER_REPORTED:
        return None
    observed = ("yes" if value else "no") if isinstance(value, bool) else UNKNOWN
    return Verdict(expected, observed, value is True)


CONTROLS: Mapping[str, Control] = {
    "seen-lately": seen_lately,
    "os-minimum": os_minimum,
    "passcode-set": passcode_set,
    "disk-encrypted": disk_encrypted,
    "policy-applied": policy_applied,
}


def version_key(version: str) -> tuple[int, ...]:
    """ "17.10.1" → (17, 10, 1); what is not a number counts as 0; trailing zeros do not count."""
    parts = [int(part) if part.isdecimal() else 0 for part in version.split(" ")[0].split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def evaluate(seen: Seen, rules: Rules, now: int) -> dict[str, Verdict]:
    """Control → verdict, for an enrolled device; nothing is expected of others."""
    if seen.device.status is not DeviceStatus.ENROLLED:
        return {}
    verdicts = {name: control(seen, rules, now) for name, control in CONTROLS.items()}
    return {name: verdict for name, verdict in verdicts.items() if verdict is not None}


def rules_of(house: House) -> Rules:
    setting = house.store.find(Setting, SETTING)
    return Rules(**setting.value) if setting else Rules()


def assess(house: House, seen: Seen, rules: Rules) -> tuple[int, int]:
    """Opens and resolves the findings of one device: (opened, resolved). A second run right after changes nothing."""
    now = house.clock()
    verdicts = evaluate(seen, rules, now)
    held = {f.control: f for f in house.store.collect(Finding, seen.device.id).items if f.open}
    failing = {name: verdict for name, verdict in verdicts.items() if not verdict.met}
    opened = [_open(house, seen, name, verdict) for name, verdict in failing.items() if name not in held]
    resolved = [_resolve(house, finding) for name, finding in held.items() if name not in failing]
    return sum(opened), sum(resolved)


def _open(house: House, seen: Seen, control: str, verdict: Verdict) -> bool:
    finding = Finding(seen.device.id, control, verdict.expected, verdict.observed, since=house.clock())
    return _commit(house, "finding.opened", finding, Create(finding))


def _resolve(house: House, finding: Finding) -> bool:
    return _commit(house, "finding.resolved", finding, Replace(replace(finding, resolved_at=house.clock())))


def _commit(house: House, action: str, finding: Finding, change: Create | Replace) -> bool:
    what = event(
        house,
        SYSTEM,
        action,
        f"device:{finding.device_id}",
        control=finding.control,
        expected=finding.expected,
        observed=finding.observed,
    )
    try:
        house.store.commit(change, audit=what)
    except (Stale, AlreadyExists):  # a duplicate message of the sweep was faster
        return False
    return True
