"""Gives a company's device to its user (RELINQUISH_OWNERSHIP): the work profile goes, the private side stays."""

from chalicelib.platforms.android.actions.action import Action, bare
from chalicelib.platforms.android.actions.modes import COMPANY_WORK_PROFILE
from chalicelib.platforms.android.actions.versions import ANDROID_8

ACTION = Action(
    name="relinquish",
    request_type="RELINQUISH_OWNERSHIP",
    title="Give the device to its user: the work profile is erased and its management ends; private data stays.",
    build=bare("RELINQUISH_OWNERSHIP"),
    since={COMPANY_WORK_PROFILE: ANDROID_8},
    elsewhere=(
        "Only a company-owned device with a work profile can be given to its user: a fully managed one has no private "
        "side that could stay, so erase it; a personal one is its user's already, so retire it."
    ),
    permission="command.destructive",
    once=True,
    parks=True,
    priority=1,
    personal="It is held as personal, so its user's already. Retire it: that removes its work profile.",
)
