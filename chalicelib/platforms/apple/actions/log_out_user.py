"""Logs the current user of a Shared iPad out (Apple mdm/commands/user.logout.yaml)."""

from chalicelib.platforms.apple.actions.action import Action, bare
from chalicelib.platforms.apple.actions.systems import IPADOS, Since

ACTION = Action(
    name="log-out-user",
    permission="command.request",
    request_type="LogOutUser",
    title="Log out the current user of a Shared iPad.",
    systems={IPADOS: Since("9.3")},
    build=bare("LogOutUser"),
    priority=3,
    shared_only=True,
)
