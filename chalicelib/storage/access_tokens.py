"""Checks an access token of a user pool: pinned algorithm, exact issuer, client, use and expiry. Raises, never guesses.

Source: Amazon Cognito Developer Guide, "Verifying JSON web tokens"; RFC 7519, RFC 8725.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.ports import Clock

ALGORITHM = "RS256"
LONGEST_TOKEN = 16_384
SKEW = 30  # seconds of clock difference that we bear
REFUSAL = "The access token is not valid; sign in again."
SESSION_OVER = "The session is over; sign in again."


@dataclass(frozen=True, slots=True)
class AccessTokens:
    issuer: str
    client_id: str
    key: Callable[[str], Any]  # key id → public key; Unauthenticated if unknown
    clock: Clock

    def verify(self, token: str) -> Mapping[str, Any]:
        import jwt  # only the people plane verifies tokens; the device function stays lean

        options: jwt.types.Options = {  # times are checked against our own clock, below
            "require": ["exp", "iss"],
            "verify_aud": False,
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
        }
        if len(token) > LONGEST_TOKEN:
            raise Unauthenticated(REFUSAL)
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM or not isinstance(header.get("kid"), str):
                raise Unauthenticated(REFUSAL)
            key = self.key(header["kid"])
            claims: Mapping[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=options)
        except jwt.InvalidTokenError as problem:
            raise Unauthenticated(REFUSAL) from problem
        self._check(claims)
        return claims

    def _check(self, claims: Mapping[str, Any]) -> None:
        expected = {"iss": self.issuer, "client_id": self.client_id, "token_use": "access"}
        expiry = claims["exp"]
        if any(claims.get(name) != value for name, value in expected.items()):
            raise Unauthenticated(REFUSAL)
        if not isinstance(expiry, int) or expiry + SKEW <= self.clock():
            raise Unauthenticated("The access token has expired; sign in again.")
