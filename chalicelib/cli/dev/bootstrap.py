"""`python -m chalicelib.cli.dev.bootstrap USERNAME`: the first API token, and what the push services ask for.

It runs with the functions' environment, reads {"certificate": PEM, "package": {pfn, sid, secret}} from standard input
and prints {"token": …}.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from chalicelib.core import access, windows_setup
from chalicelib.model.people import Principal, Role
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple import push_certificate
from chalicelib.wiring import house


def furnish(username: str, push_services: Mapping[str, Any]) -> str:
    """The token of the first administrator."""
    principal = Principal(name=username, role=Role.ADMIN, person=True)
    if push_services["certificate"]:
        push_certificate.upload(house(), principal, push_services["certificate"])
    if package := push_services["package"]:
        windows_setup.set_push_package(house(), principal, package["pfn"], package["sid"], Secret(package["secret"]))
    return access.create_token(house(), principal, "first administrator", Role.ADMIN, access.TOKEN_DAYS_MAX)[1]


if __name__ == "__main__":
    print(json.dumps({"token": furnish(sys.argv[1], json.load(sys.stdin))}))
