"""policyEnforcementRules: what happens to a device that stays out of compliance."""

from typing import Literal

from chalicelib.platforms.android.policy.group import Count, Group


class BlockAction(Group):
    block_after_days: Count | None = None
    block_scope: Literal["BLOCK_SCOPE_WORK_PROFILE", "BLOCK_SCOPE_DEVICE"] | None = None


class WipeAction(Group):
    preserve_frp: bool | None = None
    wipe_after_days: Count


class PolicyEnforcementRule(Group):
    block_action: BlockAction | None = None
    setting_name: str
    wipe_action: WipeAction | None = None
