"""A JWT that somebody else signed with RS256 (RFC 7519, RFC 8725): its words are judged first, its signature last.

In this order a token whose words alone refuse it costs no fetch of keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.errors import Unauthenticated

ALGORITHM = "RS256"


@dataclass(frozen=True, slots=True)
class SignedToken:
    """Nothing in it is to be believed before `prove`. What it lacks raises Unauthenticated with `refusal`."""

    encoded: str = field(repr=False)
    key_id: str
    claims: Mapping[str, Any] = field(repr=False)
    refusal: str

    def text(self, name: str) -> str:
        value = self.claims.get(name)
        if not isinstance(value, str) or not value:
            raise Unauthenticated(self.refusal)
        return value

    def moment(self, name: str, default: int | None = None) -> int:
        value = self.claims.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Unauthenticated(self.refusal)
        return value

    def prove(self, key: Any) -> bytes:
        """What was signed, and the bytes of the signature, whose text can be varied without breaking it."""
        import jwt

        try:
            proven = jwt.decode_complete(self.encoded, key, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)
        except jwt.InvalidTokenError as problem:
            raise Unauthenticated(self.refusal) from problem
        if proven["payload"] != self.claims:
            raise Unauthenticated(self.refusal)
        return self.encoded.rpartition(".")[0].encode() + bytes(proven["signature"])


def read(encoded: str, longest: int, refusal: str) -> SignedToken:
    """Unauthenticated, also for another algorithm or a token that does not say by which key."""
    import jwt  # only few functions believe tokens

    if len(encoded) > longest:
        raise Unauthenticated(refusal)
    try:
        header = jwt.get_unverified_header(encoded)
        claims = jwt.decode(encoded, options={"verify_signature": False})
    except jwt.InvalidTokenError as problem:
        raise Unauthenticated(refusal) from problem
    key_id = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(key_id, str):
        raise Unauthenticated(refusal)
    return SignedToken(encoded, key_id, claims, refusal)


_SIGNATURE_ONLY: Any = {
    "verify_aud": False,
    "verify_exp": False,  # times are checked against our own clock
    "verify_iat": False,
    "verify_iss": False,
    "verify_nbf": False,
    "verify_jti": False,
    "verify_sub": False,
}
