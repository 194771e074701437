"""Who may do what: one table, one function, default deny; and the API tokens that speak for people."""

from collections.abc import Mapping
from dataclasses import replace
from weakref import WeakKeyDictionary

from chalicelib.core import ids
from chalicelib.core.errors import BadRequest, Forbidden, NotFound, Unauthenticated
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Identities, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.people import ApiToken, Principal, Role

_ALL = frozenset(Role)
_OPERATORS = frozenset({Role.ADMIN, Role.HELPDESK})
_ADMIN = frozenset({Role.ADMIN})

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "device.read": _ALL,
    "device.write": _ADMIN,
    "device.replace": _ADMIN,
    "device.retire": _ADMIN,
    "device.delete": _ADMIN,
    "command.read": _ALL,
    "command.request": _OPERATORS,
    "command.configure": _ADMIN,
    "command.destructive": _ADMIN,
    "command.cancel": _OPERATORS,
    "invitation.read": _ALL,
    "invitation.create": _OPERATORS,
    "invitation.revoke": _OPERATORS,
    "finding.read": _ALL,
    "report.read": _ALL,
    "report.run": _ALL,
    "audit.read": frozenset({Role.ADMIN, Role.AUDITOR}),
    "escrow.list": _OPERATORS,
    "escrow.reveal": _OPERATORS,
    "settings.read": _ALL,
    "settings.write": _ADMIN,
    "trust.write": _ADMIN,  # whom the fleet believes: push certificate, Apple organisation, over-the-air anchors
    "token.manage": _ADMIN,
    "self.read": _ALL,
}
PERSON_ONLY = frozenset(
    {
        "command.destructive",
        "device.replace",
        "device.retire",
        "device.delete",
        "escrow.reveal",
        "trust.write",
        "token.manage",
    }
)

TOKEN_PREFIX = "muster_"  # noqa: S105 - public, so that leaked tokens are recognised
TOKEN_DAYS_MAX = 365


def authorize(principal: Principal, permission: str) -> None:
    """Raises Forbidden unless the role has the permission and, for the grave ones, the caller is a person."""
    if principal.role not in PERMISSIONS.get(permission, frozenset()):
        raise Forbidden(f"The role {principal.role} does not include {permission}; ask an administrator.")
    if permission in PERSON_ONLY and not principal.person:
        raise Forbidden(f"{permission} needs a person: sign in with `muster login`, an API token cannot do it.")


def identify(house: House, bearer: str, ip: str = "") -> Principal:
    """The principal behind a bearer token: an API token of ours or an access token of the user directory."""
    if bearer.startswith(TOKEN_PREFIX):
        return _token_holder(house, bearer, ip)
    claims = house.identities.verify(bearer)
    roles = [role for role in Role if role.value in claims.get("cognito:groups", ())]
    if not roles:
        raise Forbidden("Your account has no role in Muster; ask an administrator to add you to a group.")
    return Principal(name=str(claims.get("username", claims["sub"])), role=roles[0], person=True, ip=ip)


def _token_holder(house: House, bearer: str, ip: str) -> Principal:
    token = house.store.find(ApiToken, ids.digest(bearer))
    if token is None or token.revoked or token.expires_at <= house.clock():
        raise Unauthenticated("The API token is unknown, revoked or expired; create another one.")
    if not _creator_may(house, token):
        raise Unauthenticated(
            f"Whoever created this API token no longer has the role {token.role}; create another one."
        )
    return Principal(name=token.id, role=token.role, person=False, ip=ip)


ROLE_LIVES = 60  # seconds that a creator's role is believed without asking the directory again
_roles: WeakKeyDictionary[Identities, dict[str, tuple[int, Role | None]]] = WeakKeyDictionary()


def _creator_may(house: House, token: ApiToken) -> bool:
    """Whether the person behind a token still has all that the token has: it dies with their account or role."""
    kind, _, username = token.created_by.partition(":")
    if kind != "user":
        return True
    role = _role_of(house, username)
    return role is not None and all(role in roles for roles in PERMISSIONS.values() if token.role in roles)


def _role_of(house: House, username: str) -> Role | None:
    known, now = _roles.setdefault(house.identities, {}), house.clock()
    asked_at, role = known.get(username, (-ROLE_LIVES, None))
    if now - asked_at >= ROLE_LIVES:
        role = house.identities.role_of(username)
        known[username] = now, role
    return role


def create_token(house: House, principal: Principal, name: str, role: Role, days: int) -> tuple[ApiToken, str]:
    """A new API token; the string is shown once. A token never has a wider role than its creator."""
    authorize(principal, "token.manage")
    if not 1 <= days <= TOKEN_DAYS_MAX:
        raise BadRequest(f"A token lives between 1 and {TOKEN_DAYS_MAX} days.")
    if not 1 <= len(name) <= 100:
        raise BadRequest("A token needs a name of 1 to 100 characters.")
    now = house.clock()
    secret = TOKEN_PREFIX + ids.code() + ids.code()
    token = ApiToken(
        digest=ids.digest(secret),
        id=ids.ulid(now),
        name=name,
        role=role,
        created_by=principal.actor,
        created_at=now,
        expires_at=now + days * 86_400,
    )
    what = event(
        house, principal, "token.created", f"token:{token.id}", name=name, role=role.value, expires_at=token.expires_at
    )
    house.store.commit(Create(token), audit=what)
    return token, secret


def revoke_token(house: House, principal: Principal, token_id: str) -> None:
    authorize(principal, "token.manage")

    def attempt() -> None:
        token = _by_id(house, token_id)
        what = event(house, principal, "token.revoked", f"token:{token_id}")
        house.store.commit(Replace(replace(token, revoked=True)), audit=what)

    retry_stale(attempt)


def _by_id(house: House, token_id: str) -> ApiToken:
    cursor = ""
    while True:
        page = house.store.listing(ApiToken, limit=100, cursor=cursor)
        for token in page.items:
            if token.id == token_id:
                return house.store.get(ApiToken, token.digest)
        if not (cursor := page.cursor):
            raise NotFound("There is no such token.")
