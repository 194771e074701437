"""How a PC comes in: a code as the password, a signed-in person's token, an Entra token. All end in an invitation.

MS-MDE2 §3.3.4 and §3.4.4 (OnPremise, Federated); the token types are those of the security header.
"""

import re

from chalicelib.core import ids, invitations, windows_settings
from chalicelib.core.errors import BadRequest, Unauthenticated
from chalicelib.core.house import House
from chalicelib.core.windows_settings import EntraRules
from chalicelib.model.secret import Secret
from chalicelib.platforms.windows import entra, soap
from chalicelib.platforms.windows.entra import Joiner
from chalicelib.platforms.windows.faults import NotSupported
from chalicelib.platforms.windows.soap import Binary, InvalidSecurity, Password, Token

SIGNED_IN = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken"
JWT = "urn:ietf:params:oauth:token-type:jwt"
WRONG_CODE = "The password is not the code of an invitation; type the 26 characters of the invitation."
ENTRA_CLOSED = (
    "Enrollment with Entra is closed here: an administrator has to name the tenant and the application first; "
    "an invitation works."
)
_CODE = re.compile("[0-9a-hjkmnp-tv-z]{26}")


def check(house: House, token: Token) -> None:
    """Whether the token would buy a certificate; nothing is consumed. Unauthenticated, NotFound, Gone, NotSupported."""
    if _is_entra(token):
        _join(house, token)
    else:
        invitations.open_invitation(house, _code(token).reveal())


def redeem(house: House, token: Token) -> Secret[str]:
    """The code of the invitation that the token stands for. An Entra token buys its own, the same one each time."""
    if not _is_entra(token):
        return _code(token)
    joiner, rules = _join(house, token)
    code = ids.code_from(joiner.seed.reveal())
    return invitations.for_person(
        house,
        f"entra:{joiner.object_id}",
        joiner.name,
        ownership=rules.ownership,
        groups=rules.groups,
        note="Entra join",
        code=code,
    )


def _is_entra(token: Token) -> bool:
    return isinstance(token, Binary) and token.value_type == JWT


def _code(token: Token) -> Secret[str]:
    """Of the right form, which costs no read to know. Whoever reads a code aloud puts in blanks and hyphens."""
    text = token.password.reveal() if isinstance(token, Password) else _signed_in(token)
    code = re.sub(r"[\s-]", "", text).lower()
    if not _CODE.fullmatch(code):
        raise Unauthenticated(WRONG_CODE)
    return Secret(code)


def _signed_in(token: Binary) -> str:
    """What our sign-in page gave the client as `wresult`, which comes back in base64."""
    if token.value_type != SIGNED_IN:
        raise InvalidSecurity("The token is of a type that Muster does not know.")
    return _text(token)


def _text(token: Binary) -> str:
    try:
        return soap.decode(token.value.reveal()).decode("ascii")
    except (BadRequest, UnicodeDecodeError) as error:
        raise InvalidSecurity("The token cannot be read.") from error


def _join(house: House, token: Token) -> tuple[Joiner, EntraRules]:
    from chalicelib.platforms.windows import entra_keys

    text = _text(token) if isinstance(token, Binary) else ""
    rules = windows_settings.entra_rules(house)
    if not (rules.tenants and rules.audiences):
        raise NotSupported(ENTRA_CLOSED)
    key_of = entra_keys.key_of(house)
    return entra.verify(text, rules, house.settings.entra_url, key_of, house.clock()), rules
