"""Whether Pub/Sub pushed this: the token that it signs for us (OpenID Connect Core 1.0 §2, §3.1.3.7).

Google Cloud: "Authentication for push subscriptions". Google signs such a token for any project of the world and any
audience that one likes, so that everything counts: whose it is, for whom, and that Google vouches for the address.
"""

from chalicelib.core import google_settings
from chalicelib.core.errors import Unauthenticated
from chalicelib.core.google_settings import NotConnected
from chalicelib.core.house import House
from chalicelib.platforms import key_ring, signed_token
from chalicelib.platforms.google import hosts, service_account
from chalicelib.platforms.key_ring import Issuer
from chalicelib.platforms.signed_token import SignedToken

ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
KEYS_PATH = "/oauth2/v3/certs"
LONGEST_TOKEN = 8 * 1024
SKEW = 60  # seconds of clock difference that we bear
REFUSAL = "This was not pushed by the Pub/Sub subscription that Muster knows."
EXPIRED = "The token of this push is not valid now; check the clock."
CLOSED = "Muster is not connected to Google: it takes no pushes."
AWAY = "Google's signing keys cannot be fetched at the moment; push again later."


def verify(house: House, authorization: str) -> None:
    """`authorization` is the header. Unauthenticated, Unavailable (push again). Keys are needed last of all."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated(REFUSAL)
    token = signed_token.read(encoded, LONGEST_TOKEN, REFUSAL)
    _check(house, token)
    if token.text("email") != _pusher(house):
        raise Unauthenticated(REFUSAL)
    url = hosts.address(house.settings, hosts.KEYS, KEYS_PATH)
    issuer = Issuer(url, house.settings.google_trust, AWAY, REFUSAL)
    token.prove(key_ring.ring(house).key(issuer, token.key_id))


def _check(house: House, token: SignedToken) -> None:
    """What can be told without asking anybody."""
    if token.text("iss") not in ISSUERS or token.text("aud") != google_settings.audience(house):
        raise Unauthenticated(REFUSAL)
    if token.claims.get("email_verified") is not True:
        raise Unauthenticated(REFUSAL)
    now = house.clock()
    if token.moment("iat") - SKEW > now or token.moment("nbf", 0) - SKEW > now or token.moment("exp") + SKEW <= now:
        raise Unauthenticated(EXPIRED)


def _pusher(house: House) -> str:
    try:
        return service_account.connection(house).push_email
    except NotConnected:
        raise Unauthenticated(CLOSED) from None
