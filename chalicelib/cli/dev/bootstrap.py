"""`python -m chalicelib.cli.dev.bootstrap USERNAME`: prints an API token, made with the functions' environment."""

import json
import sys

from chalicelib.core import access
from chalicelib.model.people import Principal, Role
from chalicelib.wiring import house


def token(username: str) -> str:
    principal = Principal(name=username, role=Role.ADMIN, person=True)
    return access.create_token(house(), principal, "first administrator", Role.ADMIN, access.TOKEN_DAYS_MAX)[1]


if __name__ == "__main__":
    print(json.dumps({"token": token(sys.argv[1])}))
