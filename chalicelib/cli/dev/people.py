"""The first administrator: a person in the user directory and an API token, made with the stack and kept beside it."""

import json
import os
import secrets
import string
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.cli.dev.deployment import Deployment
from chalicelib.cli.dev.engine import Engine
from chalicelib.cli.dev.state import DevError, State
from chalicelib.cli.package import PROJECT

USERNAME = "admin@muster.localhost"


@dataclass(frozen=True, slots=True)
class Administrator:
    username: str
    password: str
    token: str


def first_administrator(
    engine: Engine, deployment: Deployment, state: State, push_services: Mapping[str, Any]
) -> Administrator:
    """Made once for a stack, with what the push services ask for; the next start finds all of it again."""
    memory = state.recall()
    pool = deployment.outputs()["UserPoolId"]
    if memory.get("user_pool") != pool or not memory.keys() >= {"admin_password", "admin_token"}:
        password = _password()
        cognito = engine.client("cognito-idp")
        account = {"UserPoolId": pool, "Username": USERNAME}
        # The person is there already when memory.json was deleted.
        with suppress(cognito.exceptions.UsernameExistsException):
            # The temporary password that MiniStack would think of breaks its own policy.
            cognito.admin_create_user(**account, MessageAction="SUPPRESS", TemporaryPassword=_password())
        cognito.admin_set_user_password(**account, Password=password, Permanent=True)
        cognito.admin_add_user_to_group(**account, GroupName="admin")
        token = _token(deployment, push_services)
        state.remember(user_pool=pool, admin_password=password, admin_token=token)
        memory = state.recall()
    return Administrator(USERNAME, memory["admin_password"], memory["admin_token"])


def _password() -> str:
    """Twenty-four characters with one of each kind that the pool asks for."""
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(20)) + "aA1-"


def _token(deployment: Deployment, push_services: Mapping[str, Any]) -> str:
    """Through Muster's own code in a process that has the functions' environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib.cli.dev.bootstrap", USERNAME],
        cwd=PROJECT,
        env=kept | deployment.environment(),
        input=json.dumps(push_services),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise DevError(
            f"The first administrator's token could not be made: {lines[-1] if lines else 'no reason given'}"
        )
    return str(json.loads(done.stdout)["token"])
