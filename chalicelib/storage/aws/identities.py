"""Users in a Cognito user pool.

Source: Amazon Cognito user pools API Reference; Developer Guide, "Verifying JSON web tokens".
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.core.errors import AlreadyExists, Unauthenticated, Unprocessable
from chalicelib.core.ports import Clock
from chalicelib.model.people import Role
from chalicelib.model.secret import Secret
from chalicelib.storage.access_tokens import REFUSAL, SESSION_OVER, AccessTokens
from chalicelib.storage.aws.client import COGNITO, AwsRefused, Session

KEYS_LIVE, COOLDOWN = 3600, 60  # seconds; an unknown key id makes us ask again at most once a minute
SIGN_IN_REFUSALS = frozenset({
    "NotAuthorizedException",
    "UserNotFoundException",
    "UserNotConfirmedException",
    "PasswordResetRequiredException",
    "InvalidParameterException",
})  # fmt: skip
REFRESH_REFUSALS = SIGN_IN_REFUSALS | {"RefreshTokenReuseException"}


class CognitoIdentities:
    def __init__(self, session: Session, pool: str, client_id: str, clock: Clock = lambda: int(time.time())) -> None:
        self._session, self._pool, self._client_id = session, pool, client_id
        issuer = f"https://cognito-idp.{session.region}.amazonaws.com/{pool}"
        self.keys = KeySet(
            lambda: session.fetch(f"{session.endpoint}/{pool}{PATH}" if session.endpoint else issuer + PATH)
        )
        self._tokens = AccessTokens(issuer, client_id, self.keys.key, clock)

    def sign_in(self, username: str, password: Secret[str]) -> Mapping[str, Any]:
        """Under our own role: the pool takes passwords from nobody else."""
        body = {
            "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
            "UserPoolId": self._pool,
            "ClientId": self._client_id,
            "AuthParameters": {"USERNAME": username, "PASSWORD": password.reveal()},
        }
        try:
            answer = self._session.call(COGNITO, "AdminInitiateAuth", body)
        except AwsRefused as refused:
            if refused.code not in SIGN_IN_REFUSALS:
                raise
            raise Unauthenticated("The name or the password is wrong.") from refused
        if "AuthenticationResult" not in answer:
            raise Unauthenticated("This account needs a further step; sign in through the hosted page.")
        return _session(answer["AuthenticationResult"], "")

    def refresh(self, token: Secret[str]) -> Mapping[str, Any]:
        """Unsigned: whoever has a refresh token may use it, at the pool's own address as well."""
        body = {
            "AuthFlow": "REFRESH_TOKEN_AUTH",
            "ClientId": self._client_id,
            "AuthParameters": {"REFRESH_TOKEN": token.reveal()},
        }
        try:
            answer = self._session.call(COGNITO, "InitiateAuth", body, signed=False)
        except AwsRefused as refused:
            if refused.code not in REFRESH_REFUSALS:
                raise
            raise Unauthenticated(SESSION_OVER) from refused
        return _session(answer["AuthenticationResult"], token.reveal())

    def verify(self, token: str) -> Mapping[str, Any]:
        return self._tokens.verify(token)

    def create_user(self, username: str, password: Secret[str], role: Role) -> None:
        user = {"UserPoolId": self._pool, "Username": username}
        try:
            first = {**user, "MessageAction": "SUPPRESS", "TemporaryPassword": password.reveal()}
            self._session.call(COGNITO, "AdminCreateUser", first)
            self._session.call(
                COGNITO, "AdminSetUserPassword", {**user, "Password": password.reveal(), "Permanent": True}
            )
        except AwsRefused as refused:
            raise _explained(refused) from refused
        self._session.call(COGNITO, "AdminAddUserToGroup", {**user, "GroupName": str(role)})

    def role_of(self, username: str) -> Role | None:
        user = {"UserPoolId": self._pool, "Username": username}
        try:
            if not self._session.call(COGNITO, "AdminGetUser", user)["Enabled"]:
                return None
            groups = self._session.call(COGNITO, "AdminListGroupsForUser", user)["Groups"]
        except AwsRefused as refused:
            if refused.code != "UserNotFoundException":
                raise
            return None
        names = {group["GroupName"] for group in groups}
        return next((role for role in Role if role.value in names), None)


PATH = "/.well-known/jwks.json"


class KeySet:
    """The pool's public keys, fetched when first needed, when old, and when an unknown one appears (seldom)."""

    def __init__(self, fetch: Callable[[], Mapping[str, Any]], now: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._now, self._lock = fetch, now, threading.Lock()
        self._keys: dict[str, Any] = {}
        self._fetched: float | None = None

    def key(self, key_id: str) -> Any:
        with self._lock:
            age = None if self._fetched is None else self._now() - self._fetched
            if age is None or age > KEYS_LIVE or (key_id not in self._keys and age > COOLDOWN):
                self._refresh()
        if key_id not in self._keys:
            raise Unauthenticated(REFUSAL)
        return self._keys[key_id]

    def known(self) -> Mapping[str, Any]:
        return dict(self._keys)

    def _refresh(self) -> None:
        from jwt.algorithms import RSAAlgorithm

        self._fetched = self._now()  # also after a failure: a flood of bad tokens must not become a flood of fetches
        found = self._fetch().get("keys", [])
        self._keys = {jwk["kid"]: RSAAlgorithm.from_jwk(json.dumps(jwk)) for jwk in found if jwk.get("kty") == "RSA"}


def _session(result: Mapping[str, Any], refresh_token: str) -> Mapping[str, Any]:
    """A refresh brings a new refresh token only where the pool rotates them."""
    return {
        "access_token": result["AccessToken"],
        "id_token": result["IdToken"],
        "refresh_token": result.get("RefreshToken", refresh_token),
        "expires_in": result["ExpiresIn"],
    }


def _explained(refused: AwsRefused) -> Exception:
    if refused.code == "UsernameExistsException":
        return AlreadyExists("There is a user of this name already.")
    if refused.code in ("InvalidPasswordException", "InvalidParameterException"):
        return Unprocessable("The name or the password does not follow the rules of the user directory.")
    return refused
