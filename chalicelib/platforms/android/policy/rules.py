"""All rules between fields, by name."""

from collections.abc import Iterator, Mapping

from chalicelib.platforms.android.policy import rules_apps, rules_device, rules_networks, rules_time, rules_wifi
from chalicelib.platforms.android.policy.rule import Rule
from chalicelib.platforms.android.policy.settings import Settings

RULES: Mapping[str, Rule] = {
    **rules_apps.RULES,
    **rules_device.RULES,
    **rules_networks.RULES,
    **rules_time.RULES,
    **rules_wifi.RULES,
}


def broken(policy: Settings) -> Iterator[str]:
    """What does not go together, as sentences with their places."""
    for rule in RULES.values():
        yield from (f"{place}: {rule.reason}" for place in rule.broken(policy))
