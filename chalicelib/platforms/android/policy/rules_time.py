"""Rules of updates and enforcement: everything that counts days."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from chalicelib.platforms.android.policy.group import seconds
from chalicelib.platforms.android.policy.rule import Rule, repeated
from chalicelib.platforms.android.policy.settings import Settings
from chalicelib.platforms.android.policy.updates import YEAR, FreezePeriod, Predicate, UpdateRule

LONGEST_FREEZE, LEAST_THAW = 90, 60
DAY = 86_400
_RULES = "unifiedUpdatePolicy.rules"


def _window(policy: Settings) -> Iterator[str]:
    update = policy.system_update
    if update:
        both = update.start_minutes is not None and update.end_minutes is not None
        neither = update.start_minutes is None and update.end_minutes is None
        if not (both if update.type == "WINDOWED" else neither):
            yield "systemUpdate.type"


def _freezes(policy: Settings) -> tuple[FreezePeriod, ...]:
    return (policy.system_update.freeze_periods or ()) if policy.system_update else ()


def _untyped(policy: Settings) -> Iterator[str]:
    if policy.system_update and _freezes(policy) and policy.system_update.type is None:
        yield "systemUpdate.freezePeriods"


def _no_day(policy: Settings) -> Iterator[str]:
    for index, freeze in enumerate(_freezes(policy)):
        for name, day in (("startDate", freeze.start_date), ("endDate", freeze.end_date)):
            if not day.exists:
                yield f"systemUpdate.freezePeriods.{index}.{name}"


def _too_long(policy: Settings) -> Iterator[str]:
    for index, freeze in enumerate(_freezes(policy)):
        if freeze.days > LONGEST_FREEZE:
            yield f"systemUpdate.freezePeriods.{index}"


def _too_close(policy: Settings) -> Iterator[str]:
    """Around the year: after the last comes the first."""
    ordered = sorted(enumerate(_freezes(policy)), key=lambda each: each[1].start_date.number)
    for (_, before), (index, after) in pairwise([*ordered, *ordered[:1]] if len(ordered) > 1 else ()):
        distance = (after.start_date.number - before.start_date.number) % YEAR
        if distance - before.days < LEAST_THAW:
            yield f"systemUpdate.freezePeriods.{index}"


def _rules(policy: Settings) -> Iterator[tuple[str, UpdateRule]]:
    unified = policy.unified_update_policy
    return ((f"{_RULES}.{index}", rule) for index, rule in enumerate((unified and unified.rules) or ()))


def _each(wrong: Callable[[UpdateRule], bool], name: str) -> Callable[[Settings], Iterator[str]]:
    return lambda policy: (f"{place}.{name}" for place, rule in _rules(policy) if wrong(rule))


def _ids(policy: Settings) -> Iterator[str]:
    return (f"{_RULES}.{index}.id" for index in repeated(rule.id for _, rule in _rules(policy)))


def _overridden(policy: Settings) -> Iterator[str]:
    if policy.system_update:
        for place, rule in _rules(policy):
            yield from (f"{place}.targets.{n}" for n, target in enumerate(rule.targets) if target.is_system)


def _single(rule: UpdateRule) -> bool:
    return any((target.target_type == "SINGLE_APP") != (target.single_app is not None) for target in rule.targets)


def _for_system(rule: UpdateRule) -> bool:
    asks = bool(rule.stages) or (rule.outcome is not None and rule.outcome.outcome_type == "USER_PROMPT")
    return asks and not all(target.is_system for target in rule.targets)


def _never(rule: UpdateRule) -> bool:
    when = rule.predicate or Predicate()
    first, last = when.time_of_day_lower_bound, when.time_of_day_upper_bound
    return last is not None and last.hours <= (first.hours if first else 0)


def _part_of_day(rule: UpdateRule) -> bool:
    when = rule.predicate or Predicate()
    return any(seconds(age or "0s") % DAY for age in (when.update_age_lower_bound, when.update_age_upper_bound))


def _alone(policy: Settings) -> Iterator[str]:
    for index, rule in enumerate(policy.policy_enforcement_rules or ()):
        if rule.block_action is None or rule.wipe_action is None:
            yield f"policyEnforcementRules.{index}"


def _order(policy: Settings) -> Iterator[str]:
    for index, rule in enumerate(policy.policy_enforcement_rules or ()):
        block, wipe = rule.block_action, rule.wipe_action
        if block and wipe and (block.block_after_days or 0) >= wipe.wipe_after_days:
            yield f"policyEnforcementRules.{index}.wipeAction.wipeAfterDays"


def _unset(policy: Settings) -> Iterator[str]:
    present = policy.given() - {"policyEnforcementRules"}
    for index, rule in enumerate(policy.policy_enforcement_rules or ()):
        if rule.setting_name not in present:
            yield f"policyEnforcementRules.{index}.settingName"


def _twice(policy: Settings) -> Iterator[str]:
    again = repeated(rule.setting_name for rule in policy.policy_enforcement_rules or ())
    return (f"policyEnforcementRules.{index}.settingName" for index in again)


RULES: Mapping[str, Rule] = {
    "update-window": Rule("WINDOWED needs startMinutes and endMinutes, and only WINDOWED takes them", _window),
    "freeze-typed": Rule("freeze periods need systemUpdate.type", _untyped),
    "freeze-day": Rule("the month does not have this day", _no_day),
    "freeze-length": Rule("a freeze period lasts 90 days at most", _too_long),
    "freeze-distance": Rule("60 days at least lie between two freeze periods", _too_close),
    "update-rule-once": Rule("each rule has an id of its own", _ids),
    "update-overridden": Rule("systemUpdate takes precedence, Google ignores this target", _overridden),
    "update-single-app": Rule("singleApp goes with SINGLE_APP, and only with it", _each(_single, "targets")),
    "update-system-only": Rule(
        "stages and USER_PROMPT are for updates of the system only", _each(_for_system, "targets")
    ),
    "update-hours": Rule(
        "the window is empty: the upper bound must be later than the lower",
        _each(_never, "predicate.timeOfDayUpperBound"),
    ),
    "update-age": Rule("an age is a multiple of 24 hours", _each(_part_of_day, "predicate")),
    "enforcement-pair": Rule("blockAction and wipeAction each require the other", _alone),
    "enforcement-order": Rule("it must be greater than blockAfterDays", _order),
    "enforcement-set": Rule("it must name a setting that this policy has", _unset),
    "enforcement-once": Rule("one rule only for each setting", _twice),
}
