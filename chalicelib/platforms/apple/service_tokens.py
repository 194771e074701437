"""Tokens that devices show to Apple's services, to prove which server manages them (Apple mdm/checkin/gettoken.yaml).

`com.apple.maid`, for Managed Apple Accounts: a JWT (RFC 7519) in RS256, signed with the key of ade.py.
"""

import uuid

from chalicelib.core import escrow
from chalicelib.core.errors import BadRequest
from chalicelib.core.house import House
from chalicelib.model.records import Setting

SETTING, KIND = "apple.ade", "ade_key"
MANAGED_ACCOUNTS = "com.apple.maid"
ALGORITHM = "RS256"


def linked(house: House) -> bool:
    """Whether there is anything to ask for, which the enrollment profile tells."""
    return house.store.find(Setting, SETTING) is not None


def issue(house: House, service: str) -> bytes:
    """BadRequest for any other service, and while the organisation is not linked."""
    if service != MANAGED_ACCOUNTS:
        raise BadRequest("This server issues no tokens for that service.")
    setting = house.store.find(Setting, SETTING)
    key = escrow.current(house, escrow.ORGANIZATION, KIND) if setting else None
    if setting is None or key is None:
        raise BadRequest("This server issues no tokens: it is not linked to an Apple organisation.")
    import jwt  # a device asks seldom: the function that serves it stays lean

    claims = {
        "iss": setting.value["server_uuid"],
        "iat": house.clock(),
        "jti": str(uuid.uuid4()),
        "service_type": service,
    }
    return jwt.encode(claims, key.reveal(), algorithm=ALGORITHM).encode()
