"""`python -m chalicelib.cli.dev.bootstrap USERNAME`: the first API token, and a push certificate from standard input.

It runs with the functions' environment and prints {"token": …}.
"""

import json
import sys

from chalicelib.core import access
from chalicelib.model.people import Principal, Role
from chalicelib.platforms.apple import push_certificate
from chalicelib.wiring import house


def furnish(username: str, push_pem: str) -> str:
    """The token of the first administrator."""
    principal = Principal(name=username, role=Role.ADMIN, person=True)
    if push_pem:
        push_certificate.upload(house(), principal, push_pem)
    return access.create_token(house(), principal, "first administrator", Role.ADMIN, access.TOKEN_DAYS_MAX)[1]


if __name__ == "__main__":
    print(json.dumps({"token": furnish(sys.argv[1], sys.stdin.read())}))
