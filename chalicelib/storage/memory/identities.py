"""A user directory in memory: passwords hashed, tokens signed with RS256 like those of a user pool."""

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.core.errors import AlreadyExists, Unauthenticated
from chalicelib.core.ports import Clock
from chalicelib.model.people import Role
from chalicelib.model.secret import Secret
from chalicelib.storage.access_tokens import ALGORITHM, REFUSAL, SESSION_OVER, AccessTokens
from chalicelib.storage.memory.services import rsa_key

ISSUER, CLIENT_ID, KEY_ID = "https://identities.example.test/pool", "console", "memory-1"
LIFETIME, REFRESH_LIFETIME = 3600, 8 * 3600


@dataclass(frozen=True, slots=True)
class _User:
    name: str
    salt: bytes
    hashed: bytes
    role: Role | None
    enabled: bool = True


class MemoryIdentities:
    def __init__(self, clock: Clock = lambda: int(time.time()), issuer: str = ISSUER) -> None:
        self._users: dict[str, _User] = {}
        self._refreshable: dict[str, tuple[str, int]] = {}  # refresh token → user name, expiry
        self._clock, self.issuer = clock, issuer
        self._tokens = AccessTokens(issuer, CLIENT_ID, self._key, clock)

    def sign_in(self, username: str, password: Secret[str]) -> Mapping[str, Any]:
        user = self._users.get(username)
        if user is None or not user.enabled or _hash(password, user.salt) != user.hashed:
            raise Unauthenticated("The name or the password is wrong.")
        token = os.urandom(32).hex()
        self._refreshable[token] = user.name, self._clock() + REFRESH_LIFETIME
        return self._session(user, token)

    def refresh(self, token: Secret[str]) -> Mapping[str, Any]:
        name, expiry = self._refreshable.get(token.reveal(), ("", 0))
        user = self._users.get(name)
        if user is None or not user.enabled or expiry <= self._clock():
            raise Unauthenticated(SESSION_OVER)
        return self._session(user, token.reveal())

    def verify(self, token: str) -> Mapping[str, Any]:
        return self._tokens.verify(token)

    def create_user(self, username: str, password: Secret[str], role: Role) -> None:
        if username in self._users:
            raise AlreadyExists("There is a user of this name already.")
        salt = os.urandom(16)
        self._users[username] = _User(username, salt, _hash(password, salt), role)

    def role_of(self, username: str) -> Role | None:
        user = self._users.get(username)
        return user.role if user and user.enabled else None

    def change_user(self, username: str, *, role: Role | None, enabled: bool = True) -> None:
        """What an administrator does in the console of the directory."""
        self._users[username] = replace(self._users[username], role=role, enabled=enabled)

    def delete_user(self, username: str) -> None:
        del self._users[username]

    def _session(self, user: _User, refresh_token: str) -> Mapping[str, Any]:
        return {
            "access_token": self._issue(user, "access", {"client_id": CLIENT_ID, "username": user.name}),
            "id_token": self._issue(user, "id", {"aud": CLIENT_ID, "cognito:username": user.name}),
            "refresh_token": refresh_token,
            "expires_in": LIFETIME,
        }

    def _issue(self, user: _User, use: str, extra: Mapping[str, Any]) -> str:
        import jwt

        now = self._clock()
        claims: dict[str, Any] = {
            "sub": hashlib.sha256(user.name.encode()).hexdigest()[:32],
            "iss": self.issuer,
            "token_use": use,
        }
        claims |= {"iat": now, "auth_time": now, "exp": now + LIFETIME, **extra}
        claims |= {"cognito:groups": [str(user.role)]} if user.role else {}
        return jwt.encode(claims, rsa_key(), algorithm=ALGORITHM, headers={"kid": KEY_ID})

    def _key(self, key_id: str) -> Any:
        if key_id != KEY_ID:
            raise Unauthenticated(REFUSAL)
        return rsa_key().public_key()


def _hash(password: Secret[str], salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.reveal().encode(), salt, 1000)
